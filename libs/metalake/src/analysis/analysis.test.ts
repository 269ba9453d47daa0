import { useDatabase } from '@lakelens/db/testing'
import { LakeError, sleep } from '@lakelens/kernel'
import {
  createCollection,
  itemsByIds,
  jobFailures,
  listAnnotations,
  listItems,
  readEmbeddings,
  startAutoTag,
  startEmbeddings,
  tagsOfItems,
  viewerOf,
  watchJob,
  type Job,
  type Lake,
} from '..'
import { useShowingLake, vectorOf as vector } from './testing/showingLake'

const database = useDatabase()
const { backend, fill, finished, lake: theLake } = useShowingLake(database)
let lake: Lake
beforeAll(() => {
  lake = theLake()
})

const liveBoxes = async (itemId: string) =>
  (await listAnnotations(lake, itemId, { first: 100 })).edges.map(({ node }) => ({
    label: node.label,
    confidence: Math.round((node.confidence ?? 0) * 10) / 10,
  }))

const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'nothing was refused',
    (error: unknown) => (error instanceof LakeError ? error.code : String(error)),
  )

test('a run tags every item, says what it used, and running again skips what is done', async () => {
  const { id, itemIds } = await fill(40)
  const first = await finished(await startAutoTag(lake, { scope: { collectionId: id } }))
  expect(first).toMatchObject({
    status: 'COMPLETED',
    progress: 100,
    counts: { total: 40, processed: 40, succeeded: 40, skipped: 0, failed: 0 },
  })
  expect(first.parameters).toMatchObject({
    inputResolution: { width: 300, height: 300 },
    effectiveResolution: { width: 320, height: 320 },
    confidenceThreshold: 0.5,
    nmsIou: 0.7,
    modelVersion: 1,
  })
  expect(backend.options[0]).toMatchObject({ width: 320, height: 320, confidenceThreshold: 0.5 })
  expect((await tagsOfItems(lake, itemIds)).map((tags) => tags.map(({ label, count }) => `${label} ${count}`))).toEqual(
    Array(40).fill(['red 1']),
  )

  backend.seen = []
  const again = await finished(await startAutoTag(lake, { scope: { collectionId: id } }))
  expect(again.id).not.toBe(first.id)
  expect(again.counts).toMatchObject({ total: 40, succeeded: 0, skipped: 40 })
  expect(backend.seen).toEqual([])
})

test('an item with nothing found is done too', async () => {
  const { id } = await fill(3, () => ({ boxes: [] }))
  await finished(await startAutoTag(lake, { scope: { collectionId: id } }))
  expect((await finished(await startAutoTag(lake, { scope: { collectionId: id } }))).counts).toMatchObject({
    skipped: 3,
  })
})

test('0.5, then 0.25, then 0.5 again never leaves two live boxes of one object', async () => {
  const { id, itemIds } = await fill(5)
  const item = itemIds[0] as string
  const run = async (confidenceThreshold: number) =>
    finished(await startAutoTag(lake, { scope: { collectionId: id }, confidenceThreshold }))
  await run(0.5)
  expect(await liveBoxes(item)).toEqual([{ label: 'red', confidence: 0.6 }])
  expect((await run(0.25)).counts.succeeded).toBe(5)
  expect(await liveBoxes(item)).toEqual([
    { label: 'red', confidence: 0.6 },
    { label: 'red', confidence: 0.3 },
  ])
  // What 0.25 superseded is not done: it is processed again.
  expect((await run(0.5)).counts).toMatchObject({ succeeded: 5, skipped: 0 })
  expect(await liveBoxes(item)).toEqual([{ label: 'red', confidence: 0.6 }])
  expect((await run(0.5)).counts).toMatchObject({ succeeded: 0, skipped: 5 })
  expect((await tagsOfItems(lake, [item]))[0]).toMatchObject([{ label: 'red', count: 1 }])
})

