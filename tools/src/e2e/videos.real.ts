import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { cutFile, makeVideo } from '@lakelens/media/testing'
import { sleep } from '@lakelens/kernel'
import { createApi, type UserError } from '../api'
import { importFolder, type Refusal } from '../import/importFolder'
import { allProcesses, spawnGateway, type GatewayProcess } from './gatewayProcess'
import { addFiles, createCollection, jobEnd, startAutoTag, startEmbeddings } from './lakeClient'
import { mediaDir, modelsDir, readMediaJson } from './realMedia'

interface Reference {
  width: number
  height: number
  fps: number
  frames: number
  'frames_with_label@conf0.5': Record<string, number>
}

interface VideoItem {
  name: string
  contentType: string
  mediaType: string
  resolution: { width: number; height: number }
  durationSeconds: number
  frameCount: number
  frameRate: number
  url: string
  thumbnailUrl: string
  tags: { label: string; count: number; frames: number; maxConfidence: number }[]
  annotations: { totalCount: number; nodes: { label: string; frame: number; timestampSeconds: number }[] }
}

const folder = mkdtempSync(join(tmpdir(), 'lakelens-videos-'))
const videos = [
  '01_dog.mp4',
  'bedroom.mp4',
  'bottle-detection.mp4',
  'car-detection.mp4',
  'one-by-one-person-detection.mp4',
]
const slideshows = ['slideshow.mp4', 'slideshow.webm', 'slideshow-hevc.mp4', 'slideshow-rot90.mp4']
const at = (name: string) => join(mediaDir(), 'videos', name)
const at640 = { inputResolution: { width: 640, height: 640 } }
let gateway: GatewayProcess
const api = () => createApi({ url: gateway.url, key: undefined })

const environment = {
  LAKELENS_DATA: folder,
  LAKELENS_MODELS_DIR: modelsDir(),
  LAKELENS_DEFAULT_EMBEDDING: 'mobilenetv2',
  LAKELENS_LOG_LEVEL: 'warn',
}

beforeAll(async () => {
  gateway = await spawnGateway(environment)
}, 60_000)

