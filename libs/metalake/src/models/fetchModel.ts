import path from 'node:path'
import type { PublishedModel } from './catalogue'
import { DownloadFailure, type DownloadLimits, type DownloadProgress } from './download'
import { errors } from './errors'
import { exclusively } from './exclusive'
import { fetchFile } from './fetchFile'
import { requireLicense } from './license'
import { fetchedFolder, type ModelSettings } from './settings'

export interface FetchOptions {
  signal: AbortSignal
  onProgress?: ((progress: DownloadProgress) => void) | undefined
  limits?: Partial<DownloadLimits> | undefined
}

/** Throws what would keep the file of a system model from being fetched, before anything is tried. */
export function requireFetchable(settings: ModelSettings, model: PublishedModel): string {
  requireLicense(settings, model.name, model.license)
  const { address, byHand } = model.publisher
  if (address === null) throw unavailable(settings, model, byHand ?? 'its publisher offers no file to fetch')
  if (settings.offline) throw unavailable(settings, model, 'LAKELENS_OFFLINE is set, so nothing is fetched')
  return address
}

/**
 * Fetches the publisher's file into `LAKELENS_DATA/models` and returns its path, verified.
 * Throws LICENSE_DENIED, MODEL_UNAVAILABLE, MODEL_DIGEST_MISMATCH or MODEL_STORAGE_FULL.
 */
export async function fetchModel(
  settings: ModelSettings,
  model: PublishedModel,
  options: FetchOptions,
): Promise<string> {
  const address = requireFetchable(settings, model)
  const folder = fetchedFolder(settings)
  const { file, sha256, byteSize } = model.publisher
  try {
    return await exclusively(path.join(folder, file), options.signal, () =>
      fetchFile({
        ...options,
        address,
        folder,
        file,
        sha256,
        byteSize,
        mismatch: (expected, actual) =>
          errors.MODEL_DIGEST_MISMATCH({
            modelId: model.name,
            file: address,
            expected,
            actual,
            source: sha256 === null ? 'digests.json' : 'the catalogue',
          }),
      }),
    )
  } catch (error) {
    options.signal.throwIfAborted()
    if (error instanceof DownloadFailure) throw unavailable(settings, model, error.message, error)
    if (isFull(error)) throw errors.MODEL_STORAGE_FULL({ file, folder }, { cause: error })
    if (isSystemError(error))
      throw unavailable(settings, model, `${folder} can't be written (${String(systemCode(error))})`, error)
    throw error
  }
}

const unavailable = (settings: ModelSettings, { name, publisher }: PublishedModel, reason: string, cause?: unknown) =>
  errors.MODEL_UNAVAILABLE(
    { modelId: name, file: publisher.file, address: publisher.address, folder: fetchedFolder(settings), reason },
    cause === undefined ? {} : { cause },
  )

const systemCode = (error: unknown): unknown => {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } }
  return code ?? cause?.code
}
const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(String(systemCode(error)))
const isSystemError = (error: unknown): boolean => typeof error === 'object' && error !== null && 'errno' in error
