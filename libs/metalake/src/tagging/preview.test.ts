import { useDatabase } from '@lakelens/db/testing'
import { sleep } from '@lakelens/kernel'
import { listAnnotations, previewAutoTag, startAutoTag, viewerOf } from '..'
import { useShowingLake } from '../analysis/testing/showingLake'

const database = useDatabase()
const { backend, fill, finished, lake } = useShowingLake(database)

const shown = () => ({
  boxes: [
    { label: 'red', confidence: 0.9 },
    { label: 'green', confidence: 0.3 },
    { label: 'blue', confidence: 0.06 },
    { label: 'blue', confidence: 0.01 },
  ],
})
const code = (work: Promise<unknown>) =>
  work.then(
    () => 'taken',
    (error: { code: string }) => error.code,
  )

test('a preview says what a run with that threshold stores, and stores nothing', async () => {
  const { id, names, itemIds } = await fill(3, shown)
  const options = { classMapping: [{ from: 'green', to: 'leaf' }], inputResolution: { width: 100, height: 60 } }
  const previewed = await previewAutoTag(lake(), { uniqueNames: names, ...options })
  expect(previewed.map(({ uniqueName, itemId, error }) => [uniqueName, itemId, error])).toEqual(
    names.map((name, n) => [name, itemIds[n], null]),
  )
  expect((await database().query(`select 1 from annotation`)).rowCount).toBe(0)
  expect((await database().query(`select 1 from job`)).rowCount).toBe(0)
  await finished(await startAutoTag(lake(), { scope: { collectionId: id }, confidenceThreshold: 0.05, ...options }))
  for (const [n, itemId] of itemIds.entries()) {
    const stored = (await listAnnotations(lake(), itemId, {})).edges.map(({ node }) => [
      node.label,
      Math.fround(node.confidence ?? 0),
      node.box,
    ])
    expect(stored).toHaveLength(3)
    const seen = previewed[n]?.detections ?? []
    expect(seen.map(({ label, confidence, box }) => [label, Math.fround(confidence), box])).toEqual(stored)
  }
  const [first, ...others] = backend.options
  for (const other of others) expect(other).toEqual(first)
  expect(previewed[0]?.inferenceMs).toBeGreaterThanOrEqual(0)
})

test('an item that cannot be read, and a name nobody has, answer for themselves', async () => {
  const { names } = await fill(3, (n) => ({ ...shown(), broken: n === 1 }))
  const asked = [names[0], names[1], 'nobody', names[2], names[0]] as string[]
  const answers = await previewAutoTag(lake(), { uniqueNames: asked })
  expect(answers.map(({ detections, error }) => [detections.length, error])).toEqual([
    [3, null],
    [0, 'The picture ends too early.'],
    [0, 'There is no item with this name.'],
    [3, null],
    [3, null],
  ])
})

test('names nobody has open no model, and a model nobody has is told all the same', async () => {
  const opened = jest.spyOn(backend, 'loadModel')
  const uniqueNames = ['nobody', 'nobody else']
  expect(await previewAutoTag(lake(), { uniqueNames })).toMatchObject(
    uniqueNames.map((uniqueName) => ({ uniqueName, itemId: null, error: 'There is no item with this name.' })),
  )
  expect(await code(previewAutoTag(lake(), { uniqueNames, modelId: 'none-such' }))).toBe('MODEL_NOT_FOUND')
  expect(opened).not.toHaveBeenCalled()
  opened.mockRestore()
})

test('a file that has gone from the store is told', async () => {
  const { names } = await fill(1, shown)
  const { rows } = await database().query<{ digest: string }>(`select digest from item where unique_name = $1`, [
    names[0],
  ])
  await lake().blobs.delete(rows[0]?.digest ?? '')
  const [answer] = await previewAutoTag(lake(), { uniqueNames: names })
  expect(answer).toMatchObject({ detections: [], inferenceMs: null, error: expect.stringContaining('gone') as string })
})

test('of a video the frame in the middle is looked at', async () => {
  const { names } = await fill(1, shown, () => ({ contentType: 'VIDEO', mediaType: 'video/mp4' }))
  const [answer] = await previewAutoTag(lake(), { uniqueNames: names })
  expect(answer).toMatchObject({ error: null })
  expect(answer?.detections.map(({ label, frame, timestampSeconds }) => [label, frame, timestampSeconds])).toEqual([
    ['red', 15, 1.5],
    ['green', 15, 1.5],
    ['blue', 15, 1.5],
  ])
})

test('what is out of range is refused', async () => {
  const { names } = await fill(1)
  const many = Array.from({ length: 17 }, () => names[0] as string)
  expect(await code(previewAutoTag(lake(), { uniqueNames: [] }))).toBe('PARAMETER_INVALID')
  expect(await code(previewAutoTag(lake(), { uniqueNames: many }))).toBe('PARAMETER_INVALID')
  expect(await code(previewAutoTag(lake(), { uniqueNames: names, confidenceFloor: 2 }))).toBe('PARAMETER_INVALID')
  expect(await code(previewAutoTag(lake(), { uniqueNames: names, includeLabels: ['zebra'] }))).toBe('LABELS_UNKNOWN')
  expect(await code(previewAutoTag(lake(), { uniqueNames: names, inferencePlatform: 'AWS' }))).toBe('NOT_SUPPORTED')
  const viewer = { ...lake(), viewer: viewerOf('VIEWER') }
  expect(await code(previewAutoTag(viewer, { uniqueNames: names }))).toBe('PERMISSION_MISSING')
})

test('a model that is not opened in time is told as such', async () => {
  const { names } = await fill(1)
  backend.beforeOpening = (signal) => sleep(60_000, signal)
  const error = await previewAutoTag(lake(), { uniqueNames: names }, { limitMs: 200 }).catch((e: unknown) => e)
  expect(error).toMatchObject({ code: 'PREVIEW_LATE', category: 'MODEL_NOT_READY', path: ['modelId'] })
})

test('a picture that is not answered in time says so, and the call ends', async () => {
  const { names } = await fill(2)
  await previewAutoTag(lake(), { uniqueNames: names })
  let answered = 0
  backend.beforeAnswer = () =>
    answered++ === 0 ? Promise.resolve() : sleep(300).then(() => Promise.reject(new Error('late')))
  const answers = await previewAutoTag(lake(), { uniqueNames: names }, { limitMs: 200 })
  expect(answers.map(({ error }) => error)).toEqual([null, 'It took longer than the 0.2 seconds of a preview.'])
})
