import { useDatabase } from '@lakelens/db/testing'
import { useGateway } from '../testing/testGateway'
import { encodeId } from './globalId'

const database = useDatabase()
const gateway = useGateway({}, database)
const collections: Record<string, string> = {}

beforeAll(async () => {
  const db = database()
  await db.query(`insert into blob (digest, byte_size) values (repeat('a', 64), 1)`)
  const { rows } = await db.query<{ id: string; name: string }>(
    `insert into collection (name, content_type, created_by) values ('birds', 'IMAGE', 'test'), ('others', 'IMAGE', 'test') returning id, name`,
  )
  for (const { id, name } of rows) collections[name] = id
  await db.query(
    `insert into item (collection_id, unique_name, name, content_type, media_type, digest, byte_size, metadata, created_by, created_at)
     select $1, 'birds_' || n, n::text, 'IMAGE', 'image/png', repeat('a', 64), 10 - n, jsonb_build_object('Captured Location', 'Winnipeg'), 'test',
       timestamptz '2026-01-01' + n * interval '1 day' from generate_series(1, 3) n`,
    [collections['birds']],
  )
  await db.query(
    `insert into annotation (item_id, label, source, kind) select id, 'bird', 'HUMAN', 'BOX' from item where name <> '3'`,
  )
})

const ask = async (query: string, variables: Record<string, unknown> = {}) =>
  (await gateway().graphql({ query, variables })).json

test('items by query, filter and order; counted when asked', async () => {
  const { data } = await ask(
    `{ items(query: "annotation.label=Bird", filter: { fromDate: "2026-01-03" }) { totalCount nodes { name } }
       smallest: items(orderBy: { field: SIZE, direction: ASC }, first: 1) { nodes { name } }
       latest: items(query: "date>=2026-01-01", orderBy: { field: UPDATED_AT, direction: DESC }, last: 1) { totalCount } }`,
  )
  expect(data).toEqual({
    items: { totalCount: 1, nodes: [{ name: '2' }] },
    smallest: { nodes: [{ name: '3' }] },
    latest: { totalCount: 3 },
  })
})

test('items of a collection by query and filter, page by page', async () => {
  const of = (name: string) => encodeId('Collection', collections[name] ?? '')
  const page = `query ($id: ID!, $after: String) { collection(id: $id) {
    items(query: "annotation.type=human", filter: { toDate: "2026-01-03" }, first: 1, after: $after) {
      totalCount nodes { name } pageInfo { hasNextPage endCursor } } } }`
  const first = (await ask(page, { id: of('birds') })).data.collection.items
  expect(first).toMatchObject({ totalCount: 2, nodes: [{ name: '2' }], pageInfo: { hasNextPage: true } })
  const second = (await ask(page, { id: of('birds'), after: first.pageInfo.endCursor })).data.collection.items
  expect(second).toMatchObject({ nodes: [{ name: '1' }], pageInfo: { hasNextPage: false } })
  expect((await ask(page, { id: of('others') })).data.collection.items.totalCount).toBe(0)
})

test('a wrong query says where, in a list and in a run', async () => {
  const { errors } = await ask('{ items(query: "annotation.lable=a") { totalCount } }')
  expect(errors[0]).toMatchObject({
    extensions: {
      code: 'BAD_USER_INPUT',
      reason: 'QUERY_UNKNOWN_FIELD',
      position: 0,
      expected: ['annotation.label', 'tag.label'],
    },
  })
  const run = async (input: object) =>
    (
      await ask(
        `mutation ($input: AutoTagInput!) { autoTag(input: $input) { job { id } userErrors { __typename code reason path
           ... on QuerySyntaxError { position expected } ... on LimitExceededError { limit } } } }`,
        { input: { scope: { metalake: { contentType: 'IMAGE' } }, ...input } },
      )
    ).data.autoTag.userErrors
  expect(await run({ query: 'annotation.label=' })).toEqual([
    {
      __typename: 'QuerySyntaxError',
      code: 'QUERY_SYNTAX',
      reason: 'QUERY_SYNTAX',
      path: ['query'],
      position: 17,
      expected: ['a value'],
    },
  ])
  expect(await run({ query: 'lable=a' })).toMatchObject([
    { __typename: 'QuerySyntaxError', code: 'QUERY_UNKNOWN_FIELD', position: 0 },
  ])
  expect(await run({ query: `metadata.x=${'y'.repeat(4_000)}` })).toMatchObject([
    { __typename: 'LimitExceededError', code: 'LIMIT_EXCEEDED', limit: 4_000, path: ['query'] },
  ])
  expect(await run({ filter: { fromDate: '2026-02-01', toDate: '2026-01-01' } })).toMatchObject([
    { code: 'INVALID_INPUT', reason: 'FILTER_RANGE', path: ['filter', 'toDate'] },
  ])
})

test('validateQuery over the API', async () => {
  const validate = async (query: string) =>
    (
      await ask(
        `query ($query: String!) { validateQuery(query: $query, filter: { annotationTypes: [HUMAN] }) {
           ok normalized matched warnings errors { __typename code reason message position expected } } }`,
        { query },
      )
    ).data.validateQuery
  expect(await validate('ITEM.width != 7')).toEqual({
    ok: true,
    normalized: 'item.width!=7',
    matched: 2,
    warnings: [],
    errors: [],
  })
  expect(await validate('item.width~7 AND item.hight=1')).toMatchObject({
    ok: false,
    normalized: null,
    matched: null,
    errors: [
      { __typename: 'QuerySyntaxError', code: 'QUERY_SYNTAX', reason: 'QUERY_OPERATOR', position: 10 },
      { code: 'QUERY_UNKNOWN_FIELD', position: 17, expected: ['item.height'] },
    ],
  })
  expect((await validate(`metadata.x=${'y'.repeat(4_000)}`)).errors).toMatchObject([
    { __typename: 'QuerySyntaxError', code: 'LIMIT_EXCEEDED', position: 4_000, expected: [] },
  ])
})

test('queryFields over the API', async () => {
  const { data } = await ask(
    `query ($scope: ScopeInput) { queryFields(prefix: "metadata.Ca", scope: $scope) { path valueType operators examples } }`,
    { scope: { collectionId: encodeId('Collection', collections['birds'] ?? '') } },
  )
  expect(data.queryFields).toEqual([
    {
      path: 'metadata.Captured Location',
      valueType: 'ANY',
      operators: ['=', '!=', '~', '<', '<=', '>', '>=', 'in', 'not in'],
      examples: ['Winnipeg'],
    },
  ])
})
