import type { Readable } from 'node:stream'
import { findUpload, markUploadReceived, type UploadRow } from '@lakelens/db'
import { isLakeError } from '@lakelens/kernel'
import type { StoredBlob } from '@lakelens/media'
import type { Lake } from '../lake'
import { isUploadId, uploadLifetimeSeconds } from './createUpload'
import { errors } from './errors'
import { startProbe } from './probe'
import { storeBlob } from './storeBlob'

export interface ReceiveOptions {
  /** As the request declares it, so that a wrong size is refused before a byte is read. */
  contentLength?: number | undefined
  signal?: AbortSignal | undefined
}

/**
 * Takes the bytes of an upload, whose signed address is the permission: no viewer is asked. A PUT that was interrupted may be
 * repeated. So may one that has ended, with the same bytes: its answer may have been lost. Other bytes are a conflict.
 * What is refused leaves `body` open where it stands.
 */
export async function receiveUpload(
  lake: Lake,
  uploadId: string,
  body: Readable,
  options: ReceiveOptions = {},
): Promise<StoredBlob> {
  const upload = isUploadId(uploadId) ? await findUpload(lake.db, uploadId) : null
  if (!upload) throw errors.UPLOAD_NOT_FOUND()
  if (options.contentLength !== undefined) checkSize(upload, options.contentLength)
  const stored = await storeDeclared(lake, upload, body, options.signal)
  const isMine = await markUploadReceived(lake.db, upload.id, stored.digest, uploadLifetimeSeconds)
  if (!isMine) {
    const present = await findUpload(lake.db, upload.id)
    if (!present) throw errors.UPLOAD_NOT_FOUND()
    if (present.digest !== stored.digest) throw errors.UPLOAD_FINISHED()
    if (present.status !== 'RECEIVED') return stored
  }
  // A package is looked into when it is registered, by who knows what for.
  if (upload.purpose !== 'ITEM') return stored
  // The answer doesn't wait for it. Who needs its end calls `ensureProbed`, which starts it again when it failed here.
  void startProbe(lake, { id: upload.id, byteSize: stored.byteSize }).catch((error: unknown) =>
    lake.log.warn({ err: error, uploadId: upload.id }, 'an upload could not be probed yet'),
  )
  return stored
}

function checkSize(upload: UploadRow, received: number): void {
  if (received > upload.byteSize) throw errors.UPLOAD_OVERFLOW({ declared: upload.byteSize })
  if (received < upload.byteSize) throw errors.UPLOAD_INCOMPLETE({ declared: upload.byteSize, received })
}

/** The store's refusals, in the words of what was declared. */
async function storeDeclared(
  lake: Lake,
  upload: UploadRow,
  body: Readable,
  signal: AbortSignal | undefined,
): Promise<StoredBlob> {
  const digest = upload.digest ?? upload.sha256 ?? undefined
  try {
    return await storeBlob(lake, body, {
      maxBytes: upload.byteSize,
      expected: { byteSize: upload.byteSize, ...(digest !== undefined && { digest }) },
      ...(signal && { signal }),
    })
  } catch (error) {
    if (!isLakeError(error)) throw error
    const declared = upload.byteSize
    if (error.code === 'BLOB_TOO_LARGE') throw errors.UPLOAD_OVERFLOW({ declared }, { cause: error })
    if (error.code === 'SIZE_DIFFERS')
      throw errors.UPLOAD_INCOMPLETE({ declared, received: Number(error.facts.received) }, { cause: error })
    if (error.code !== 'DIGEST_DIFFERS') throw error
    if (upload.digest !== null) throw errors.UPLOAD_FINISHED({}, { cause: error })
    throw errors.UPLOAD_DIGEST_DIFFERS(
      { declared: upload.sha256 ?? '', received: String(error.facts.received) },
      { cause: error },
    )
  }
}
