import { useDatabase } from '@lakelens/db/testing'
import { LakeError } from '@lakelens/kernel'
import type { KnownFacts, VideoTools } from '@lakelens/media'
import { Readable } from 'node:stream'
import { addItems, createCollection, itemUrl, thumbnailUrl } from '..'
import { createUpload } from './createUpload'
import { ensureProbed } from './ensureProbed'
import { receiveUpload } from './receiveUpload'
import { useTestLake } from './uploadsTestLake'

const database = useDatabase()
const { lake, backend } = useTestLake(database)

const head = Buffer.from('\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41', 'latin1')
const facts = { mediaType: 'video/mp4', codec: 'h264', width: 480, height: 640, rotation: 90 }
const counted = { durationSeconds: 10.5, frameCount: 315, frameRate: 30 }

/** Looks at files that say in words, behind the bytes of a container, what is wrong with them. */
const tools = (answer: () => void = () => undefined): VideoTools => ({
  describe: () => Promise.resolve({ available: true, detail: '' }),
  async probe() {
    answer()
    return { ...facts, ...counted }
  },
  thumbnail: (_path, known: KnownFacts, size) =>
    Promise.resolve(Buffer.from(`${known.width} by ${known.height} in ${size}`)),

  async *frames() {
    throw new Error('nothing is looked at here')
  },
})

let sent = 0
async function upload(bytes: Buffer, fileName = 'film.mp4'): Promise<string> {
  const { id } = await createUpload(lake(), { fileName, byteSize: bytes.byteLength, purpose: 'ITEM' })
  await receiveUpload(lake(), id, Readable.from([bytes]), {})
  return id
}
const video = (size = 100): Buffer => Buffer.concat([head, Buffer.alloc(size, `film ${sent++} `)])

beforeEach(() => {
  lake().videos = tools()
})

test('a video is told by its bytes, looked into where it lies, and has a thumbnail; its name and the pictures’ limits mean nothing', async () => {
  const before = backend.probes
  const probed = await ensureProbed(lake(), await upload(video(), 'holiday.jpg'))
  expect(probed).toMatchObject({ contentType: 'VIDEO', mediaType: 'video/mp4', width: 480, height: 640, ...counted })
  expect(String(await lake().blobs.read(probed.thumbnailDigest!, 100))).toBe('480 by 640 in 320')
  expect(backend.probes).toBe(before)
})

test('it becomes an item of a collection of videos, served as what it is', async () => {
  const films = await createCollection(lake(), { name: 'films', contentType: 'VIDEO' })
  const uploadId = await upload(video())
  const { items, errors } = await addItems(lake(), { collectionId: films.id, items: [{ source: { uploadId } }] })
  expect(errors).toEqual([])
  const [item] = items
  expect(item).toMatchObject({ uniqueName: 'films_film.mp4', contentType: 'VIDEO', mediaType: 'video/mp4', ...counted })
  const grant = (url: string | null) => Object.fromEntries(new URL(url!).searchParams)
  expect(JSON.stringify(grant(await itemUrl(lake(), item!, 60)))).toContain('video/mp4')
  expect(JSON.stringify(grant(await thumbnailUrl(lake(), item!)))).toContain('image/jpeg')
})

test('pictures stay out of collections of videos, and videos out of those of pictures, each refused alone', async () => {
  const films = await createCollection(lake(), { name: 'only films', contentType: 'VIDEO' })
  const photos = await createCollection(lake(), { name: 'only photos', contentType: 'IMAGE' })
  const picture = () => upload(Buffer.from(`picture 10x${++sent}`), `${sent}.png`)
  for (const [collection, found, takes, wrong, right] of [
    [films, 'IMAGE', 'VIDEO', await picture(), await upload(video())],
    [photos, 'VIDEO', 'IMAGE', await upload(video()), await picture()],
  ] as const) {
    const items = [wrong, right].map((uploadId) => ({ source: { uploadId } }))
    const added = await addItems(lake(), { collectionId: collection.id, items })
    expect(added.items).toHaveLength(1)
    expect(added.errors).toEqual([
      expect.objectContaining({
        category: 'CONTENT_TYPE_UNSUPPORTED',
        path: ['items', '0', 'source', 'uploadId'],
        message: `The file is of type ${found}, and collection "${collection.name}" holds ${takes}. Add it to a collection of ${found}.`,
      }),
    ])
  }
  await expect(createCollection(lake(), { name: 'anything', contentType: 'OTHER' })).rejects.toMatchObject({
    code: 'NOT_SUPPORTED',
  })
})

test.each([
  [new LakeError('VIDEO_UNREADABLE', 'MEDIA_UNREADABLE', 'It is cut off.'), 'MEDIA_UNREADABLE', 'It is cut off.'],
  [
    new LakeError('VIDEO_WITHOUT_PICTURES', 'CONTENT_TYPE_UNSUPPORTED', 'Only audio.'),
    'CONTENT_TYPE_UNSUPPORTED',
    'Only audio.',
  ],
  [new LakeError('VIDEO_TOO_LARGE', 'LIMIT_EXCEEDED', 'Too large.'), 'LIMIT_EXCEEDED', 'Too large.'],
  [
    new LakeError('VIDEO_TOOLS_MISSING', 'UNAVAILABLE', 'Install FFmpeg.'),
    'CONTENT_TYPE_UNSUPPORTED',
    'Install FFmpeg.',
  ],
])('%s refuses the upload for good, with its reason', async (error, category, message) => {
  lake().videos = tools(() => {
    throw error
  })
  const id = await upload(video())
  for (let times = 0; times < 2; times++)
    await expect(ensureProbed(lake(), id)).rejects.toMatchObject({ category, message })
})

test('a fault that says nothing of the file refuses nothing', async () => {
  let faults = 0
  lake().videos = tools(() => {
    if (faults++ < 1) throw new LakeError('DISK_AWAY', 'UNAVAILABLE', 'The disk is away.', { retryable: true })
  })
  expect(await ensureProbed(lake(), await upload(video()))).toMatchObject({ contentType: 'VIDEO' })
})
