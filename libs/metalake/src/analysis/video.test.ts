import { itemsByIds } from '@lakelens/db'
import { useDatabase } from '@lakelens/db/testing'
import { sleep } from '@lakelens/kernel'
import {
  getJob,
  jobFailures,
  listAnnotations,
  readEmbeddings,
  startAutoTag,
  startEmbeddings,
  tagsOfItems,
  type Job,
} from '..'
import { useShowingLake, vectorOf, type Shown } from './testing/showingLake'
import { fillVideos, ShowingVideos, type ShownVideo } from './testing/showingVideos'

const database = useDatabase()
const { lake, backend, finished } = useShowingLake(database)
const videos = new ShowingVideos()
beforeAll(() => {
  lake().videos = videos
})
beforeEach(() => videos.reset())

const red: Partial<Shown> = { boxes: [{ label: 'red', confidence: 0.75 }] }
const film = (count: number, shown: (n: number) => Partial<Shown> = () => red): ShownVideo => ({
  frames: Array.from({ length: count }, (_, n) => shown(n)),
})
const everyFrame = { videoSampling: { everyNthFrame: 1 } }

const annotationsOf = async (itemId: string) =>
  (await listAnnotations(lake(), itemId, { first: 100 })).edges.map(
    ({ node: { label, frame, timestampSeconds } }) => `${label} ${frame} ${timestampSeconds}`,
  )
const tagsOf = async (itemId: string) =>
  (await tagsOfItems(lake(), [itemId]))[0]!.map(({ label, count, frames }) => `${label} ${count} in ${frames}`)
const failuresOf = async (job: Job) => (await jobFailures(lake(), job.id, { first: 10 })).edges.map(({ node }) => node)
const rowsOf = async (sql: string): Promise<number> =>
  (await database().query<{ n: number }>(`select count(*)::integer as n from ${sql}`)).rows[0]!.n

async function until(isSo: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  for (const end = Date.now() + withinMs; !(await isSo()); await sleep(20))
    if (Date.now() > end) throw new Error('it did not come to that')
}

test('what is found in the frames looked at is kept with frame and time, and tags say in how many', async () => {
  const boxes = (n: number): Shown['boxes'] => [
    { label: 'red', confidence: 0.9 },
    { label: 'red', confidence: 0.8 },
    ...(n === 20 ? [{ label: 'blue', confidence: 0.7, isWhole: true }] : []),
    { label: 'green', confidence: 0.1 },
  ]
  const { id, itemIds } = await fillVideos(lake(), [film(35, (n) => ({ boxes: boxes(n) }))])
  const item = itemIds[0]!
  const scope = { collectionId: id }
  expect(await finished(await startAutoTag(lake(), { scope }))).toMatchObject({
    status: 'COMPLETED',
    counts: { succeeded: 1, failed: 0 },
    parameters: { videoSampling: { fps: 1 } },
  })
  expect(videos.samplings).toEqual([{ fps: 1 }])
  expect(await annotationsOf(item)).toEqual([
    'red 0 0',
    'red 0 0',
    'red 10 1',
    'red 10 1',
    'red 20 2',
    'red 20 2',
    'blue 20 2',
    'red 30 3',
    'red 30 3',
  ])
  expect(await tagsOf(item)).toEqual(['red 8 in 4', 'blue 1 in 1'])

  // Done is done; looking at other frames is another result, and it replaces the first.
  expect((await finished(await startAutoTag(lake(), { scope }))).counts).toMatchObject({ succeeded: 0, skipped: 1 })
  const other = await startAutoTag(lake(), { scope, videoSampling: { everyNthFrame: 20 } })
  expect((await finished(other)).counts).toMatchObject({ succeeded: 1, skipped: 0 })
  expect(videos.samplings).toEqual([{ fps: 1 }, { everyNthFrame: 20 }])
  expect(await tagsOf(item)).toEqual(['red 4 in 2', 'blue 1 in 1'])
  expect(await rowsOf('staged_detection')).toBe(0)
})

