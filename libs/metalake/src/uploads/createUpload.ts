import { randomBytes } from 'node:crypto'
import { insertUpload } from '@lakelens/db'
import { errors as metalake } from '../errors'
import type { Lake } from '../lake'
import { errors } from './errors'

/** How long an upload waits for its bytes, and its bytes to be used. */
export const uploadLifetimeSeconds = 24 * 60 * 60

const maxFileNameLength = 255

export interface NewUploadInput {
  fileName: string
  byteSize: number
  /** `ITEM`, `MODEL` or `ANNOTATIONS`; what other uploads are for comes with later versions. */
  purpose: string
  sha256?: string | null | undefined
}

export interface UploadTicket {
  id: string
  url: string
  method: 'PUT'
  headers: { name: string; value: string }[]
  expiresAt: Date
  maxBytes: number
}

/** A place to PUT bytes to. Judges what can be judged before they are there: what is in them decides nothing yet. */
export async function createUpload(lake: Lake, input: NewUploadInput): Promise<UploadTicket> {
  lake.viewer.require('run')
  const fileName = checkFileName(input.fileName)
  const { byteSize } = input
  if (!Number.isSafeInteger(byteSize) || byteSize < 0) throw errors.UPLOAD_SIZE_INVALID({}, { path: ['byteSize'] })
  const { purpose } = input
  if (purpose !== 'ITEM' && purpose !== 'MODEL' && purpose !== 'ANNOTATIONS')
    throw metalake.NOT_SUPPORTED(
      { field: 'purpose', what: 'an upload for anything but ITEM, MODEL and ANNOTATIONS', instead: 'Use one of these' },
      { path: ['purpose'] },
    )
  const limit = purpose === 'MODEL' ? lake.limits.maxModelBytes : lake.limits.maxUploadBytes
  if (byteSize > limit) throw errors.UPLOAD_TOO_LARGE({ limit, received: byteSize }, { path: ['byteSize'] })
  const sha256 = input.sha256?.toLowerCase() ?? null
  if (sha256 !== null && !/^[0-9a-f]{64}$/.test(sha256)) throw errors.UPLOAD_SHA256_INVALID({}, { path: ['sha256'] })

  const id = randomBytes(16).toString('base64url')
  await insertUpload(
    lake.db,
    { id, fileName, purpose, byteSize, sha256, createdBy: lake.viewer.name },
    uploadLifetimeSeconds,
  )
  const { url, expiresAt } = await lake.signer.sign({
    method: 'PUT',
    path: `/uploads/${id}`,
    maxBytes: byteSize,
    expiresIn: uploadLifetimeSeconds,
  })
  const headers = [{ name: 'Content-Type', value: 'application/octet-stream' }]
  return { id, url, method: 'PUT', headers, expiresAt, maxBytes: byteSize }
}

/** Whatever is no id anybody gave out is not worth a look-up. */
export const isUploadId = (text: string): boolean => /^[\w-]{22}$/.test(text)

function checkFileName(fileName: string): string {
  const refuse = (reason: string) => errors.UPLOAD_FILE_NAME_INVALID({ reason }, { path: ['fileName'] })
  if (fileName.trim() === '') throw refuse('it is empty')
  const { length } = [...fileName]
  if (length > maxFileNameLength) throw refuse(`it has ${length} characters; ${maxFileNameLength} is the limit`)
  if (/[/\\]/.test(fileName)) throw refuse('it holds a slash; send the name alone, without folders')
  if (/^\.\.?$/.test(fileName)) throw refuse('it means a folder')
  // Unpaired surrogates are not text: no database stores them.
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(fileName)) throw refuse('it holds control characters')
  return fileName
}