test('labels of the whole picture are annotations without a box, superseded as boxes are', async () => {
  const label = (name: string, confidence: number) => ({ label: name, confidence, isWhole: true })
  const { id, itemIds } = await fill(2, () => ({ boxes: [label('red', 0.9), label('green', 0.4)] }))
  const item = itemIds[0] as string
  const live = async () =>
    (await listAnnotations(lake, item, {})).edges.map(({ node }) => [node.kind, node.label, node.box, node.source])
  const run = async (confidenceThreshold: number) =>
    finished(await startAutoTag(lake, { scope: { collectionId: id }, confidenceThreshold }))
  await run(0.3)
  expect(await live()).toEqual([
    ['LABEL', 'red', null, 'MACHINE'],
    ['LABEL', 'green', null, 'MACHINE'],
  ])
  await run(0.5)
  expect(await live()).toEqual([['LABEL', 'red', null, 'MACHINE']])
  const [tags] = await tagsOfItems(lake, [item])
  expect(tags).toMatchObject([{ label: 'red', count: 1, maxConfidence: expect.closeTo(0.9, 5) as number }])
})

test('boxes and labels of the whole may come together', async () => {
  const { id, itemIds } = await fill(1, () => ({
    boxes: [
      { label: 'red', confidence: 0.9 },
      { label: 'red', confidence: 0.7, isWhole: true },
    ],
  }))
  await finished(await startAutoTag(lake, { scope: { collectionId: id } }))
  const live = (await listAnnotations(lake, itemIds[0] as string, {})).edges.map(({ node }) => [node.kind, node.box?.x])
  expect(live).toEqual([
    ['BOX', 0],
    ['LABEL', undefined],
  ])
  expect((await tagsOfItems(lake, itemIds))[0]).toMatchObject([{ label: 'red', count: 2 }])
})

test('what a person made or accepted stays, whatever a model says later', async () => {
  const { id, itemIds } = await fill(2)
  await finished(await startAutoTag(lake, { scope: { collectionId: id } }))
  const [accepted] = (await listAnnotations(lake, itemIds[0] as string, {})).edges
  await lake.db.query(`update annotation set review = 'ACCEPTED' where id = $1`, [accepted?.node.id])
  await lake.db.query(
    `insert into annotation (item_id, label, source, kind, x, y, width, height) values ($1, 'cat', 'HUMAN', 'BOX', 0, 0, 1, 1)`,
    [itemIds[0]],
  )
  await finished(await startAutoTag(lake, { scope: { collectionId: id }, onExisting: 'REPLACE' }))
  const labels = (await listAnnotations(lake, itemIds[0] as string, {})).edges.map(
    ({ node }) => `${node.source} ${node.label} ${node.review}`,
  )
  expect(labels.sort()).toEqual(['HUMAN cat PENDING', 'MACHINE red ACCEPTED'])
})

test('two runs of the same parameters that meet on an item leave one result', async () => {
  const { id, names, itemIds } = await fill(1)
  let meeting: Promise<Job> | undefined
  backend.beforeAnswer = async () => {
    backend.beforeAnswer = () => Promise.resolve()
    meeting = startAutoTag(lake, { scope: { uniqueNames: names } }).then((job) => finished(job))
    await meeting
  }
  const first = await finished(await startAutoTag(lake, { scope: { collectionId: id } }))
  expect((await meeting)?.counts).toMatchObject({ succeeded: 1 })
  expect(first.counts).toMatchObject({ succeeded: 0, skipped: 1, total: 1 })
  expect(await liveBoxes(itemIds[0] as string)).toHaveLength(1)
})

test('one bad item fails alone, with its reason', async () => {
  const { id, names } = await fill(20, (n) => (n === 7 ? { broken: true } : {}))
  const job = await finished(await startAutoTag(lake, { scope: { collectionId: id } }))
  expect(job).toMatchObject({ status: 'COMPLETED_WITH_ERRORS', counts: { succeeded: 19, failed: 1 } })
  const failures = (await jobFailures(lake, job.id, {})).edges.map(({ node }) => node)
  expect(failures).toMatchObject([
    { uniqueName: names[7], code: 'MEDIA_UNREADABLE', message: 'The picture ends too early.', attempts: 1 },
  ])
  // A failed item is not done: the next run tries it, and only it.
  backend.seen = []
  await finished(await startAutoTag(lake, { scope: { collectionId: id } }))
  expect(backend.seen).toHaveLength(1)
})

