import { useDatabase } from '@lakelens/db/testing'
import {
  planAutoTag,
  planEmbeddings,
  startAutoTag,
  startEmbeddings,
  tagsOfItems,
  viewerOf,
  type AutoTagInput,
  type JobPlan,
} from '..'
import { sleep } from '@lakelens/kernel'
import { useShowingLake } from './testing/showingLake'

const database = useDatabase()
const { backend, fill, finished, lake } = useShowingLake(database)

const rows = async (): Promise<unknown> =>
  (await database().query(`select (select count(*) from job) as jobs, (select count(*) from item_result) as results`))
    .rows[0]

const plan = (id: string, input: Partial<AutoTagInput> = {}): Promise<JobPlan> =>
  planAutoTag(lake(), { scope: { collectionId: id }, ...input })

// The first test: the model was never opened before it.
test('a model that was never opened is opened, if that is quick', async () => {
  const { id } = await fill(2)
  expect(await plan(id)).toEqual({
    matched: 2,
    alreadyDone: 0,
    doneDifferently: 0,
    toProcess: 2,
    estimatedSeconds: null,
    modelId: 'tiny-detector',
    modelVersion: 1,
    platform: 'LOCAL',
    normalizedQuery: null,
    parameters: {
      modelId: 'tiny-detector',
      onExisting: 'SKIP',
      inferencePlatform: 'LOCAL',
      inputResolution: { width: 300, height: 300 },
      effectiveResolution: { width: 320, height: 320 },
      confidenceThreshold: 0.5,
      nmsIou: 0.7,
      maxDetections: 300,
      videoSampling: { fps: 1 },
    },
    warnings: ['inputResolution 300 × 300 is rounded up to 320 × 320, which the model can take.'],
  })
})

test('one that takes longer is done without, and the plan says so', async () => {
  const { id } = await fill(2)
  backend.beforeOpening = (signal) => sleep(60_000, signal)
  const started = Date.now()
  const found = await plan(id, { modelId: 'tiny-yolox' })
  expect(Date.now() - started).toBeLessThan(10_000)
  expect(found).toMatchObject({ matched: 2, alreadyDone: 0, toProcess: 2, modelId: 'tiny-yolox', modelVersion: null })
  expect(found.warnings).toContain(
    'Model tiny-yolox was not opened, because it takes longer to open; the run opens it.',
  )
}, 20_000)

test('a model whose file is not here is not fetched for it; its labels are known all the same', async () => {
  const { id } = await fill(2)
  const online = { ...lake(), models: { ...lake().models, modelsDir: undefined, offline: false } }
  const input = { scope: { collectionId: id }, modelId: 'yolov8n' }
  expect(await planAutoTag(online, { ...input, includeLabels: ['Bird'] })).toMatchObject({
    matched: 2,
    alreadyDone: 0,
    doneDifferently: 0,
    toProcess: 2,
    estimatedSeconds: null,
    modelId: 'yolov8n',
    modelVersion: null,
    parameters: { includeLabels: ['Bird'], inputResolution: { width: 300, height: 300 } },
    warnings: ['Model yolov8n was not opened, because its file is not here yet; the run opens it.'],
  })
  await expect(planAutoTag(online, { ...input, includeLabels: ['brid'] })).rejects.toMatchObject({
    code: 'LABELS_UNKNOWN',
    facts: { suggestions: expect.arrayContaining(['bird']) as string[] },
  })
})

test('what is done, done differently and to do is counted, nothing is started or written', async () => {
  const { id } = await fill(10)
  await finished(await startAutoTag(lake(), { scope: { collectionId: id } }))
  const before = await rows()
  expect(await plan(id)).toMatchObject({ matched: 10, alreadyDone: 10, doneDifferently: 0, toProcess: 0 })
  expect(await plan(id, { onExisting: 'REPLACE' })).toMatchObject({ alreadyDone: 10, toProcess: 10 })
  expect(await plan(id, { confidenceThreshold: 0.25 })).toMatchObject({
    alreadyDone: 0,
    doneDifferently: 10,
    toProcess: 10,
  })
  const found = await plan(id, { confidenceThreshold: 0.25 })
  expect(found.estimatedSeconds).toBeGreaterThan(0)
  expect(found.estimatedSeconds).toBeLessThan(60)
  expect(await rows()).toEqual(before)
  expect(
    (await finished(await startAutoTag(lake(), { scope: { collectionId: id }, confidenceThreshold: 0.25 }))).counts,
  ).toMatchObject({ succeeded: found.toProcess })
})

