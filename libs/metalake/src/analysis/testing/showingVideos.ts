import { readFile } from 'node:fs/promises'
import { insertItems, touchBlob } from '@lakelens/db'
import { LakeError } from '@lakelens/kernel'
import type { SampledFrame, VideoSampling, VideoTools } from '@lakelens/media'
import { createCollection, type Lake } from '../..'
import type { Filled, Shown } from './showingLake'

/** What a video shows, said by its bytes, ten frames a second. */
export interface ShownVideo {
  frames: Partial<Shown>[]
  /** The file ends before this frame. */
  breaksAt?: number
  /** All, unless said. */
  keyFrames?: number[]
}

/** Videos whose frames are told by their files: what a decoder does, without one. */
export class ShowingVideos implements VideoTools {
  samplings: VideoSampling[] = []
  isMissing = false
  /** Frames given, and how often a decoder was started and ended. */
  given = 0
  started = 0
  ended = 0
  /** Runs before a frame is given. */
  beforeFrame: (index: number, run: number) => Promise<unknown> = () => Promise.resolve()

  reset(): void {
    Object.assign(this, new ShowingVideos())
  }

  describe = () => Promise.resolve({ available: !this.isMissing, detail: 'told by the files' })
  probe = (): Promise<never> => Promise.reject(new Error('nothing is probed here'))
  thumbnail = (): Promise<never> => Promise.reject(new Error('nothing is shown here'))

  async *frames(path: string, _facts: unknown, sampling: VideoSampling, { signal }: { signal?: AbortSignal } = {}) {
    this.samplings.push(sampling)
    if (this.isMissing) throw new LakeError('VIDEO_TOOLS_MISSING', 'UNAVAILABLE', 'ffmpeg is not on the PATH.')
    const { frames, breaksAt = Infinity, keyFrames } = JSON.parse(await readFile(path, 'utf8')) as ShownVideo
    const run = ++this.started
    try {
      for (const [index, shown] of frames.entries()) {
        signal?.throwIfAborted()
        if (index >= breaksAt) {
          const message = `The video can't be read to its end: it is cut off at frame ${breaksAt}.`
          throw new LakeError('VIDEO_UNREADABLE', 'MEDIA_UNREADABLE', message, { frame: breaksAt })
        }
        if (index % everyNth(sampling) !== 0) continue
        if ('keyframesOnly' in sampling && keyFrames?.includes(index) === false) continue
        await this.beforeFrame(index, run)
        this.given++
        yield frameOf(index, shown)
      }
    } finally {
      this.ended++
    }
  }
}

const everyNth = (sampling: VideoSampling): number =>
  'everyNthFrame' in sampling ? sampling.everyNthFrame : 'fps' in sampling ? 10 / sampling.fps : 1

const frameOf = (index: number, shown: Partial<Shown>): SampledFrame => ({
  index,
  timestampSeconds: index / 10,
  data: Buffer.from(JSON.stringify({ boxes: [], vector: [], ...shown })),
})

let collections = 0

/** A new collection of these videos. */
export async function fillVideos(lake: Lake, videos: readonly ShownVideo[]): Promise<Filled> {
  const { id, name } = await createCollection(lake, { name: `films ${collections++}`, contentType: 'VIDEO' })
  const rows = []
  for (const [n, video] of videos.entries()) {
    const bytes = Buffer.from(JSON.stringify({ ...video, n: `${name} ${n}` }))
    const { digest, byteSize } = await lake.blobs.put(bytes, { maxBytes: 10_000_000 })
    await touchBlob(lake.db, { digest, byteSize })
    rows.push({
      ...{ collectionId: id, uniqueName: `${name}_${n}.mp4`, name: `${n}.mp4`, contentType: 'VIDEO' as const },
      ...{ mediaType: 'video/mp4', digest, byteSize, width: 10, height: 10, thumbnailDigest: null },
      ...{ durationSeconds: video.frames.length / 10, frameCount: video.frames.length, frameRate: 10 },
    })
  }
  const items = await insertItems(lake.db, rows, 'test')
  return { id, name, names: rows.map((row) => row.uniqueName), itemIds: items.map((item) => item.id) }
}
