import type { ProbedFacts } from '@lakelens/db'
import { isLakeError } from '@lakelens/kernel'
import { sniffedBytes, sniffVideo } from '@lakelens/media'
import type { Lake } from '../lake'
import { errors } from './errors'

/** Pixels of a thumbnail's longer side, of pictures and videos alike. */
export const thumbnailSize = 320
/** A film of several gigabytes is read through in a minute from a slow disk. */
const probeTimeoutMs = 600_000

export type Found = Omit<ProbedFacts, 'thumbnailDigest'> & { thumbnail: Uint8Array }
export interface Refused {
  refusal: { code: string; message: string }
}

export const beginsAsVideo = async (lake: Lake, digest: string): Promise<boolean> =>
  sniffVideo(await headOf(lake, digest)) !== null

/**
 * Looks into stored bytes that begin as a video does, where they lie, whatever their size. The container is read through, and a
 * frame decoded; what can't be read is refused with the reason.
 */
export async function probeVideo(lake: Lake, digest: string): Promise<Found | Refused> {
  const signal = AbortSignal.timeout(probeTimeoutMs)
  try {
    return await lake.blobs.withFile(digest, async (path) => {
      const { mediaType, width, height, ...facts } = await lake.videos.probe(path, { signal })
      const video = { durationSeconds: facts.durationSeconds, frameCount: facts.frameCount, frameRate: facts.frameRate }
      const thumbnail = await lake.videos.thumbnail(path, { width, height, ...video }, thumbnailSize, { signal })
      return { contentType: 'VIDEO', mediaType, width, height, video, thumbnail }
    })
  } catch (error) {
    return { refusal: refusalOf(error, signal) }
  }
}

async function headOf(lake: Lake, digest: string): Promise<Uint8Array> {
  const { byteSize } = (await lake.blobs.stat(digest)) ?? { byteSize: 0 }
  if (byteSize === 0) return new Uint8Array()
  const pieces: Buffer[] = []
  const head = await lake.blobs.open(digest, { start: 0, end: Math.min(byteSize, sniffedBytes) - 1 })
  for await (const piece of head) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

/** What is wrong with the file, or that this installation takes no videos. Anything else is no answer, and is thrown. */
function refusalOf(error: unknown, signal: AbortSignal): Refused['refusal'] {
  if (signal.aborted) {
    const { category, message } = errors.VIDEO_TOO_SLOW({ seconds: probeTimeoutMs / 1000 })
    return { code: category, message }
  }
  if (!isLakeError(error)) throw error
  if (error.code === 'VIDEO_TOOLS_MISSING') return { code: 'CONTENT_TYPE_UNSUPPORTED', message: error.message }
  if (!/^(MEDIA_UNREADABLE|CONTENT_TYPE_UNSUPPORTED|LIMIT_EXCEEDED)$/.test(error.category)) throw error
  return { code: error.category, message: error.message }
}
