import {
  annotationsByIds,
  annotationsToReview,
  decideAnnotations,
  deriveAllTags,
  jobsByIds,
  lockItems,
  touchItems,
  type ReviewFilter,
  type ReviewStatus,
} from '@lakelens/db'
import { errors as metalake } from '../errors'
import { isId } from '../ids'
import type { Lake } from '../lake'
import { toAnnotation, type Annotation } from './annotations'
import { checkIds } from './deleteAnnotations'
import { errors } from './errors'

export interface ReviewInput {
  target: {
    /** Database ids, at most 1,000. */
    annotationIds?: readonly string[] | null | undefined
    jobFilter?:
      | {
          /** Database id. */
          jobId: string
          labels?: readonly string[] | null | undefined
          minConfidence?: number | null | undefined
          maxConfidence?: number | null | undefined
          /** Those in one of these states; PENDING unless said, so that a bulk decision undoes no single one. */
          review?: readonly ReviewStatus[] | null | undefined
        }
      | null
      | undefined
  }
  decision: 'ACCEPT' | 'REJECT'
}

export interface Reviewed {
  changedCount: number
  /** Those that were named, as they are now; none after a decision in bulk. */
  annotations: Annotation[]
  /** A decision in bulk ends after 50,000: ask again for the rest. */
  hasMore: boolean
}

/** A transaction of a tenth of a second: the embedded database does nothing else meanwhile. */
const stretch = 2_000
const maxInBulk = 50_000

/**
 * Notes what a person thinks of annotations. A rejected one stays listed and counts nowhere; accepting brings it back. The tags of
 * the items follow in the same transaction.
 */
export async function reviewAnnotations(lake: Lake, { target, decision }: ReviewInput): Promise<Reviewed> {
  lake.viewer.require('run')
  const { annotationIds, jobFilter } = target
  if ((annotationIds == null) === (jobFilter == null)) throw errors.REVIEW_TARGET_INVALID({}, { path: ['target'] })
  const isAccepted = decision === 'ACCEPT'
  if (jobFilter == null) {
    const ids = checkIds(annotationIds ?? [], 'target', 'annotationIds')
    const itemIds = (await annotationsByIds(lake.db, ids)).map((row) => row.itemId)
    const changedCount = await decide(lake, ids, itemIds, isAccepted, null)
    const rows = new Map((await annotationsByIds(lake.db, ids)).map((row) => [row.id, toAnnotation(row)]))
    return { changedCount, annotations: ids.flatMap((id) => rows.get(id) ?? []), hasMore: false }
  }
  return inBulk(lake, await checkFilter(lake, jobFilter), isAccepted)
}

async function checkFilter(lake: Lake, filter: NonNullable<ReviewInput['target']['jobFilter']>): Promise<ReviewFilter> {
  const path = ['target', 'jobFilter']
  const [job] = isId(filter.jobId) ? await jobsByIds(lake.db, [filter.jobId]) : []
  if (!job) throw errors.RUN_NOT_FOUND({}, { path: [...path, 'jobId'] })
  for (const field of ['minConfidence', 'maxConfidence'] as const) {
    const value = filter[field]
    if (value != null && !(value >= 0 && value <= 1))
      throw metalake.PARAMETER_INVALID({ field, reason: 'lies between 0 and 1' }, { path: [...path, field] })
  }
  const labels = filter.labels ?? null
  if (labels !== null && labels.length > 1_000)
    throw metalake.ITEMS_TOO_MANY({ limit: 1_000, received: labels.length }, { path: [...path, 'labels'] })
  return {
    jobId: job.id,
    labels,
    minConfidence: filter.minConfidence ?? null,
    maxConfidence: filter.maxConfidence ?? null,
    review: filter.review ?? ['PENDING'],
  }
}

/** Stretch by stretch, each a transaction of its own: whatever ends the call, the same call goes on with what is left. */
async function inBulk(lake: Lake, filter: ReviewFilter, isAccepted: boolean): Promise<Reviewed> {
  let changedCount = 0
  for (let after = '0', looked = 0; looked < maxInBulk;) {
    const found = await annotationsToReview(lake.db, filter, { after, limit: stretch })
    const ids = found.map((row) => row.id)
    changedCount += await decide(
      lake,
      ids,
      found.map((row) => row.itemId),
      isAccepted,
      filter.review,
    )
    looked += found.length
    if (found.length < stretch) return { changedCount, annotations: [], hasMore: false }
    after = ids.at(-1)!
  }
  return { changedCount, annotations: [], hasMore: true }
}

async function decide(
  lake: Lake,
  ids: readonly string[],
  itemIds: readonly string[],
  isAccepted: boolean,
  from: readonly ReviewStatus[] | null,
): Promise<number> {
  if (ids.length === 0 || itemIds.length === 0) return 0
  return lake.db.transaction(async (tx) => {
    await lockItems(tx, [...new Set(itemIds)])
    const changed = await decideAnnotations(tx, ids, { isAccepted, by: lake.viewer.name, from })
    const touched = [...new Set(changed)]
    await deriveAllTags(tx, touched)
    await touchItems(tx, touched)
    return changed.length
  })
}
