import { insertItems, touchBlob } from '@lakelens/db'
import { useDatabase } from '@lakelens/db/testing'
import { useGateway } from './testing/testGateway'

const database = useDatabase()
const gateway = useGateway({ LAKELENS_ROLES: 'api,worker' }, database)

const run = <T>(query: string, variables?: Record<string, unknown>): Promise<T> => gateway().run<T>(query, variables)

interface Refusal {
  code: string
  reason?: string
  path: string[]
}
interface Deleted {
  job: { id: string; jobType: string; status: string } | null
  plan: { items: number; annotations: number; bytes: number; warnings: string[] } | null
  userErrors: Refusal[]
}
const deletion = 'job { id jobType status } plan { items annotations bytes warnings } userErrors { code path }'
const deleteItems = async (input: Record<string, unknown>): Promise<Deleted> =>
  (
    await run<{ deleteItems: Deleted }>(
      `mutation ($input: DeleteItemsInput!) { deleteItems(input: $input) { ${deletion} } }`,
      { input },
    )
  ).deleteItems
const deleteCollection = async (input: Record<string, unknown>): Promise<Deleted> =>
  (
    await run<{ deleteCollection: Deleted }>(
      `mutation ($input: DeleteCollectionInput!) { deleteCollection(input: $input) { ${deletion} } }`,
      { input },
    )
  ).deleteCollection

async function ended(id: string): Promise<{ status: string; counts: { succeeded: number } }> {
  for (const deadline = Date.now() + 15_000; Date.now() < deadline;) {
    const { job } = await run<{ job: { status: string; counts: { succeeded: number } } }>(
      'query ($id: ID!) { job(id: $id) { status counts { succeeded } } }',
      { id },
    )
    if (!['QUEUED', 'IN_PROGRESS'].includes(job.status)) return job
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`job ${id} did not end`)
}

let collectionId: string
beforeAll(async () => {
  const { createCollection } = await run<{ createCollection: { collection: { id: string; metadata: unknown } } }>(
    `mutation { createCollection(input: { name: "lakes", contentType: IMAGE, metadata: { place: "Riga" }, tags: ["water"] }) {
       collection { id metadata } } }`,
  )
  collectionId = createCollection.collection.id
  expect(createCollection.collection.metadata).toEqual({ place: 'Riga', Tags: ['water'] })
  const digest = 'b'.repeat(64)
  await touchBlob(database(), { digest, byteSize: 9 })
  const own = Buffer.from(collectionId, 'base64url').toString().replace('Collection:', '')
  await insertItems(
    database(),
    Array.from({ length: 20 }, (_, n) => ({
      collectionId: own,
      uniqueName: `lakes_${n}`,
      name: `${n}`,
      contentType: 'IMAGE' as const,
      mediaType: 'image/png',
      digest,
      byteSize: 9,
      width: 1,
      height: 1,
      thumbnailDigest: null,
      metadata: { n },
      tags: ['Water'],
    })),
    'test',
  )
})

test('what people say of items is edited in place, and told with its tags', async () => {
  const edit = `mutation ($input: UpdateItemMetadataInput!) {
    updateItemMetadata(input: $input) { items { uniqueName metadata customTags } userErrors { code path } } }`
  const { updateItemMetadata } = await run<{ updateItemMetadata: unknown }>(edit, {
    input: {
      uniqueNames: ['lakes_1', 'lakes_0'],
      metadata: { n: null, depth: 12.5 },
      addTags: ['deep'],
      removeTags: ['x'],
    },
  })
  expect(updateItemMetadata).toEqual({
    items: ['lakes_1', 'lakes_0'].map((uniqueName) => ({
      uniqueName,
      metadata: { depth: 12.5, Tags: ['Water', 'deep'] },
      customTags: ['Water', 'deep'],
    })),
    userErrors: [],
  })
  for (const [input, code, path] of [
    [{ uniqueNames: ['lakes_0', 'nobody'] }, 'NOT_FOUND', ['uniqueNames']],
    [{ uniqueNames: ['lakes_0'], metadata: { a: { b: '\u0000' } } }, 'INVALID_INPUT', ['metadata', 'a', 'b']],
    [{ uniqueNames: ['lakes_0'], addTags: ['ok', ''] }, 'INVALID_INPUT', ['addTags', '1']],
  ]) {
    const refused = await run<{ updateItemMetadata: { items: unknown[]; userErrors: Refusal[] } }>(edit, { input })
    expect(refused.updateItemMetadata).toEqual({ items: [], userErrors: [{ code, path }] })
  }
})

test('a literal in the document is metadata as well as a variable', async () => {
  const { updateCollection } = await run<{ updateCollection: { collection: { metadata: unknown } } }>(
    `mutation ($id: ID!) { updateCollection(input: { collectionId: $id, metadata: { depth: { max: 3, of: [1, null, "x"] } }, removeTags: "WATER" }) {
       collection { metadata } userErrors { message } } }`,
    { id: collectionId },
  )
  expect(updateCollection.collection.metadata).toEqual({ place: 'Riga', depth: { max: 3, of: [1, null, 'x'] } })
})

test('a dry run, a refusal, a list of items, and the collection with the rest', async () => {
  const scope = { collectionId }
  expect(await deleteItems({ scope, dryRun: true })).toEqual({
    job: null,
    plan: { items: 20, annotations: 0, bytes: 9, warnings: [] },
    userErrors: [],
  })
  expect(await deleteItems({ scope: { metalake: { contentType: 'IMAGE' } } })).toMatchObject({
    job: null,
    userErrors: [{ code: 'INVALID_INPUT', path: ['confirmEverything'] }],
  })
  const { job } = await deleteItems({ scope: { uniqueNames: ['lakes_0', 'lakes_1'] } })
  expect(job).toMatchObject({ jobType: 'DELETE' })
  expect(await ended(job?.id ?? '')).toMatchObject({ status: 'COMPLETED', counts: { succeeded: 2 } })
  expect(await run('{ item(uniqueName: "lakes_0") { id } }')).toEqual({ item: null })

  const gone = await deleteCollection({ collectionId, idempotencyKey: 'once' })
  expect(await ended(gone.job?.id ?? '')).toMatchObject({ status: 'COMPLETED', counts: { succeeded: 18 } })
  expect(await run('query ($id: ID!) { collection(id: $id) { id } }', { id: collectionId })).toEqual({
    collection: null,
  })
  expect((await deleteCollection({ collectionId, idempotencyKey: 'once' })).job?.id).toBe(gone.job?.id)
  expect(await deleteCollection({ collectionId })).toMatchObject({
    job: null,
    userErrors: [{ code: 'NOT_FOUND', path: ['collectionId'] }],
  })
})