test('the query is told as it is understood, and what may not be meant is said', async () => {
  const { id } = await fill(2)
  const found = await plan(id, {
    query: '(annotation.label=Bird AND annotation.confidence>=0.8)',
    includeLabels: ['red'],
    classThresholds: [{ label: 'blue', confidenceThreshold: 0.1 }],
    inputResolution: { width: 320, height: 320 },
  })
  expect(found).toMatchObject({ matched: 0, toProcess: 0, estimatedSeconds: 0 })
  expect(found.normalizedQuery).toContain('annotation.label')
  expect(found.warnings).toContain('No items match.')
  expect(found.warnings).toContain('classThresholds of labels that are left out have no effect: blue.')
  expect(found.warnings.some((warning) => warning.includes('annotation('))).toBe(true)
  expect(found.warnings.some((warning) => warning.includes('rounded'))).toBe(false)
})

test('whoever changes the sampling has the videos to do, and keeps the pictures', async () => {
  const film = { contentType: 'VIDEO', mediaType: 'video/mp4' } as const
  const { id, itemIds } = await fill(
    4,
    () => ({}),
    (n) => (n === 0 ? film : {}),
  )
  await finished(await startAutoTag(lake(), { scope: { collectionId: id } }))
  expect(await plan(id)).toMatchObject({ matched: 4, alreadyDone: 4, toProcess: 0 })
  const found = await plan(id, { videoSampling: { frameCount: 2 } })
  expect(found).toMatchObject({ matched: 4, alreadyDone: 3, doneDifferently: 1, toProcess: 1 })
  expect(found.warnings).toEqual(
    expect.arrayContaining([
      '1 of the items are videos, 3 are images.',
      'Frames of videos are sampled by {"frameCount":2}.',
    ]),
  )
  backend.seen = []
  const again = await startAutoTag(lake(), { scope: { collectionId: id }, videoSampling: { frameCount: 2 } })
  expect((await finished(again)).counts).toMatchObject({ succeeded: 1, skipped: 3 })
  expect(backend.seen).toEqual(['7', '22'])
  expect((await tagsOfItems(lake(), itemIds)).map(([tag]) => [tag?.count, tag?.frames])).toEqual([
    [2, 2],
    [1, null],
    [1, null],
    [1, null],
  ])
})

test('embeddings are planned alike', async () => {
  const { id } = await fill(3)
  const scope = { collectionId: id }
  expect(await planEmbeddings(lake(), { scope })).toMatchObject({ matched: 3, alreadyDone: 0, toProcess: 3 })
  await finished(await startEmbeddings(lake(), { scope }))
  expect(await planEmbeddings(lake(), { scope })).toMatchObject({
    matched: 3,
    alreadyDone: 3,
    toProcess: 0,
    modelId: 'tiny-embedder',
    modelVersion: 1,
    parameters: { modelId: 'tiny-embedder', videoSampling: { fps: 1 } },
  })
})

test('a dry run is refused where the run would be', async () => {
  const { id } = await fill(1)
  const code = (work: Promise<unknown>) =>
    work.then(
      () => 'taken',
      (error: { code: string }) => error.code,
    )
  expect(await code(plan(id, { includeLabels: ['zebra'] }))).toBe('LABELS_UNKNOWN')
  expect(await code(plan(id, { query: 'nonsense' }))).toMatch(/^QUERY_/)
  expect(await code(plan('999999'))).toBe('COLLECTION_NOT_FOUND')
  expect(await code(plan(id, { modelId: 'tiny-embedder' }))).toBe('MODEL_APPLICATION_MISMATCH')
  await expect(plan(id, { modelId: 'tiny-detectr' })).rejects.toMatchObject({ path: ['modelId'] })
  expect(await code(plan(id, { inferencePlatform: 'AWS' }))).toBe('NOT_SUPPORTED')
  const viewer = { ...lake(), viewer: viewerOf('VIEWER') }
  expect(await code(planAutoTag(viewer, { scope: { collectionId: id } }))).toBe('PERMISSION_MISSING')
})
