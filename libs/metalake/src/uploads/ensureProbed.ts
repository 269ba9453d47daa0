import { findUpload, type UploadRow } from '@lakelens/db'
import { isLakeError, jitteredBackoff, LakeError, sleep, userErrorCodes, type UserErrorCode } from '@lakelens/kernel'
import type { Lake } from '../lake'
import { isUploadId } from './createUpload'
import { errors } from './errors'
import { isProbing, startProbe } from './probe'

export interface ProbedUpload {
  id: string
  fileName: string
  digest: string
  byteSize: number
  contentType: 'IMAGE' | 'VIDEO'
  mediaType: string
  width: number
  height: number
  /** WebP, of a video JPEG; null when none was made. */
  thumbnailDigest: string | null
  /** Of a video; null for pictures. */
  durationSeconds: number | null
  frameCount: number | null
  frameRate: number | null
}

const halfAMinute = 30_000
const pollMs = 100
/** The replica that took the bytes is probably looking into them; one that died has left them to us. */
const othersTurnMs = 1_000

/**
 * What is known of a received upload, waiting for its probe, or running it, for half a minute. Throws UPLOAD_NOT_FOUND,
 * UPLOAD_WAITING, PROBE_UNAVAILABLE, or the reason why its content was refused (MEDIA_UNREADABLE, CONTENT_TYPE_UNSUPPORTED, ...).
 */
export async function ensureProbed(
  lake: Lake,
  uploadId: string,
  signal?: AbortSignal,
  patienceMs = halfAMinute,
): Promise<ProbedUpload> {
  lake.viewer.require('run')
  if (!isUploadId(uploadId)) throw errors.UPLOAD_NOT_FOUND()
  const began = performance.now()
  const patience = AbortSignal.timeout(patienceMs)
  const ends = signal ? AbortSignal.any([signal, patience]) : patience
  let fault: unknown
  for (let attempt = 0; ;) {
    const upload = await findUpload(lake.db, uploadId)
    const probed = judge(upload)
    if (probed) return probed
    try {
      ends.throwIfAborted()
      if (!isProbing(lake.db, uploadId) && performance.now() - began < othersTurnMs) await sleep(pollMs, ends)
      else {
        fault = await faultOf(lake, uploadId, upload?.byteSize ?? 0, ends)
        if (fault !== undefined) await sleep(jitteredBackoff((attempt += 1), 200, 2_000), ends)
      }
    } catch (error) {
      signal?.throwIfAborted()
      if (!patience.aborted) throw error
      throw errors.PROBE_UNAVAILABLE({ seconds: patienceMs / 1000 }, { cause: fault })
    }
  }
}

/** Null while it is not known yet. */
function judge(upload: UploadRow | null): ProbedUpload | null {
  if (!upload) throw errors.UPLOAD_NOT_FOUND()
  if (upload.purpose !== 'ITEM') throw errors.UPLOAD_PURPOSE({ purpose: upload.purpose, needed: 'ITEM' })
  if (upload.status === 'WAITING') throw errors.UPLOAD_WAITING()
  if (upload.status === 'REFUSED') throw refusalOf(upload)
  if (upload.status === 'RECEIVED') return null
  const { digest, mediaType, width, height } = upload
  if (digest === null || mediaType === null || width === null || height === null) throw errors.PROBE_LOST()
  const { id, fileName, byteSize, thumbnailDigest, durationSeconds, frameCount, frameRate } = upload
  // What was probed before there were videos is a picture.
  const contentType = upload.contentType ?? 'IMAGE'
  return {
    ...{ id, fileName, digest, byteSize, contentType, mediaType, width, height, thumbnailDigest },
    ...{ durationSeconds, frameCount, frameRate },
  }
}

/** A code of the backend that the API doesn't know still means that the content can't be read. */
function refusalOf({ refusal }: UploadRow): LakeError {
  const { code, message } = refusal ?? {
    code: 'MEDIA_UNREADABLE',
    message: 'The content could not be read.',
  }
  const category = userErrorCodes.includes(code as UserErrorCode) ? (code as UserErrorCode) : 'MEDIA_UNREADABLE'
  return new LakeError(code, category, message)
}

/** Runs the probe, or joins the one under way; what is worth another attempt is returned, everything else thrown. */
async function faultOf(lake: Lake, id: string, byteSize: number, signal: AbortSignal): Promise<unknown> {
  try {
    await abandonable(startProbe(lake, { id, byteSize }), signal)
    return undefined
  } catch (error) {
    if (isLakeError(error) && error.facts.retryable === true) return error
    throw error
  }
}

/** Stops waiting when the signal comes; the work itself goes on for whoever else waits for it. */
function abandonable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