test('labels that were left out or merged are so in every frame', async () => {
  const boxes = [
    { label: 'red', confidence: 0.9, box: { x: 0.1, y: 0.1, width: 0.2, height: 0.2 } },
    { label: 'green', confidence: 0.8, box: { x: 0.1, y: 0.1, width: 0.2, height: 0.2 } },
    { label: 'blue', confidence: 0.8 },
  ]
  const { id, itemIds } = await fillVideos(lake(), [film(30, () => ({ boxes }))])
  const options = {
    excludeLabels: ['blue'],
    classMapping: [
      { from: 'red', to: 'warm' },
      { from: 'green', to: 'warm' },
    ],
  }
  await finished(await startAutoTag(lake(), { scope: { collectionId: id }, ...options }))
  expect(await tagsOf(itemIds[0]!)).toEqual(['warm 3 in 3'])
})

test('the decoder is a few frames ahead of inference, however long the video is', async () => {
  let most = 0
  const looked = () => backend.seen.length
  const { id } = await fillVideos(lake(), [film(400)])
  videos.beforeFrame = () => Promise.resolve((most = Math.max(most, videos.given - looked())))
  backend.beforeAnswer = () => sleep(1)
  await finished(await startAutoTag(lake(), { scope: { collectionId: id }, ...everyFrame }))
  expect(videos.given).toBe(400)
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThanOrEqual(12)
})

test('while a long video is looked at nothing of it is to be seen but how far it is', async () => {
  const { id, itemIds } = await fillVideos(lake(), [film(2_000)])
  let go: () => void = () => undefined
  const gate = new Promise<void>((resolve) => (go = resolve))
  videos.beforeFrame = async (n) => (n === 1_500 ? gate : undefined)
  const job = await startAutoTag(lake(), { scope: { collectionId: id }, ...everyFrame })
  await until(async () => (await rowsOf('staged_detection')) >= 1_000)
  expect(await annotationsOf(itemIds[0]!)).toEqual([])
  await until(async () => (await getJob(lake(), job.id))?.stage === 'video 0.mp4: 2:29 of 3:20')
  go()
  await finished(job)
  expect(await rowsOf(`annotation where item_id = ${itemIds[0]}`)).toBe(2_000)
  expect(await rowsOf('staged_detection')).toBe(0)
})

test('a worker that comes late, with a page that another has taken over, writes nothing and doubles nothing', async () => {
  const { id, itemIds } = await fillVideos(lake(), [film(2_500)])
  let letGo: () => void = () => undefined
  const stuck = new Promise<void>((resolve) => (letGo = resolve))
  videos.beforeFrame = async (n, run) => (n === 1_500 && run === 1 ? stuck : undefined)
  const job = await startAutoTag(lake(), { scope: { collectionId: id }, ...everyFrame })
  await until(async () => (await rowsOf('staged_detection where fence = 1')) >= 1_000)
  // As if its machine had stopped: the lease is over before its next heartbeat, and the page is claimed again.
  await until(async () => {
    await database().query(
      `update job_page set lease_until = now() - interval '1 second' where job_id = $1 and fence = 1`,
      [job.id],
    )
    await sleep(100)
    return videos.started === 2
  })
  await until(async () => (await rowsOf('staged_detection where fence = 2')) >= 1_000)
  expect(await rowsOf('staged_detection where fence = 1')).toBe(0)
  letGo()
  expect(await finished(job)).toMatchObject({ status: 'COMPLETED', counts: { total: 1, succeeded: 1, failed: 0 } })
  await until(() => videos.ended === 2)
  await sleep(50)
  expect(await rowsOf(`annotation where item_id = ${itemIds[0]}`)).toBe(2_500)
  expect(await rowsOf('staged_detection')).toBe(0)
})

