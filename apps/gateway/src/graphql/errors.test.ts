import { useDatabase } from '@lakelens/db/testing'
import { useGateway } from '../testing/testGateway'
import { encodeId } from './globalId'
import { operationLimits } from './limits'

const database = useDatabase()
const gateway = useGateway({}, database)

const secret = 'hunter2-do-not-echo'
const createCollection = (name: string) =>
  gateway().graphql({
    query: `mutation ($input: CreateCollectionInput!) { createCollection(input: $input) {
      collection { id name itemCount } userErrors { __typename code reason message path ... on NotSupportedError { field } } } }`,
    variables: { input: { name, contentType: 'IMAGE' } },
  })

describe('expected problems are typed and carry their facts', () => {
  test('a name that is taken', async () => {
    expect((await createCollection('taken')).json.data.createCollection).toMatchObject({
      collection: { name: 'taken', itemCount: 0 },
      userErrors: [],
    })
    const { createCollection: again } = (await createCollection('taken')).json.data
    expect(again.collection).toBeNull()
    expect(again.userErrors).toMatchObject([
      { __typename: 'InvalidInputError', code: 'ALREADY_EXISTS', reason: 'COLLECTION_EXISTS', path: ['name'] },
    ])
  })

  const run = async (mutation: string, input: Record<string, unknown>) => {
    const type = mutation === 'autoTag' ? 'AutoTagInput' : 'EmbeddingsInput'
    const query = `mutation ($input: ${type}!) { ${mutation}(input: $input) { job { id } userErrors { __typename code reason message path
      ... on NotFoundError { suggestions } ... on ModelApplicationError { expected actual } ... on BatchTooLargeError { limit received } ... on NotSupportedError { field } } } }`
    const { json } = await gateway().graphql({ query, variables: { input } })
    expect(json.errors).toBeUndefined()
    expect(json.data[mutation].job).toBeNull()
    expect(json.data[mutation].userErrors).toHaveLength(1)
    return json.data[mutation].userErrors[0]
  }
  const scope = { uniqueNames: ['taken_a.jpg'] }

  test.each([['inferencePlatform', { inferencePlatform: 'AWS' }, ['inferencePlatform']]])(
    '%s is not supported yet, and says so by name',
    async (field, part, path) => {
      for (const mutation of ['autoTag', 'embeddings']) {
        expect(await run(mutation, { scope, ...part })).toMatchObject({
          __typename: 'NotSupportedError',
          code: 'NOT_SUPPORTED',
          field,
          path,
        })
      }
    },
  )

  test('an unknown model has suggestions; one for something else says for what', async () => {
    expect(await run('autoTag', { scope, modelId: 'tiny-detectr' })).toMatchObject({
      __typename: 'NotFoundError',
      code: 'NOT_FOUND',
      path: ['modelId'],
      suggestions: expect.arrayContaining(['tiny-detector']) as unknown,
    })
    expect(await run('autoTag', { scope, modelId: 'tiny-embedder' })).toMatchObject({
      __typename: 'ModelApplicationError',
      expected: 'AUTO_TAGGING',
      actual: 'EMBEDDING',
      path: ['modelId'],
    })
  })

  test('an id of something else, and more names than fit', async () => {
    expect(await run('autoTag', { scope: { collectionId: encodeId('Job', '1') } })).toMatchObject({
      __typename: 'NotFoundError',
      reason: 'ID_UNKNOWN',
      path: ['scope', 'collectionId'],
    })
    const uniqueNames = Array.from({ length: 1_001 }, (_, i) => `n${i}`)
    expect(await run('embeddings', { scope: { uniqueNames } })).toMatchObject({
      __typename: 'BatchTooLargeError',
      limit: 1_000,
      received: 1_001,
    })
  })

  test('a threshold out of range', async () => {
    expect(await run('autoTag', { scope, confidenceThreshold: 1.5 })).toMatchObject({
      code: 'INVALID_INPUT',
      path: ['confidenceThreshold'],
    })
  })
})

