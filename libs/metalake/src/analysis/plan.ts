import { countItems, planItems, type Db, type ItemSelection, type JobRow } from '@lakelens/db'
import type { Plan } from '@lakelens/jobs'
import type { Lake } from '../lake'
import { analysisPayload, type AnalysisPayload } from './request'

/** Items looked at in one planning step: constant memory, and a transaction of a few milliseconds. */
const stretch = 512
/** Items a page holds: big enough that claiming and settling cost little, small enough that little is repeated after a crash. */
export const pageSize = 16

export const payloadOf = (job: JobRow): AnalysisPayload => analysisPayload.parse(job.payload)

const selectionOf = (payload: AnalysisPayload): ItemSelection => ({
  collectionId: payload.collectionId,
  itemIds: payload.itemIds,
})

export const countSelected = (lake: Lake, job: JobRow): Promise<number> =>
  countItems(lake.db, selectionOf(payloadOf(job)))

/** What the job was prepared with; a job is always prepared before it is planned or run. */
export function preparedKey(job: JobRow): { modelVersionId: string; parametersDigest: string } {
  if (job.modelVersionId === null || job.parametersDigest === null) throw new Error(`job ${job.id} was not prepared`)
  return { modelVersionId: job.modelVersionId, parametersDigest: job.parametersDigest }
}

/** The next stretch of a run's items. Under SKIP those processed with the same model version and parameters are left out. */
export async function planStretch(tx: Db, job: JobRow, range: { after: string; upTo: string }): Promise<Plan> {
  const payload = payloadOf(job)
  const found = await planItems(tx, selectionOf(payload), preparedKey(job), { ...range, limit: stretch })
  const todo = payload.onExisting === 'REPLACE' ? found : found.filter((item) => !item.done)
  const last = found.at(-1)
  return {
    itemIds: todo.map((item) => item.id),
    skipped: found.length - todo.length,
    next: last !== undefined && found.length === stretch ? last.id : null,
  }
}