test('a file that has gone from the store fails its item alone', async () => {
  const { id, itemIds } = await fill(3)
  const [item] = await itemsByIds(lake, [itemIds[1] as string])
  await lake.blobs.delete(item?.digest as string)
  const job = await finished(await startAutoTag(lake, { scope: { collectionId: id } }))
  expect(job.counts).toMatchObject({ succeeded: 2, failed: 1 })
  expect((await jobFailures(lake, job.id, {})).edges[0]?.node.code).toBe('MEDIA_MISSING')
})

test('a job covers the items that existed when it was asked for', async () => {
  const { id } = await fill(30)
  backend.beforeAnswer = async () => {
    backend.beforeAnswer = () => Promise.resolve()
    await fillInto(id, 5)
  }
  const job = await finished(await startAutoTag(lake, { scope: { collectionId: id } }))
  expect(job.counts).toMatchObject({ total: 30, succeeded: 30 })
})

async function fillInto(collectionId: string, count: number): Promise<void> {
  await lake.db.query(
    `insert into item (collection_id, unique_name, name, content_type, media_type, digest, byte_size, created_by)
     select collection_id, unique_name || '-late' , name || '-late', content_type, media_type, digest, byte_size, 'test'
     from item where collection_id = $1 order by id limit $2`,
    [collectionId, count],
  )
}

test('vectors come back exactly, in the order asked, with a status for every name', async () => {
  const { id, names } = await fill(3)
  const other = await fill(1)
  await finished(await startEmbeddings(lake, { scope: { collectionId: id } }))
  const asked = [names[2], 'nobody', names[0], names[2], other.names[0]] as string[]
  const answers = await readEmbeddings(lake, { uniqueNames: asked })
  expect(answers.map(({ uniqueName, status }) => [uniqueName, status])).toEqual([
    [names[2], 'FOUND'],
    ['nobody', 'NO_SUCH_ITEM'],
    [names[0], 'FOUND'],
    [names[2], 'FOUND'],
    [other.names[0], 'NO_EMBEDDING'],
  ])
  expect(answers[0]?.embedding).toMatchObject({
    modelName: 'tiny-embedder',
    modelVersion: 1,
    vectorDimension: [12],
    source: 'GENERATED',
  })
  expect([...(answers[0]?.embedding?.vector ?? [])]).toEqual(vector(2))
  expect((await finished(await startEmbeddings(lake, { scope: { collectionId: id } }))).counts).toMatchObject({
    skipped: 3,
  })
})

test('asking twice at once is one job; an idempotency key is one job for good', async () => {
  const { id } = await fill(1)
  const scope = { collectionId: id }
  const [first, second] = await Promise.all([
    startAutoTag(lake, { scope, idempotencyKey: 'k1' }),
    startAutoTag(lake, { scope, idempotencyKey: 'k1' }),
  ])
  expect(second.id).toBe(first.id)
  await finished(first)
  expect((await startAutoTag(lake, { scope, idempotencyKey: 'k1' })).id).toBe(first.id)
  expect(await code(startAutoTag(lake, { scope, idempotencyKey: 'k1', confidenceThreshold: 0.9 }))).toBe(
    'IDEMPOTENCY_KEY_REUSED',
  )
})

