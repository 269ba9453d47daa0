import type { Report } from '@lakelens/folder-validator'
import { apiError, type Api, type UserError } from '../api'
import { putFile, type UploadTarget } from '../import/putFile'
import { withPackedFile, type PackedFile } from './packFolder'

export interface RegisterOptions {
  /** A folder, a .tar or a .tar.gz. */
  path: string
  modelName: string
  application: string
  alias?: string | undefined
  description?: string | undefined
  license?: string | undefined
  prepare: boolean
  signal: AbortSignal
  /** `fraction`: 0..1, or null where it can't be told. */
  onProgress(step: 'packing' | 'uploading' | 'checking', fraction: number | null, note: string): void
}

/** What became of it: `version` is null when there is none, of a job that failed before it had one. */
export interface RegisterOutcome {
  modelId: string
  version: number | null
  status: string
  validation: Report | null
}

const report = 'validation { ok durationMs checks { code name outcome message file line hint } }'

interface Answer {
  version: { version: number; status: string } | null
  validation: Report | null
  job: { id: string } | null
  userErrors: UserError[]
}

/**
 * Packs, uploads and registers, and follows the registration to its end. Throws what the request was refused for; a package
 * that fails its checks is an outcome.
 */
export async function registerPackage(api: Api, options: RegisterOptions): Promise<RegisterOutcome> {
  const { path, signal, onProgress } = options
  const packing = {
    signal,
    onProgress: (fraction: number | null, bytes: number) => onProgress('packing', fraction, megabytes(bytes)),
  }
  const uploadId = await withPackedFile(path, packing, (file) => upload(api, file, options))
  onProgress('checking', null, 'asked')
  const answer = await ask(api, uploadId, options)
  if (answer.job) return follow(api, answer.job.id, options)
  const { version, validation } = answer
  if (version === null) throw refusalOf(answer)
  return { modelId: options.modelName, version: version.version, status: version.status, validation }
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

async function upload(api: Api, file: PackedFile, { signal, onProgress }: RegisterOptions): Promise<string> {
  const { upload: target } = await api.mutate<{ upload: UploadTarget; userErrors: UserError[] }>(
    `mutation Upload($input: CreateUploadInput!) {
       createUpload(input: $input) {
         upload { id url method headers { name value } }
         userErrors { code message path }
       }
     }`,
    { input: { fileName: file.fileName, byteSize: file.byteSize, purpose: 'MODEL' } },
    signal,
  )
  await putFile(target, file.path, file.byteSize, signal, (sent) =>
    onProgress('uploading', sent / file.byteSize, `${megabytes(sent)} of ${megabytes(file.byteSize)}`),
  )
  return target.id
}

async function ask(api: Api, uploadId: string, options: RegisterOptions): Promise<Answer> {
  const { modelName, application, alias, description, license, prepare, signal } = options
  const input = {
    source: { uploadId },
    modelName,
    application,
    alias,
    description,
    license,
    prepare,
  }
  const { registerModel } = await api.request<{ registerModel: Answer }>(
    `mutation Register($input: RegisterModelInput!) {
       registerModel(input: $input) {
         version { version status }
         ${report}
         job { id }
         userErrors { code message path }
       }
     }`,
    { input },
    { signal },
  )
  return registerModel
}

function refusalOf({ userErrors: [first] }: Answer): Error {
  return apiError(first?.code ?? 'INTERNAL', first?.message ?? 'The API registered nothing and said no reason.', {
    path: first?.path ?? [],
  })
}

interface Event {
  status: string
  progress: number
  stage: string | null
  job: { modelVersion: number | null; validation: Report | null; error: { code: string; message: string } | null }
}

async function follow(
  api: Api,
  id: string,
  { modelName, signal, onProgress }: RegisterOptions,
): Promise<RegisterOutcome> {
  const fields = `status progress stage job { modelVersion error { code message } ${report} }`
  const events = api.subscribe<{ jobProgress: Event }>(
    `subscription Follow($id: ID!) { jobProgress(id: $id) { ${fields} } }`,
    { id },
    signal,
  )
  let last: Event | undefined
  for await (const { jobProgress } of events) {
    last = jobProgress
    onProgress('checking', last.progress / 100, noteOf(last))
  }
  if (last === undefined) throw apiError('NOT_FOUND', `The job ${id} is gone.`)
  const { validation, modelVersion, error } = last.job
  if (validation === null) throw apiError(error?.code ?? 'JOB_STATE', error?.message ?? `The job is ${last.status}.`)
  return {
    modelId: modelName,
    version: modelVersion,
    status: last.status === 'COMPLETED' ? 'READY' : 'FAILED',
    validation,
  }
}

const noteOf = ({ stage, job }: Event): string => (job.error ? `waiting: ${job.error.message}` : (stage ?? ''))
