import type { MetadataTest } from './itemPredicate'
import type { Parameters } from './parameters'

/** The condition on `i.metadata`. Equality is containment of whole documents, which the GIN index serves. */
export function metadataWhere(path: readonly string[], test: MetadataTest, parameters: Parameters): string {
  if (test.op === 'in') {
    const documents = test.scalars.flatMap((scalar) => [nested(path, scalar), nested(path, [scalar])])
    return `i.metadata @> any (${parameters.add(
      documents.map((document) => JSON.stringify(document)),
      'jsonb[]',
    )})`
  }
  return `exists (select from jsonb_array_elements(${scalarsAt(path, parameters)}) as part (scalar) where ${scalarWhere(test, parameters)})`
}

// By `->` with a text, which finds keys of objects only: `#>` would take "0" for the first element of a list.
function scalarsAt(path: readonly string[], parameters: Parameters): string {
  const at = `(i.metadata${path.map((key) => ` -> ${parameters.add(key, 'text')}`).join('')})`
  return `case jsonb_typeof(${at}) when 'array' then ${at} else jsonb_build_array(${at}) end`
}

function scalarWhere(test: Exclude<MetadataTest, { op: 'in' }>, parameters: Parameters): string {
  if (test.op === 'like') {
    return `jsonb_typeof(scalar) in ('string', 'number', 'boolean') and lower(scalar #>> '{}') like lower(${parameters.add(test.pattern, 'text')})`
  }
  // Numbers are compared as JSON, which needs no cast that could fail on the rest.
  if (typeof test.value === 'number')
    return `jsonb_typeof(scalar) = 'number' and scalar ${test.op} ${parameters.add(JSON.stringify(test.value), 'jsonb')}`
  return `jsonb_typeof(scalar) = 'string' and (scalar #>> '{}') collate "C" ${test.op} ${parameters.add(test.value, 'text')}`
}

/** {a: {b: value}} for the path a, b. `__proto__` is a key like any other here. */
const nested = (path: readonly string[], value: unknown): unknown =>
  path.reduceRight<unknown>((inner, key) => Object.fromEntries([[key, inner]]), value)
