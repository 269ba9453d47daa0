import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { useDatabase } from '@lakelens/db/testing'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { ask, useGateway } from './testing/testGateway'

const database = useDatabase()
const gateway = useGateway(
  { LAKELENS_ROLES: 'api,worker', INFERENCE_URL: '', INFERENCE_PORT: '0', INFERENCE_THREADS: '1' },
  database,
)
const pictures = join(__dirname, '..', '..', '..', 'examples', 'pictures')

const run = <T>(query: string, variables?: Record<string, unknown>): Promise<T> => gateway().run<T>(query, variables)

interface Progress {
  seq: number
  status: string
  progress: number
  counts: { total: number; succeeded: number; skipped: number; failed: number }
}

/** Every event of a job to its end, as a client library receives them. */
async function follow(id: string): Promise<Progress[]> {
  const client = createClient({
    url: `${gateway().gateway.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
  })
  const events: Progress[] = []
  const query =
    'subscription ($id: ID!) { jobProgress(id: $id) { seq status progress counts { total succeeded skipped failed } } }'
  for await (const { data } of client.iterate<{ jobProgress: Progress }>({ query, variables: { id } }))
    if (data) events.push(data.jobProgress)
  await client.dispose()
  return events
}

interface Started {
  job: { id: string; status: string } | null
  userErrors: { code: string; message: string }[]
}
let collectionId: string

async function upload(fileName: string, bytes: Buffer): Promise<string> {
  const { createUpload } = await run<{
    createUpload: { upload: { id: string; url: string; method: string; headers: { name: string; value: string }[] } }
  }>(
    'mutation ($input: CreateUploadInput!) { createUpload(input: $input) { upload { id url method headers { name value } } userErrors { code } } }',
    { input: { fileName, byteSize: bytes.length, purpose: 'ITEM' } },
  )
  const { id, url, method, headers } = createUpload.upload
  const answer = await ask(url, {
    method,
    headers: {
      ...Object.fromEntries(headers.map(({ name, value }) => [name, value])),
      'content-length': String(bytes.length),
    },
    body: bytes,
  })
  expect(answer.status).toBe(200)
  return id
}

test('pictures come in, and what is none is refused alone', async () => {
  const made = await run<{ createCollection: { collection: { id: string } } }>(
    'mutation { createCollection(input: { name: "trip", contentType: IMAGE }) { collection { id } } }',
  )
  collectionId = made.createCollection.collection.id
  const uploads = [
    await upload('cat.jpg', await readFile(join(pictures, 'cat.jpg'))),
    await upload('notes.jpg', Buffer.from('no picture at all')),
    await upload('coffee.jpg', await readFile(join(pictures, 'coffee.jpg'))),
  ]
  const { addItems } = await run<{
    addItems: {
      items: { uniqueName: string; mediaType: string; url: string; thumbnailUrl: string }[]
      userErrors: object[]
    }
  }>(
    'mutation ($input: AddItemsInput!) { addItems(input: $input) { items { uniqueName mediaType url thumbnailUrl } userErrors { code path } } }',
    { input: { collectionId, items: uploads.map((uploadId) => ({ source: { uploadId } })) } },
  )
  expect(addItems.items.map((item) => [item.uniqueName, item.mediaType])).toEqual([
    ['trip_cat.jpg', 'image/jpeg'],
    ['trip_coffee.jpg', 'image/jpeg'],
  ])
  expect(addItems.userErrors).toMatchObject([{ path: ['items', '1'] }])
  const [first] = addItems.items
  const picture = await ask(first?.url ?? '')
  expect([picture.status, picture.headers['content-type'], picture.headers['x-content-type-options']]).toEqual([
    200,
    'image/jpeg',
    'nosniff',
  ])
}, 60_000)

test('they are tagged, with progress to the end; again, and they are skipped', async () => {
  const start = async () => {
    const { autoTag } = await run<{ autoTag: Started }>(
      'mutation ($input: AutoTagInput!) { autoTag(input: $input) { job { id status } userErrors { code message } } }',
      { input: { scope: { collectionId }, confidenceThreshold: 0.25 } },
    )
    expect(autoTag.userErrors).toEqual([])
    return follow(autoTag.job?.id ?? '')
  }
  const first = await start()
  expect(first.at(-1)).toMatchObject({
    status: 'COMPLETED',
    progress: 100,
    counts: { total: 2, succeeded: 2, skipped: 0, failed: 0 },
  })
  expect(new Set(first.map((event) => event.seq)).size).toBe(first.length)
  expect((await start()).at(-1)).toMatchObject({ status: 'COMPLETED', counts: { total: 2, succeeded: 0, skipped: 2 } })

  const { jobs } = await run<{
    jobs: { nodes: { model: { modelId: string }; modelVersion: number; scope: object; parameters: object }[] }
  }>('{ jobs(first: 1) { nodes { model { modelId } modelVersion scope { collection { name } } parameters } } }')
  expect(jobs.nodes[0]).toMatchObject({
    model: { modelId: 'tiny-detector' },
    modelVersion: 1,
    scope: { collection: { name: 'trip' } },
    parameters: { confidenceThreshold: 0.25 },
  })
}, 60_000)

test('a classifier names pictures as a whole: labels without a box, tags beside those of the detector', async () => {
  const { autoTag } = await run<{ autoTag: Started }>(
    'mutation ($input: AutoTagInput!) { autoTag(input: $input) { job { id status } userErrors { code message } } }',
    { input: { scope: { collectionId }, modelId: 'tiny-classifier', confidenceThreshold: 0.3 } },
  )
  expect(autoTag.userErrors).toEqual([])
  expect((await follow(autoTag.job?.id ?? '')).at(-1)).toMatchObject({ status: 'COMPLETED', counts: { succeeded: 2 } })
  const { item } = await run<{
    item: {
      annotations: { nodes: { kind: string; label: string; confidence: number; box: object | null }[] }
      tags: { label: string; maxConfidence: number; model: { modelId: string } }[]
    }
  }>(
    `{ item(uniqueName: "trip_coffee.jpg") {
      annotations(filter: { modelId: "tiny-classifier" }) { nodes { kind label confidence box { x } } }
      tags { label maxConfidence model { modelId } } } }`,
  )
  const { nodes } = item.annotations
  // A brown picture is more red than anything else.
  expect(nodes[0]).toEqual({ kind: 'LABEL', label: 'red', confidence: expect.any(Number) as number, box: null })
  const tags = item.tags.filter(({ model }) => model.modelId === 'tiny-classifier')
  expect(tags.map(({ label, maxConfidence }) => [label, maxConfidence])).toEqual(
    nodes.map(({ label, confidence }) => [label, confidence]),
  )
}, 60_000)

test('they are embedded, and the vectors read back in both encodings, in the order asked', async () => {
  const { embeddings } = await run<{ embeddings: Started }>(
    'mutation ($input: EmbeddingsInput!) { embeddings(input: $input) { job { id status } userErrors { code message } } }',
    { input: { scope: { collectionId } } },
  )
  expect((await follow(embeddings.job?.id ?? '')).at(-1)).toMatchObject({
    status: 'COMPLETED',
    counts: { succeeded: 2 },
  })
  const { embeddingVectors } = await run<{
    embeddingVectors: {
      uniqueName: string
      status: string
      embedding: { numbers: number[]; text: string; vectorDimension: number[]; modelName: string } | null
    }[]
  }>(
    `{ embeddingVectors(uniqueNames: ["trip_coffee.jpg", "nobody", "trip_cat.jpg"]) {
      uniqueName status embedding { modelName vectorDimension numbers: embeddings text: embeddings(encoding: BASE64_F32) } } }`,
  )
  expect(embeddingVectors.map(({ uniqueName, status }) => [uniqueName, status])).toEqual([
    ['trip_coffee.jpg', 'FOUND'],
    ['nobody', 'NO_SUCH_ITEM'],
    ['trip_cat.jpg', 'FOUND'],
  ])
  const found = embeddingVectors[0]?.embedding
  expect(found?.modelName).toBe('tiny-embedder')
  expect(found?.vectorDimension).toEqual([found?.numbers.length])
  const bytes = Buffer.from(found?.text ?? '', 'base64')
  expect(found?.numbers).toEqual(found?.numbers.map((_, i) => bytes.readFloatLE(i * 4)))
  const { item } = await run<{ item: { embeddingModels: string[]; collections: object[] } }>(
    '{ item(uniqueName: "trip_cat.jpg") { embeddingModels collections { name itemCount } } }',
  )
  expect(item).toEqual({ embeddingModels: ['tiny-embedder'], collections: [{ name: 'trip', itemCount: 2 }] })
}, 60_000)
