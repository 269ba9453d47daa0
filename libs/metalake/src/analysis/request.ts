import { createHash } from 'node:crypto'
import { lastItemId } from '@lakelens/db'
import { announceWork, enqueue } from '@lakelens/jobs'
import { z } from 'zod'
import { holdOpen } from '../collections/holdOpen'
import { errors } from '../errors'
import { resolveSelection, storedSelection, type Scope, type SelectionInput } from '../items/selection'
import { idempotencyKeyOf } from '../jobs/idempotencyKey'
import { toJob, type Job } from '../jobs/jobs'
import { analysisTypes, type AnalysisKind } from '../jobs/kinds'
import type { Lake } from '../lake'
import { atModelId, checkModel, type RunnableApplication } from '../models'

/** What every run over items is asked with. */
export interface AnalysisInput extends SelectionInput {
  scope: Scope
  modelId?: string | undefined
  inferencePlatform?: 'USE_ENV' | 'AWS' | 'LOCAL' | undefined
  onExisting?: 'SKIP' | 'REPLACE' | undefined
  idempotencyKey?: string | null | undefined
}

/** Jobs that were queued before there were queries and filters have the scope alone; an update must not lose them. */
function withSelection(payload: unknown): unknown {
  if (typeof payload !== 'object' || payload === null || 'selection' in payload) return payload
  const { collectionId, itemIds } = payload as Record<string, unknown>
  return { ...payload, selection: { collectionId, itemIds, contentType: null, query: null, filter: null } }
}

/** What a worker needs to know of the request. `options` are the kind's own. */
export const analysisPayload = z.preprocess(
  withSelection,
  z.object({
    model: z.string(),
    selection: storedSelection,
    onExisting: z.enum(['SKIP', 'REPLACE']),
    options: z.unknown(),
  }),
)
export type AnalysisPayload = z.infer<typeof analysisPayload>

const jobNames: Record<AnalysisKind, string> = { autoTag: 'Auto-tagging', embeddings: 'Embeddings' }

/** SHA-256 of a value whatever the order of its keys. */
export function digestOf(value: unknown): string {
  const canonical = JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
  return createHash('sha256').update(canonical).digest('hex')
}

/**
 * Queues a run over the items the scope holds now, and returns its job at once. Asking again while it is unfinished, or
 * with the same idempotency key at any time, returns the same job, so that clients may retry freely.
 */
export async function startAnalysis(
  lake: Lake,
  kind: AnalysisKind,
  application: RunnableApplication,
  input: AnalysisInput,
  options: Record<string, unknown>,
): Promise<Job> {
  lake.viewer.require('run')
  refuseAws(input.inferencePlatform)
  const model = await atModelId(checkModel(lake, input.modelId ?? 'default', application))
  const selection = await resolveSelection(lake, input, { unknownNames: 'refuse' })
  const idempotencyKey = idempotencyKeyOf(lake.viewer, input.idempotencyKey)
  const upperBound = await lastItemId(lake.db)
  const onExisting = input.onExisting ?? 'SKIP'
  const payload: AnalysisPayload = {
    model: model.version === undefined ? model.name : `${model.name}:${model.version}`,
    selection,
    onExisting,
    options,
  }
  const key = digestOf({ kind, payload })
  const newJob = {
    kind,
    name: `${jobNames[kind]} with ${model.name}`,
    key,
    idempotencyKey,
    payload,
    parameters: { modelId: payload.model, onExisting, inferencePlatform: 'LOCAL', ...options },
    collectionId: selection.collectionId,
    createdBy: lake.viewer.name,
  }
  const { job, isNew } = await lake.db.transaction(async (tx) => {
    if (selection.collectionId !== null) await holdOpen(tx, selection.collectionId, ['scope', 'collectionId'])
    return enqueue(tx, newJob, upperBound)
  })
  if (job.key !== key || job.kind !== kind) throw errors.IDEMPOTENCY_KEY_REUSED({}, { path: ['idempotencyKey'] })
  if (isNew) announceWork(lake.db)
  lake.log.info({ jobId: job.id, isNew, type: analysisTypes[kind], model: payload.model }, 'job queued')
  return toJob(job)
}

/** A platform whose meaning is fixed and whose work is still to come: better refused than ignored. */
export function refuseAws(inferencePlatform: string | null | undefined): void {
  if (inferencePlatform === 'AWS') {
    throw errors.NOT_SUPPORTED(
      { field: 'inferencePlatform', what: 'inference on AWS' },
      { path: ['inferencePlatform'] },
    )
  }
}
