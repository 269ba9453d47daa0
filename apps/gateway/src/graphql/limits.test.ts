import { parse } from 'graphql'
import { onlyOperation } from '../testing/onlyOperation'
import { operationFault, operationLimits } from './limits'
import { lakeSchema } from './schema'

const faultOf = (text: string, variables = {}): string | undefined => {
  const document = parse(text)
  return operationFault(lakeSchema(), document, onlyOperation(document), variables)?.message
}

// 3 fields a level, and a last one: the failures of the job of a tag, and again.
const nested = (levels: number): string =>
  levels === 0 ? 'id' : `tags { job { failures(first: 1) { nodes { item { ${nested(levels - 1)} } } } } }`

test('depth is limited to ten, also through fragments', () => {
  const item = (inner: string) => `{ item(uniqueName: "a") { ${inner} } }`
  expect(faultOf(item(nested(1)))).toBeUndefined()
  expect(faultOf(item(nested(2)))).toContain('depth of 12')
  expect(faultOf(`{ item(uniqueName: "a") { ...F } } fragment F on Item { ${nested(2)} }`)).toContain('depth of 12')
  expect(faultOf(item(`... on Item { ${nested(2)} }`))).toContain('depth of 12')
})

test('introspection has a limit of its own, and is no depth', () => {
  expect(
    faultOf(
      '{ __schema { types { fields { args { type { ofType { ofType { ofType { ofType { ofType { name } } } } } } } } } } }',
    ),
  ).toBeUndefined()
})

test('aliases are limited over the whole document', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `a${i}: viewer { name }`).join(' ')
  expect(faultOf(`{ ${many(operationLimits.maxAliases)} }`)).toBeUndefined()
  expect(faultOf(`{ ${many(operationLimits.maxAliases + 1)} }`)).toContain('aliases')
  expect(faultOf(`{ ...F } fragment F on Query { ${many(operationLimits.maxAliases + 1)} }`)).toContain('aliases')
})

const everything = (outer: string, inner: string) =>
  `query Q($n: Int = 100) { models(first: ${outer}) { nodes { versions(first: ${inner}) { nodes { id version sha256 status runtime origin license byteSize inputs { name } } } } } }`

test('cost counts how often lists repeat their fields, wherever the size is written', () => {
  expect(
    faultOf(
      '{ items(first: 100) { nodes { uniqueName tags { label } annotations(first: 20) { nodes { label confidence box { x y width height } } } } } }',
    ),
  ).toBeUndefined()
  expect(faultOf(everything('100', '100'))).toContain('cost')
  expect(faultOf(everything('$n', '$n'))).toContain('cost')
  expect(faultOf(everything('$n', '$n'), { n: 5 })).toBeUndefined()
  expect(faultOf(everything('$n', '$n'), { n: 1e300 })).toContain('cost')
  // Without a size the default one counts, also where the fields stand in a fragment.
  const one = 'nodes { versions { nodes { id version sha256 status runtime origin license } } }'
  expect(faultOf(`{ models { ...M } } fragment M on ModelConnection { ${Array(50).fill(one).join(' ')} }`)).toContain(
    'cost',
  )
})

test('fragments that spread fragments are measured in linear time', () => {
  const levels = 25
  const fragments = Array.from(
    { length: levels },
    (_, i) => `fragment F${i} on Query { ${i + 1 < levels ? `...F${i + 1} ...F${i + 1}` : '__typename'} }`,
  )
  const started = performance.now()
  expect(faultOf(`{ ...F0 } ${fragments.join(' ')}`)).toContain('cost')
  expect(performance.now() - started).toBeLessThan(1_000)
})