test('of a video that breaks off, what could be read is kept in place of what was; it fails with its frame, and is not done', async () => {
  const { id, itemIds } = await fillVideos(lake(), [{ ...film(50), breaksAt: 25 }, film(20)])
  const scope = { collectionId: id }
  const run = async () => finished(await startAutoTag(lake(), { scope }))
  for (const expected of [
    { succeeded: 1, skipped: 0, failed: 1 },
    { succeeded: 0, skipped: 1, failed: 1 },
  ]) {
    const job = await run()
    expect(job).toMatchObject({ status: 'COMPLETED_WITH_ERRORS', counts: expected })
    expect(await failuresOf(job)).toEqual([
      expect.objectContaining({
        itemId: itemIds[0],
        code: 'MEDIA_UNREADABLE',
        frame: 25,
        message: expect.stringContaining('cut off'),
      }),
    ])
    expect(await annotationsOf(itemIds[0]!)).toEqual(['red 0 0', 'red 10 1', 'red 20 2'])
  }
})

test('of a video that can not be read at all, what was known of it stays', async () => {
  const { id, itemIds } = await fillVideos(lake(), [film(20)])
  const scope = { collectionId: id }
  await finished(await startAutoTag(lake(), { scope }))
  // The store has lost the file.
  const [item] = await itemsByIds(database(), itemIds)
  const bytes = await lake().blobs.read(item!.digest, 1e6)
  await lake().blobs.delete(item!.digest)
  const lost = await finished(await startAutoTag(lake(), { scope, onExisting: 'REPLACE' }))
  expect(await failuresOf(lost)).toEqual([expect.objectContaining({ code: 'MEDIA_MISSING', frame: null })])
  await lake().blobs.put(bytes, { maxBytes: 1e6 })
  expect(await annotationsOf(itemIds[0]!)).toEqual(['red 0 0', 'red 10 1'])
})

test('a frame the model gives up on fails the item with its frame, after all others were looked at', async () => {
  const { id, itemIds } = await fillVideos(lake(), [film(60, (n) => (n === 30 ? { broken: true } : red))])
  const job = await finished(await startAutoTag(lake(), { scope: { collectionId: id } }))
  expect(await failuresOf(job)).toEqual([
    expect.objectContaining({ code: 'MEDIA_UNREADABLE', frame: 30, message: 'Frame 30: The picture ends too early.' }),
  ])
  expect(await annotationsOf(itemIds[0]!)).toEqual(['red 0 0', 'red 10 1', 'red 20 2', 'red 40 4', 'red 50 5'])
})

test('a video of which no frame is chosen was not looked at: it fails with the reason, and is not done', async () => {
  const shown = (n: number) => ({ ...red, vector: vectorOf(n) })
  const { id, names } = await fillVideos(lake(), [{ ...film(20, shown), keyFrames: [] }, film(20, shown)])
  const asked = { scope: { collectionId: id }, videoSampling: { keyframesOnly: true } }
  for (const start of [startAutoTag, startEmbeddings]) {
    const job = await finished(await start(lake(), asked))
    expect(job).toMatchObject({ status: 'COMPLETED_WITH_ERRORS', counts: { succeeded: 1, skipped: 0, failed: 1 } })
    expect(await failuresOf(job)).toEqual([
      expect.objectContaining({
        ...{ uniqueName: names[0], code: 'NO_FRAME_CHOSEN', frame: null },
        message: expect.stringContaining('{"keyframesOnly":true}'),
      }),
    ])
    expect((await finished(await start(lake(), asked))).counts).toMatchObject({ skipped: 1, failed: 1 })
  }
})

test('without a decoder a job waits, says so, and goes on by itself', async () => {
  videos.isMissing = true
  const { id } = await fillVideos(lake(), [film(10)])
  const job = await startAutoTag(lake(), { scope: { collectionId: id } })
  await until(async () => (await getJob(lake(), job.id))?.error?.code === 'VIDEO_TOOLS_MISSING')
  expect(await getJob(lake(), job.id)).toMatchObject({ status: 'IN_PROGRESS', error: { retryable: true } })
  videos.isMissing = false
  expect(await finished(job)).toMatchObject({ status: 'COMPLETED', counts: { succeeded: 1, failed: 0 }, error: null })
})

