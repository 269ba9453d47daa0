import { findUpload } from '@lakelens/db'
import { LakeError } from '@lakelens/kernel'
import { z } from 'zod'
import { errors as metalake } from '../errors'
import type { Lake } from '../lake'
import { isUploadId } from '../uploads/createUpload'
import { errors as uploads } from '../uploads/errors'
import { errors } from './errors'
import { resolveImportPath } from './importPath'

/** Where a package comes from, as a client says it: exactly one. */
export interface PackageSource {
  uploadId?: string | null | undefined
  /** Below LAKELENS_IMPORT_DIR. */
  path?: string | null | undefined
  storageUrl?: string | null | undefined
}

/** The same, as a worker finds it: an upload by what it holds, so that the upload itself may end. */
export const storedSource = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('UPLOAD'), digest: z.string(), byteSize: z.number() }),
  z.object({ kind: z.literal('PATH'), path: z.string() }),
])
export type StoredSource = z.infer<typeof storedSource>

/** For people. */
export const sourceName = (source: StoredSource): string => (source.kind === 'UPLOAD' ? 'an upload' : source.path)

/** What makes two attempts ones from the same source. */
export const sourceKey = (source: StoredSource): string =>
  source.kind === 'UPLOAD' ? `upload:${source.digest}` : `path:${source.path}`

/** Judges a source by what can be said at once. Throws with its place in the input. */
export async function resolveSource(lake: Lake, source: PackageSource): Promise<StoredSource> {
  const given = Object.entries(source).filter(([, value]) => value != null)
  if (given.length !== 1) throw errors.SOURCE_INVALID({}, { path: ['source'] })
  if (source.storageUrl != null) {
    throw metalake.NOT_SUPPORTED(
      {
        field: 'source.storageUrl',
        what: 'registering from a storage address',
        instead: 'Send the package with createUpload',
      },
      { path: ['source', 'storageUrl'] },
    )
  }
  if (source.path != null) {
    const { relative } = await resolveImportPath(lake.models, source.path).catch((error: unknown) => {
      throw at(error, 'source', 'path')
    })
    return { kind: 'PATH', path: relative }
  }
  return uploaded(lake, source.uploadId ?? '').catch((error: unknown) => {
    throw at(error, 'source', 'uploadId')
  })
}

async function uploaded(lake: Lake, uploadId: string): Promise<StoredSource> {
  const upload = isUploadId(uploadId) ? await findUpload(lake.db, uploadId) : null
  if (!upload) throw uploads.UPLOAD_NOT_FOUND()
  if (upload.purpose !== 'MODEL') throw uploads.UPLOAD_PURPOSE({ purpose: upload.purpose, needed: 'MODEL' })
  if (upload.status === 'WAITING' || upload.digest === null) throw uploads.UPLOAD_WAITING()
  return { kind: 'UPLOAD', digest: upload.digest, byteSize: upload.byteSize }
}

const at = (error: unknown, ...path: string[]): unknown => (error instanceof LakeError ? error.at(...path) : error)