afterAll(async () => {
  await gateway?.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function collectionOf(name: string, files: readonly string[]): Promise<string> {
  const collectionId = await createCollection(api(), name, 'VIDEO')
  expect(await addFiles(api(), collectionId, files)).toEqual([])
  return collectionId
}

async function itemsOf(collectionId: string): Promise<Map<string, VideoItem>> {
  const { items } = await api().request<{ items: { nodes: VideoItem[] } }>(
    `query ($id: ID!) { items(scope: { collectionId: $id }, first: 20) { nodes {
       name contentType mediaType resolution { width height } durationSeconds frameCount frameRate url thumbnailUrl
       tags { label count frames maxConfidence }
       annotations(first: 100) { totalCount nodes { label frame timestampSeconds } } } } }`,
    { id: collectionId },
  )
  return new Map(items.nodes.map((item) => [item.name, item]))
}

async function failuresOf(
  jobId: string,
): Promise<{ uniqueName: string; frame: number | null; code: string; message: string }[]> {
  const { job } = await api().request<{ job: { failures: { nodes: never[] } } }>(
    `query ($id: ID!) { job(id: $id) { failures { nodes { uniqueName frame code message } } } }`,
    { id: jobId },
  )
  return job.failures.nodes
}

test('a slideshow says what each picture of it shows, at its second, in H.264, VP9 and HEVC', async () => {
  const collectionId = await collectionOf('slideshows', slideshows.map(at))
  const job = await startAutoTag(api(), { scope: { collectionId }, ...at640, confidenceThreshold: 0.25 })
  expect(await jobEnd(api(), job.id)).toMatchObject({ status: 'COMPLETED', counts: { succeeded: 4, failed: 0 } })
  const { seconds } = readMediaJson<{ seconds: { t: number; labels_gt: string[] }[] }>(
    'videos-slideshow-groundtruth.json',
  )
  const truth = seconds.flatMap(({ t, labels_gt }) => labels_gt.map((label) => `${label} at ${t}`))
  expect(truth).toHaveLength(15)
  const items = await itemsOf(collectionId)
  for (const name of slideshows.slice(0, 3)) {
    const { nodes, totalCount } = items.get(name)!.annotations
    expect(nodes).toHaveLength(totalCount)
    const said = new Set(nodes.map(({ label, timestampSeconds }) => `${label} at ${Math.floor(timestampSeconds)}`))
    const right = truth.filter((label) => said.has(label))
    console.info(`${name}: ${right.length} of 15`)
    expect([name, right.length >= 13]).toEqual([name, true])
    for (const { frame, timestampSeconds } of nodes) expect(frame).toBe(Math.round(timestampSeconds * 10))
    for (const tag of items.get(name)!.tags) {
      const own = nodes.filter(({ label }) => label === tag.label)
      expect(tag).toMatchObject({ count: own.length, frames: new Set(own.map(({ frame }) => frame)).size })
    }
  }

  // Everything is there to be asked for: done, so a second run looks at nothing; another sampling is another result.
  const again = await startAutoTag(api(), { scope: { collectionId }, ...at640, confidenceThreshold: 0.25 })
  expect(await jobEnd(api(), again.id)).toMatchObject({ counts: { succeeded: 0, skipped: 4 } })
  const thin = { videoSampling: { frameCount: 1 } }
  const other = await startAutoTag(api(), { scope: { collectionId }, ...at640, confidenceThreshold: 0.25, ...thin })
  expect(await jobEnd(api(), other.id)).toMatchObject({ counts: { succeeded: 4, skipped: 0 } })
  const frames = (await itemsOf(collectionId)).get('slideshow.mp4')!.annotations.nodes.map(({ frame }) => frame)
  expect([...new Set(frames)]).toEqual([50])
}, 120_000)

test('size, rate and number of frames of every video are exact, and labels are seen about as often as the reference says', async () => {
  const reference = readMediaJson<Record<string, Reference>>('videos-reference.json')
  const collectionId = await collectionOf('clips', videos.map(at))
  const job = await startAutoTag(api(), { scope: { collectionId }, ...at640 })
  expect(await jobEnd(api(), job.id)).toMatchObject({ status: 'COMPLETED', counts: { succeeded: 5 } })
  const slides = (
    await api().request<{ collections: { nodes: { id: string; name: string }[] } }>(
      `{ collections(first: 10) { nodes { id name } } }`,
    )
  ).collections.nodes.find(({ name }) => name === 'slideshows')!
  const items = new Map([...(await itemsOf(collectionId)), ...(await itemsOf(slides.id))])
  expect(items.size).toBe(9)
  for (const [name, item] of items) {
    const { width, height, fps, frames } = reference[name]!
    expect([name, item.resolution, item.frameCount, item.contentType]).toEqual([
      name,
      { width, height },
      frames,
      'VIDEO',
    ])
    expect([name, item.frameRate.toFixed(2)]).toEqual([name, fps.toFixed(2)])
    expect(Math.abs(item.durationSeconds - frames / fps)).toBeLessThan(0.02)
  }
  // The reference took every round(fps)-th frame, in another order of colours and scaling: the same seconds, give or take one
  // frame, so a label counts as seen as often when it differs by a twentieth of the frames looked at, or by two.
  for (const name of videos) {
    const seen = new Map(items.get(name)!.tags.map(({ label, frames }) => [label, frames]))
    const looked = Math.ceil(items.get(name)!.durationSeconds)
    const told = Object.entries(reference[name]!['frames_with_label@conf0.5'])
    console.info(name, told.map(([label, frames]) => `${label} ${seen.get(label) ?? 0}/${frames}`).join(', '))
    for (const [label, frames] of told)
      expect([name, label, Math.abs((seen.get(label) ?? 0) - frames) <= Math.max(2, looked / 20)]).toEqual([
        name,
        label,
        true,
      ])
  }

  const dog = items.get('01_dog.mp4')!
  const part = await fetch(dog.url, { headers: { range: 'bytes=4-7' } })
  expect([part.status, part.headers.get('content-type'), await part.text()]).toEqual([206, 'video/mp4', 'ftyp'])
  const thumbnail = await fetch(dog.thumbnailUrl)
  expect([thumbnail.status, thumbnail.headers.get('content-type')]).toEqual([200, 'image/jpeg'])
}, 180_000)

test('a folder of videos is imported as one, and again without sending anything twice', async () => {
  const source = join(folder, 'source')
  mkdirSync(source)
  for (const name of ['slideshow.webm', 'bedroom.mp4']) copyFileSync(at(name), join(source, name))
  writeFileSync(join(source, 'notes.txt'), 'no video')
  const refusals: Refusal[] = []
  const importIt = (type?: 'IMAGE') =>
    importFolder(api(), {
      ...{ folder: source, collection: 'imported', type, recursive: false, concurrency: 2 },
      ...{ signal: new AbortController().signal, onRefusal: (refusal: Refusal) => refusals.push(refusal) },
    })
  expect(await importIt()).toMatchObject({ added: 2, present: 0, refused: 1 })
  expect(refusals).toEqual([expect.objectContaining({ code: 'CONTENT_TYPE_UNSUPPORTED' })])
  const { collectionId, ...again } = await importIt()
  expect(again).toMatchObject({ added: 0, present: 2 })
  expect([...(await itemsOf(collectionId)).values()].map(({ contentType }) => contentType)).toEqual(['VIDEO', 'VIDEO'])
  await expect(importIt('IMAGE')).rejects.toMatchObject({ code: 'COLLECTION_TYPE' })
}, 60_000)

test('what is no video is refused with its reason, each alone', async () => {
  const playlist = join(folder, 'playlist.mp4')
  writeFileSync(playlist, `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n${at('slideshow.mp4')}\n#EXT-X-ENDLIST\n`)
  const bad = ['truncated-video.mp4', 'audio-only.mp4', 'text-as-video.mp4'].map((name) =>
    join(mediaDir(), 'bad', name),
  )
  const collectionId = await createCollection(api(), 'bad', 'VIDEO')
  const refused = await addFiles(api(), collectionId, [...bad, playlist, join(mediaDir(), 'good', 'bus.jpg')])
  expect(refused.map(({ code, message, path }: UserError) => [path?.[1], code, message])).toEqual([
    ['0', 'MEDIA_UNREADABLE', expect.stringMatching(/cut off: of the 377 frames it promises, 23 are there/)],
    ['1', 'CONTENT_TYPE_UNSUPPORTED', expect.stringMatching(/only audio and no video/)],
    ['2', 'CONTENT_TYPE_UNSUPPORTED', expect.stringMatching(/text/)],
    ['3', 'CONTENT_TYPE_UNSUPPORTED', expect.stringMatching(/text/)],
    ['4', 'CONTENT_TYPE_UNSUPPORTED', expect.stringMatching(/of type IMAGE, and collection "bad" holds VIDEO/)],
  ])
}, 60_000)

test('a recording that was broken off keeps what could be read, and fails alone with the frame it ends at', async () => {
  const whole = makeVideo(join(folder, 'whole.mkv'), '-i', at('slideshow.mp4'), '-c', 'copy')
  const cut = cutFile(whole, join(folder, 'cut.mkv'), 0.5)
  const collectionId = await collectionOf('broken', [cut, whole])
  const job = await startAutoTag(api(), { scope: { collectionId }, ...at640, confidenceThreshold: 0.25 })
  expect(await jobEnd(api(), job.id)).toMatchObject({
    status: 'COMPLETED_WITH_ERRORS',
    counts: { succeeded: 1, failed: 1 },
  })
  const [failure, ...others] = await failuresOf(job.id)
  expect(others).toEqual([])
  expect(failure).toMatchObject({
    uniqueName: 'broken_cut.mkv',
    code: 'MEDIA_UNREADABLE',
    message: expect.stringMatching(/cut off/),
  })
  const items = await itemsOf(collectionId)
  const { frameCount, mediaType, annotations } = items.get('cut.mkv')!
  expect(failure!.frame).toBe(frameCount)
  expect(mediaType).toBe('video/x-matroska')
  const inTime = (nodes: VideoItem['annotations']['nodes']) =>
    nodes
      .filter(({ timestampSeconds }) => timestampSeconds < frameCount / 10)
      .map(({ label, frame }) => `${label} ${frame}`)
  expect(inTime(annotations.nodes).length).toBeGreaterThan(5)
  expect(inTime(annotations.nodes)).toEqual(inTime(items.get('whole.mkv')!.annotations.nodes))

  // Not marked done: whoever runs it again tries it again.
  const again = await startAutoTag(api(), { scope: { collectionId }, ...at640, confidenceThreshold: 0.25 })
  expect(await jobEnd(api(), again.id)).toMatchObject({ counts: { succeeded: 0, skipped: 1, failed: 1 } })
}, 60_000)

test('the vector of a video is the mean of the normalised vectors of its frames', async () => {
  const films = await collectionOf('films', [at('slideshow.mp4')])
  const job = await startEmbeddings(api(), { scope: { collectionId: films }, videoSampling: { frameCount: 2 } })
  expect(await jobEnd(api(), job.id)).toMatchObject({ status: 'COMPLETED', counts: { succeeded: 1 } })
  // The same two frames as pictures, by another way: frames 25 and 75 of 100.
  const stills = [25, 75].map((frame) =>
    makeVideo(
      join(folder, `${frame}.png`),
      '-i',
      at('slideshow.mp4'),
      '-vf',
      `select='eq(n,${frame})'`,
      '-frames:v',
      '1',
    ),
  )
  const pictures = await createCollection(api(), 'stills')
  expect(await addFiles(api(), pictures, stills)).toEqual([])
  const other = await startEmbeddings(api(), { scope: { collectionId: pictures } })
  expect(await jobEnd(api(), other.id)).toMatchObject({ status: 'COMPLETED', counts: { succeeded: 2 } })
  const names = ['films_slideshow.mp4', ...stills.map((file) => `stills_${basename(file)}`)]
  const { embeddingVectors } = await api().request<{ embeddingVectors: { embedding: { embeddings: number[] } }[] }>(
    `query ($names: [String!]!) { embeddingVectors(uniqueNames: $names) { embedding { embeddings } } }`,
    { names },
  )
  const [video, ...frames] = embeddingVectors.map(({ embedding }) => embedding.embeddings) as [number[], ...number[][]]
  const length = (vector: number[]) => Math.hypot(...vector)
  const mean = video.map((_, n) => frames.reduce((sum, frame) => sum + frame[n]! / length(frame) / 2, 0))
  const product = video.reduce((sum, value, n) => sum + value * mean[n]!, 0)
  expect(product / length(video) / length(mean)).toBeGreaterThan(0.995)
  expect(length(video) / length(mean)).toBeCloseTo(1, 1)
  expect(length(video)).toBeLessThan(0.99)
}, 60_000)

test('kill -9 in the middle of a video leaves no decoder and nothing to be seen; the next start doubles nothing', async () => {
  const collectionId = await collectionOf('killed', [at('one-by-one-person-detection.mp4')])
  // So low that a few frames are more than is held in memory.
  const input = { scope: { collectionId }, confidenceThreshold: 0.005 }
  const job = await startAutoTag(api(), input)
  const stage = async () =>
    (
      await api().request<{ job: { stage: string | null } }>(`query ($id: ID!) { job(id: $id) { stage } }`, {
        id: job.id,
      })
    ).job.stage
  const decoders = () => allProcesses().filter(({ command }) => /ffmpeg.*showinfo/.test(command))
  while (!/: 1:\d\d of 2:19/.test((await stage()) ?? '')) await sleep(20)
  expect(decoders()).toHaveLength(1)
  await gateway.kill()
  for (let tries = 0; decoders().length > 0 && tries < 100; tries++) await sleep(50)
  expect(decoders()).toEqual([])

  gateway = await spawnGateway(environment)
  const live = async () => (await itemsOf(collectionId)).get('one-by-one-person-detection.mp4')!
  expect((await live()).annotations.totalCount).toBe(0)
  expect(await jobEnd(api(), job.id)).toMatchObject({
    status: 'COMPLETED',
    counts: { total: 1, succeeded: 1, failed: 0 },
  })
  const { annotations, tags } = await live()
  expect(annotations.totalCount).toBeGreaterThan(500)
  // What an undisturbed run finds.
  const again = await startAutoTag(api(), { ...input, onExisting: 'REPLACE' })
  expect(await jobEnd(api(), again.id)).toMatchObject({ status: 'COMPLETED' })
  expect(await live()).toMatchObject({ annotations: { totalCount: annotations.totalCount }, tags })
}, 120_000)