describe('oneOf', () => {
  const autoTag = (scope: unknown) =>
    gateway().graphql({
      query: 'mutation ($input: AutoTagInput!) { autoTag(input: $input) { userErrors { code } } }',
      variables: { input: { scope } },
    })

  test.each([
    ['two keys', { collectionId: 'x', uniqueNames: ['y'] }],
    ['no key', {}],
    ['a null', { collectionId: null }],
  ])('%s is refused before anything runs', async (_name, scope) => {
    const { status, json } = await autoTag(scope)
    expect(status).toBe(400)
    expect(json.errors[0].extensions.code).toBe('BAD_USER_INPUT')
  })

  test('as a literal too', async () => {
    const { json } = await gateway().graphql(
      'mutation { autoTag(input: { scope: { collectionId: "x", uniqueNames: ["y"] } }) { userErrors { code } } }',
    )
    expect(json.errors[0].extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
  })
})

describe('what goes wrong says nothing of what was sent or of the inside', () => {
  test.each([
    [
      'a variable of another type',
      'mutation ($input: CreateCollectionInput!) { createCollection(input: $input) { userErrors { code } } }',
      { input: { name: { secret }, contentType: 'IMAGE' } },
    ],
    [
      'a value that is no enum',
      'mutation ($input: CreateCollectionInput!) { createCollection(input: $input) { userErrors { code } } }',
      { input: { name: 'x', contentType: secret } },
    ],
    [
      'a field of no type',
      'mutation ($input: CreateCollectionInput!) { createCollection(input: $input) { userErrors { code } } }',
      { input: { name: 'x', contentType: 'IMAGE', [secret]: 1 } },
    ],
    [
      'a date',
      'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { keyId } }',
      { input: { name: 'x', role: 'VIEWER', expiresAt: secret } },
    ],
    ['a literal', `{ items(first: "${secret}") { totalCount } }`, {}],
    ['a syntax error', `{ items(first: "${secret}" "${secret}") `, {}],
  ])('%s', async (_name, query, variables) => {
    const { status, text, json } = await gateway().graphql({ query, variables })
    expect(status).toBe(400)
    expect(json.errors.length).toBeGreaterThan(0)
    expect(text).not.toContain('hunter2')
    expect(text).not.toMatch(/stack|node_modules|\.ts:\d/)
  })

  test('a fault of ours is a sentence and a request id', async () => {
    await database().query('alter table collection rename to collection_gone')
    try {
      const { json, text } = await gateway().graphql('{ collections { nodes { name } } }')
      expect(json.errors).toEqual([
        {
          message: expect.stringContaining('unforeseen') as unknown,
          path: ['collections'],
          locations: expect.anything() as unknown,
          extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: expect.any(String) as unknown },
        },
      ])
      expect(text).not.toMatch(/relation|collection_gone|select/)
    } finally {
      await database().query('alter table collection_gone rename to collection')
    }
  })
})

describe('limits', () => {
  test.each([
    ['{ items(first: 101) { totalCount } }', 'PAGE_TOO_LARGE'],
    ['{ items(first: -1) { totalCount } }', 'PAGE_ARGUMENTS'],
    ['{ items(first: 5, last: 5) { totalCount } }', 'PAGE_ARGUMENTS'],
    ['{ items(after: "nonsense") { totalCount } }', 'PAGE_ARGUMENTS'],
  ])('%s is an error, not a clamp', async (query, reason) => {
    const { json } = await gateway().graphql(query)
    expect(json.errors[0].extensions).toMatchObject({ code: 'BAD_USER_INPUT', reason })
  })

  test('the last page can be asked for without saying `first`', async () => {
    const { json } = await gateway().graphql(
      '{ collections(last: 1) { nodes { name } pageInfo { hasPreviousPage hasNextPage } } }',
    )
    expect(json.errors).toBeUndefined()
    expect(json.data.collections.nodes).toHaveLength(1)
  })

  test('a document of too many tokens, or of too much work, is refused', async () => {
    const tokens = await gateway().graphql(`{ ${'__typename '.repeat(operationLimits.maxTokens)} }`)
    expect([tokens.status, tokens.json.errors[0].extensions.code]).toEqual([400, 'GRAPHQL_PARSE_FAILED'])
    const deep = await gateway().graphql(
      `{ item(uniqueName: "a") { ${'tags { job { failures { nodes { item { '.repeat(3)} id ${'}'.repeat(15)} } }`,
    )
    expect([deep.status, deep.json.errors[0].extensions.code]).toEqual([400, 'OPERATION_TOO_LARGE'])
  })

  test.each([
    ['fields', '{ a '.repeat(2_900) + '}'.repeat(2_900)],
    ['lists', `{ node(id: ${'['.repeat(2_900)}${']'.repeat(2_900)}) { id } }`],
    ['objects', `{ node(id: ${'{a:'.repeat(1_400)}1${'}'.repeat(1_400)}) { id } }`],
  ])('brackets inside each other are refused before they are parsed: %s', async (_name, query) => {
    const { status, json } = await gateway().graphql(query)
    expect([status, json.errors[0].extensions.code]).toEqual([400, 'OPERATION_TOO_LARGE'])
  })

  test('a document at the limit is answered in a moment', async () => {
    const started = performance.now()
    await gateway().graphql(`{ ${'__typename '.repeat(operationLimits.maxTokens - 10)} }`)
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})

describe('global ids', () => {
  test('what nobody gave out finds nothing', async () => {
    const ids = [
      '',
      'x',
      '1',
      encodeId('Item', '999'),
      encodeId('Item', '1; drop table item'),
      encodeId('Collection', '9'.repeat(30)),
      `${encodeId('Item', '1')}=`,
      'a'.repeat(5_000),
    ]
    for (const id of ids) {
      const { json } = await gateway().graphql({
        query: 'query ($id: ID!) { node(id: $id) { id } collection(id: $id) { id } job(id: $id) { id } }',
        variables: { id },
      })
      expect(json).toEqual({ data: { node: null, collection: null, job: null } })
    }
  })

  test('an object is found again by its id, as its own type', async () => {
    const { id } = (await createCollection('nodes')).json.data.createCollection.collection
    const { json } = await gateway().graphql({
      query: 'query ($id: ID!) { node(id: $id) { __typename id ... on Collection { name } } }',
      variables: { id },
    })
    expect(json).toEqual({ data: { node: { __typename: 'Collection', id, name: 'nodes' } } })
    const model = await gateway().graphql('{ model(modelId: "tiny-embedder") { id } }')
    const again = await gateway().graphql({
      query: 'query ($id: ID!) { node(id: $id) { ... on Model { modelId } } }',
      variables: { id: model.json.data.model.id },
    })
    expect(again.json.data.node).toEqual({ modelId: 'tiny-embedder' })
  })
})