test('inference that goes away in the middle ends the decoder, and the video is looked at again from its beginning', async () => {
  const { id, itemIds } = await fillVideos(lake(), [film(200)])
  let faults = 0
  backend.beforeAnswer = async () => {
    if (videos.started === 1 && videos.given > 50 && faults++ === 0)
      throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' })
  }
  const job = await finished(await startAutoTag(lake(), { scope: { collectionId: id }, ...everyFrame }))
  expect(job).toMatchObject({ status: 'COMPLETED', counts: { succeeded: 1 } })
  expect([videos.started, videos.ended, faults]).toEqual([2, 2, 1])
  expect(await rowsOf(`annotation where item_id = ${itemIds[0]}`)).toBe(200)
})

describe('embeddings', () => {
  const unit = (vector: number[]) => vector.map((value) => value / Math.hypot(...vector))
  const vectorsOf = async (names: readonly string[]) =>
    (await readEmbeddings(lake(), { uniqueNames: names })).map(({ embedding }) => embedding && [...embedding.vector])

  test('the vector of a video is the mean of the normalised vectors of its frames', async () => {
    const loud = (n: number) => vectorOf(n).map((value) => value * (n + 1))
    const { id, names } = await fillVideos(lake(), [
      film(100, (n) => ({ vector: loud(n) })),
      film(11, (n) => ({ vector: n === 0 ? vectorOf(1) : Array<number>(12).fill(0) })),
    ])
    const scope = { collectionId: id }
    expect((await finished(await startEmbeddings(lake(), { scope }))).counts).toMatchObject({ succeeded: 2 })
    const [first, second] = await vectorsOf(names)
    const frames = Array.from({ length: 10 }, (_, n) => unit(loud(n * 10).map(Math.fround)))
    for (const [n, value] of first!.entries())
      expect(value).toBeCloseTo(frames.reduce((sum, frame) => sum + frame[n]!, 0) / 10, 6)
    // A frame of zeros has no direction: it only makes the mean shorter.
    expect(Math.hypot(...second!)).toBeCloseTo(0.5, 6)

    expect((await finished(await startEmbeddings(lake(), { scope }))).counts).toMatchObject({ skipped: 2 })
    const one = await finished(await startEmbeddings(lake(), { scope, videoSampling: { everyNthFrame: 1000 } }))
    expect(one.counts).toMatchObject({ succeeded: 2, skipped: 0 })
    expect((await vectorsOf(names))[0]!.map((value) => value.toFixed(5))).toEqual(
      unit(vectorOf(0)).map((value) => value.toFixed(5)),
    )
  })

  test('half a video has no vector, and keeps the one it had', async () => {
    const { id, names } = await fillVideos(lake(), [{ ...film(30, (n) => ({ vector: vectorOf(n) })), breaksAt: 15 }])
    const job = await finished(await startEmbeddings(lake(), { scope: { collectionId: id } }))
    expect(job.counts).toMatchObject({ succeeded: 0, failed: 1 })
    expect(await failuresOf(job)).toEqual([expect.objectContaining({ frame: 15 })])
    expect(await vectorsOf(names)).toEqual([null])
  })

  test.each([
    [{ fps: 0 }, ['videoSampling', 'fps']],
    [{ fps: 1, frameCount: 3 }, ['videoSampling']],
  ])('%j is refused with where', async (videoSampling, path) => {
    const { id } = await fillVideos(lake(), [])
    const asked = { scope: { collectionId: id }, videoSampling }
    for (const start of [startEmbeddings, startAutoTag])
      await expect(start(lake(), asked)).rejects.toMatchObject({ code: 'SAMPLING_INVALID', path })
  })
})
