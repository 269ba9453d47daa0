import type { ReviewInput } from '@lakelens/metalake'
import type { ReviewTargetInput } from '@lakelens/schemas'
import { requireId } from './globalId'

/** What a decision is about, with the database's own ids. */
export function toReviewTarget({ annotationIds, jobFilter }: ReviewTargetInput): ReviewInput['target'] {
  return {
    annotationIds:
      annotationIds?.map((id, index) => requireId('Annotation', id, 'target', 'annotationIds', String(index))) ?? null,
    jobFilter: jobFilter && { ...jobFilter, jobId: requireId('Job', jobFilter.jobId, 'target', 'jobFilter', 'jobId') },
  }
}
