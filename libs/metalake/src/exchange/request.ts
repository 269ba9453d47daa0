import { collectionsByIds, findUpload, lastItemId, type ReviewStatus } from '@lakelens/db'
import { announceWork, enqueue } from '@lakelens/jobs'
import { z } from 'zod'
import { digestOf } from '../analysis/request'
import { holdOpen } from '../collections/holdOpen'
import { errors as metalake } from '../errors'
import { isId } from '../ids'
import { resolveSelection, storedSelection, type Scope, type SelectionInput } from '../items/selection'
import { idempotencyKeyOf } from '../jobs/idempotencyKey'
import { toJob, type Job } from '../jobs/jobs'
import type { Lake } from '../lake'
import { isUploadId } from '../uploads/createUpload'
import { errors as uploads } from '../uploads/errors'

export const formats = ['COCO', 'YOLO', 'CSV'] as const
export type Format = (typeof formats)[number]

export interface ExportInput extends SelectionInput {
  scope: Scope
  format: Format
  /** Whose annotations; both people's and models' unless said. */
  types?: readonly ('RAW' | 'HUMAN' | 'MACHINE')[] | null | undefined
  /** 0..1; people's annotations have no confidence and stay. */
  minConfidence?: number | null | undefined
  /** All but rejected ones unless said. */
  review?: readonly ReviewStatus[] | null | undefined
  idempotencyKey?: string | null | undefined
}

export const exportPayload = z.object({
  selection: storedSelection,
  format: z.enum(formats),
  sources: z.array(z.enum(['HUMAN', 'MACHINE'])).nullable(),
  minConfidence: z.number().nullable(),
  review: z.array(z.enum(['PENDING', 'ACCEPTED', 'REJECTED', 'EDITED'])).nullable(),
  /** The last item it covers. */
  upTo: z.string(),
  /** What the file is of, for its name. */
  of: z.string(),
})
export type ExportPayload = z.infer<typeof exportPayload>

/** Queues the writing of an annotation file over the items the scope holds now. */
export async function exportAnnotations(lake: Lake, input: ExportInput): Promise<Job> {
  lake.viewer.require('run')
  const { format, minConfidence = null, review = null, types = null } = input
  if (minConfidence !== null && !(minConfidence >= 0 && minConfidence <= 1))
    throw metalake.PARAMETER_INVALID(
      { field: 'minConfidence', reason: 'lies between 0 and 1' },
      { path: ['minConfidence'] },
    )
  const sources = types?.filter((type) => type !== 'RAW') ?? null
  if (types?.length === 0 || types?.includes('RAW'))
    throw metalake.PARAMETER_INVALID({ field: 'types', reason: 'names HUMAN, MACHINE or both' }, { path: ['types'] })
  if (review?.length === 0)
    throw metalake.PARAMETER_INVALID({ field: 'review', reason: 'names at least one state' }, { path: ['review'] })
  const selection = await resolveSelection(lake, input, { unknownNames: 'refuse' })
  const [collection] = selection.collectionId === null ? [] : await collectionsByIds(lake.db, [selection.collectionId])
  const asked = { selection, format, sources, minConfidence, review: review === null ? null : [...review] }
  const payload: ExportPayload = { ...asked, upTo: await lastItemId(lake.db), of: collection?.name ?? 'metalake' }
  return queue(lake, {
    kind: 'exportAnnotations',
    name: `Export of annotations as ${format}`,
    // Without `upTo`: asked again while it is unfinished it is the same export, whatever was added meanwhile.
    key: digestOf({ kind: 'exportAnnotations', ...asked }),
    idempotencyKey: idempotencyKeyOf(lake.viewer, input.idempotencyKey),
    payload,
    parameters: { format, types: sources, minConfidence, review },
    collectionId: selection.collectionId,
  })
}

export interface ImportInput {
  /** Of an upload with the purpose ANNOTATIONS. */
  uploadId: string
  /** Database id. */
  collectionId: string
  format?: Format | undefined
  type?: 'RAW' | 'HUMAN' | 'MACHINE' | undefined
  idempotencyKey?: string | null | undefined
}

/** The file by what it holds: its upload may end while the job waits. */
export const importPayload = z.object({
  file: z.object({ digest: z.string(), byteSize: z.number() }),
  collectionId: z.string(),
  format: z.enum(formats),
  source: z.enum(['HUMAN', 'MACHINE']),
})
export type ImportPayload = z.infer<typeof importPayload>

/** Queues the reading of an annotation file into a collection. */
export async function importAnnotations(lake: Lake, input: ImportInput): Promise<Job> {
  lake.viewer.require('run')
  const { format = 'COCO', type = 'HUMAN' } = input
  if (type === 'RAW')
    throw metalake.PARAMETER_INVALID({ field: 'type', reason: 'is HUMAN or MACHINE' }, { path: ['type'] })
  const upload = isUploadId(input.uploadId) ? await findUpload(lake.db, input.uploadId) : null
  const path = ['uploadId']
  if (!upload) throw uploads.UPLOAD_NOT_FOUND({}, { path })
  if (upload.purpose !== 'ANNOTATIONS')
    throw uploads.UPLOAD_PURPOSE({ purpose: upload.purpose, needed: 'ANNOTATIONS' }, { path })
  if (upload.status === 'WAITING' || upload.digest === null) throw uploads.UPLOAD_WAITING({}, { path })
  const [collection] = isId(input.collectionId) ? await collectionsByIds(lake.db, [input.collectionId]) : []
  if (!collection) throw metalake.COLLECTION_NOT_FOUND({}, { path: ['collectionId'] })
  const payload: ImportPayload = {
    file: { digest: upload.digest, byteSize: upload.byteSize },
    collectionId: collection.id,
    format,
    source: type,
  }
  return queue(lake, {
    kind: 'importAnnotations',
    name: `Import of annotations into ${collection.name}`,
    key: digestOf({ kind: 'importAnnotations', payload, by: type === 'HUMAN' ? lake.viewer.name : null }),
    idempotencyKey: idempotencyKeyOf(lake.viewer, input.idempotencyKey),
    payload,
    parameters: { format, type, fileName: upload.fileName },
    collectionId: collection.id,
  })
}

interface NewExchange {
  kind: 'exportAnnotations' | 'importAnnotations'
  name: string
  key: string
  idempotencyKey: string | null
  payload: ExportPayload | ImportPayload
  parameters: Record<string, unknown>
  collectionId: string | null
}

async function queue(lake: Lake, asked: NewExchange): Promise<Job> {
  const { kind, collectionId } = asked
  const path = kind === 'importAnnotations' ? ['collectionId'] : ['scope', 'collectionId']
  const { job, isNew } = await lake.db.transaction(async (tx) => {
    if (collectionId !== null) await holdOpen(tx, collectionId, path)
    return enqueue(tx, { ...asked, createdBy: lake.viewer.name }, null)
  })
  if (job.key !== asked.key || job.kind !== asked.kind)
    throw metalake.IDEMPOTENCY_KEY_REUSED({}, { path: ['idempotencyKey'] })
  if (isNew) announceWork(lake.db)
  lake.log.info({ jobId: job.id, isNew, kind: asked.kind }, 'job queued')
  return toJob(job)
}