test('what cannot be run is refused by name, before anything is queued', async () => {
  const { id } = await fill(1)
  const scope = { collectionId: id }
  const before = await lake.db.query(`select 1 from job`)
  const cases: [string, () => Promise<unknown>][] = [
    ['COLLECTION_NOT_FOUND', () => startAutoTag(lake, { scope: { collectionId: '999999' } })],
    ['COLLECTION_NOT_FOUND', () => startAutoTag(lake, { scope: { collectionId: "1' or true" } })],
    ['SCOPE_INVALID', () => startAutoTag(lake, { scope: {} })],
    ['SCOPE_INVALID', () => startAutoTag(lake, { scope: { collectionId: id, uniqueNames: ['a'] } })],
    ['ITEMS_UNKNOWN', () => startAutoTag(lake, { scope: { uniqueNames: ['nobody'] } })],
    [
      'ITEMS_TOO_MANY',
      () => startAutoTag(lake, { scope: { uniqueNames: Array.from({ length: 1001 }, (_, n) => `${n}`) } }),
    ],
    ['SCOPE_INVALID', () => startAutoTag(lake, { scope: { metalake: { contentType: 'OTHER' } } })],
    ['QUERY_SYNTAX', () => startAutoTag(lake, { scope, query: 'annotation.label=' })],
    ['NOT_SUPPORTED', () => startEmbeddings(lake, { scope, inferencePlatform: 'AWS' })],
    ['PARAMETER_INVALID', () => startAutoTag(lake, { scope, confidenceThreshold: 1.5 })],
    ['PARAMETER_INVALID', () => startAutoTag(lake, { scope, confidenceThreshold: NaN })],
    ['PARAMETER_INVALID', () => startAutoTag(lake, { scope, inputResolution: { width: 0, height: 300 } })],
    ['PARAMETER_INVALID', () => startAutoTag(lake, { scope, inputResolution: { width: 300, height: 100_000 } })],
    ['PARAMETER_INVALID', () => startAutoTag(lake, { scope, inputResolution: { width: 4096, height: 1100 } })],
    ['MODEL_APPLICATION_MISMATCH', () => startAutoTag(lake, { scope, modelId: 'tiny-embedder' })],
    ['PERMISSION_MISSING', () => startAutoTag({ ...lake, viewer: viewerOf('VIEWER') }, { scope })],
    ['NOT_SUPPORTED', () => createCollection(lake, { name: 'films', contentType: 'OTHER' })],
  ]
  for (const [expected, ask] of cases) expect(await code(ask())).toBe(expected)
  expect((await lake.db.query(`select 1 from job`)).rowCount).toBe(before.rowCount)
})

test('a default that cannot be had fails its job with what to do', async () => {
  const { id } = await fill(1)
  const without = {
    ...lake,
    models: { ...lake.models, modelsDir: undefined, defaults: { ...lake.models.defaults, AUTO_TAGGING: 'yolov8n' } },
  }
  expect(await code(startAutoTag(without, { scope: { collectionId: id } }))).toMatch(/^MODEL_/)
})

test('a watcher sees the present state first, every number once, and the end', async () => {
  const { id } = await fill(40)
  backend.beforeAnswer = () => sleep(150)
  const job = await startAutoTag(lake, { scope: { collectionId: id } })
  const seen: { seq: number; status: string }[] = []
  for await (const { seq, job: state } of watchJob(lake, job.id, AbortSignal.timeout(20_000)))
    seen.push({ seq, status: state.status })
  expect(seen.map(({ seq }) => seq)).toEqual([...new Set(seen.map(({ seq }) => seq))].sort((a, b) => a - b))
  expect(seen.at(-1)?.status).toBe('COMPLETED')
  // Whoever comes after the end gets the terminal state alone.
  const late = []
  for await (const event of watchJob(lake, job.id, AbortSignal.timeout(5_000))) late.push(event.job.status)
  expect(late).toEqual(['COMPLETED'])
})

test('lists page by key both ways, stable under inserts, and refuse what is too large', async () => {
  const { id, names } = await fill(25)
  const scope = { collectionId: id }
  const order = { field: 'NAME', direction: 'ASC' } as const
  const sorted = [...names].sort()
  const seen: string[] = []
  for (let after: string | null = null; ;) {
    const page: Awaited<ReturnType<typeof listItems>> = await listItems(lake, {
      scope,
      orderBy: order,
      first: 10,
      after,
    })
    seen.push(...page.edges.map((edge) => edge.node.uniqueName))
    if (!page.hasNextPage) break
    after = page.edges.at(-1)?.cursor ?? null
  }
  expect(seen).toEqual(sorted)
  const last = await listItems(lake, { scope, orderBy: order, last: 3 })
  expect(last.edges.map((edge) => edge.node.uniqueName)).toEqual(sorted.slice(-3))
  expect([last.hasPreviousPage, await last.totalCount()]).toEqual([true, 25])
  expect(await code(listItems(lake, { scope, first: 101 }))).toBe('PAGE_TOO_LARGE')
  expect(await code(listItems(lake, { scope, first: 1, last: 1 }))).toBe('PAGE_ARGUMENTS')
  expect(await code(listItems(lake, { scope, after: last.edges[0]?.cursor }))).toBe('PAGE_ARGUMENTS')
})
