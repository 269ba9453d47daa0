import { readFileSync } from 'node:fs'
import {
  getNamedType,
  graphqlSync,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  parse,
  validate,
  type GraphQLInputObjectType,
} from 'graphql'
import { oneOfInputs } from '@lakelens/schemas'
import { readExamples } from '../examples'
import { generated } from '../generate'
import { onlyOperation } from '../testing/onlyOperation'
import { operationFault, operationLimits } from './limits'
import { lakeSchema } from './schema'

test.each(Object.entries(generated()).map(([path, text]) => [path.split('/').slice(-2).join('/'), path, text]))(
  '%s is fresh',
  (_name, path, text) => {
    expect(readFileSync(path as string, 'utf8')).toBe(text)
  },
)

test('every type, field, argument, input field and enum value says what it is', () => {
  const missing: string[] = []
  for (const type of Object.values(lakeSchema().getTypeMap())) {
    if (
      isIntrospectionType(type) ||
      ['String', 'Int', 'Float', 'Boolean', 'ID', 'Query', 'Mutation', 'Subscription'].includes(type.name)
    )
      continue
    if (!type.description) missing.push(type.name)
  }
  for (const type of Object.values(lakeSchema().getTypeMap())) {
    if (isIntrospectionType(type)) continue
    if (isObjectType(type) || isInterfaceType(type)) {
      for (const field of Object.values(type.getFields())) {
        if (!field.description) missing.push(`${type.name}.${field.name}`)
        for (const argument of field.args)
          if (!argument.description) missing.push(`${type.name}.${field.name}(${argument.name})`)
      }
    }
    if (isInputObjectType(type))
      for (const field of Object.values(type.getFields()))
        if (!field.description) missing.push(`${type.name}.${field.name}`)
    if (isEnumType(type))
      for (const value of type.getValues()) if (!value.description) missing.push(`${type.name}.${value.name}`)
  }
  expect(missing).toEqual([])
})

test('mutations take one input and answer with a payload of their own that has userErrors', () => {
  for (const field of Object.values(lakeSchema().getMutationType()?.getFields() ?? {})) {
    const name = field.name[0]?.toUpperCase() + field.name.slice(1)
    expect(field.args.map((argument) => `${argument.name}: ${String(argument.type)}`)).toEqual([`input: ${name}Input!`])
    expect(String(field.type)).toBe(`${name}Payload!`)
    const payload = getNamedType(field.type)
    expect(isObjectType(payload) && String(payload.getFields()['userErrors']?.type)).toBe('[UserError!]!')
  }
})

test.each(oneOfInputs)('%s is a oneOf input, to introspection too', (name) => {
  expect((lakeSchema().getType(name) as GraphQLInputObjectType).isOneOf).toBe(true)
  const answer = graphqlSync({ schema: lakeSchema(), source: `{ __type(name: "${name}") { isOneOf } }` })
  expect(answer.data).toMatchObject({ __type: { isOneOf: true } })
})

test('the defaults of the chapter are in the schema', () => {
  const { inputResolution, confidenceThreshold, modelId, inferencePlatform } = (
    lakeSchema().getType('AutoTagInput') as GraphQLInputObjectType
  ).getFields()
  expect(
    [inputResolution, confidenceThreshold, modelId, inferencePlatform].map((field) => field?.defaultValue as unknown),
  ).toEqual([{ width: 300, height: 300 }, 0.5, 'default', 'USE_ENV'])
})

describe('the example operations', () => {
  test('are valid, documented and within the limits', async () => {
    const examples = await readExamples()
    expect(examples.length).toBeGreaterThan(10)
    for (const { name, document, variables } of examples) {
      const parsed = parse(document, { maxTokens: operationLimits.maxTokens })
      expect([name, ...validate(lakeSchema(), parsed).map((error) => error.message)]).toEqual([name])
      expect(document).toMatch(/^# \S/)
      const values = JSON.parse(variables ?? '{}') as Record<string, unknown>
      expect(operationFault(lakeSchema(), parsed, onlyOperation(parsed), values)).toBeNull()
      const required = onlyOperation(parsed).variableDefinitions?.filter(
        (definition) => definition.type.kind === 'NonNullType' && !definition.defaultValue,
      )
      expect([name, ...Object.keys(values).sort()]).toEqual([
        name,
        ...(required ?? []).map((definition) => definition.variable.name.value).sort(),
      ])
    }
  })

  test('use every operation there is', async () => {
    const text = (await readExamples()).map((example) => example.document).join('\n')
    const roots = [lakeSchema().getQueryType(), lakeSchema().getMutationType(), lakeSchema().getSubscriptionType()]
    const fields = roots.flatMap((type) => Object.keys(type?.getFields() ?? {}))
    const unused = fields.filter((field) => !new RegExp(`\\b${field}\\b`).test(text))
    expect(unused).toEqual(
      ['collection', 'item', 'job', 'model', 'node', 'createApiKey', 'revokeApiKey'].filter((field) =>
        unused.includes(field),
      ),
    )
  })
})
