import { estimateItems, planItems, type Db, type JobRow, type ResultKey, type RunKeys } from '@lakelens/db'
import type { Plan } from '@lakelens/jobs'
import { defaultSampling } from '@lakelens/media'
import { selectionOf } from '../items/selection'
import type { Lake } from '../lake'
import { analysisPayload, digestOf, type AnalysisPayload } from './request'
import { storedSampling } from './videoSampling'

/**
 * Of one planning step: items looked at, however few match, and items to do. Constant memory, and a transaction of some tens of
 * milliseconds: 4,096 look-ups by key. More pages in wait than 32 of 16 would cost every claim.
 */
const limits = { window: 4096, todo: 512 }
/** Pictures a page holds: big enough that claiming and settling cost little, small enough that little is repeated after a crash. */
const pageSize = 16

export const payloadOf = (job: JobRow): AnalysisPayload => analysisPayload.parse(job.payload)

/** How many items a run will come to, roughly: counting a million exactly would keep its first page waiting. */
export const estimateSelected = (lake: Lake, job: JobRow): Promise<number> =>
  estimateItems(lake.db, selectionOf(payloadOf(job).selection))

/**
 * The digests of a run. What is found in a video depends on which frames are looked at, in a picture it doesn't: whoever
 * changes the sampling keeps the pictures that are done.
 */
export const runKeys = (modelVersionId: string, parametersDigest: string, videoSampling: unknown): RunKeys => ({
  modelVersionId,
  parametersDigest,
  videoDigest: digestOf({ parametersDigest, videoSampling }),
})

/** What the job was prepared with; a job is always prepared before it is planned or run. */
function preparedKeys(job: JobRow): RunKeys {
  if (job.modelVersionId === null || job.parametersDigest === null) throw new Error(`job ${job.id} was not prepared`)
  const sampling = storedSampling.safeParse(job.parameters['videoSampling'])
  return runKeys(job.modelVersionId, job.parametersDigest, sampling.success ? sampling.data : defaultSampling)
}

/** What items of a type are done under by the job. */
export function preparedKey(job: JobRow, contentType: string = 'IMAGE'): ResultKey {
  const { modelVersionId, parametersDigest, videoDigest } = preparedKeys(job)
  return { modelVersionId, parametersDigest: contentType === 'VIDEO' ? videoDigest : parametersDigest }
}

/** The next stretch of a run's items. Under SKIP those processed with the same model version and parameters are left out. */
export async function planStretch(tx: Db, job: JobRow, range: { after: string; upTo: string }): Promise<Plan> {
  const { selection, onExisting } = payloadOf(job)
  const again = onExisting === 'REPLACE'
  // A handful of items, which were counted exactly when the job was prepared: they are found again as quickly, all in one step.
  const window = job.total !== null && job.total <= limits.todo ? null : limits.window
  const planned = await planItems(
    tx,
    selectionOf(selection),
    preparedKeys(job),
    { ...range, again },
    { ...limits, window },
  )
  return { pages: cut(planned.todo), skipped: planned.skipped, next: planned.next }
}

/** Pictures by the page; a video is a page of its own, because it may take an hour. */
function cut(items: readonly { id: string; contentType: string }[]): string[][] {
  const pages: string[][] = []
  let room = 0
  for (const { id, contentType } of items) {
    if (room === 0 || contentType === 'VIDEO') {
      pages.push([])
      room = contentType === 'VIDEO' ? 1 : pageSize
    }
    pages.at(-1)?.push(id)
    room--
  }
  return pages
}
