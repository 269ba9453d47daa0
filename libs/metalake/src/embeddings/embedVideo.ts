import { supersedeResults, upsertEmbeddings, type ItemRow, type JobRow } from '@lakelens/db'
import type { ModelRef } from '@lakelens/inference-client'
import type { Settle, TaskContext } from '@lakelens/jobs'
import type { VideoSampling } from '@lakelens/media'
import { answerTimeMs } from '../analysis/answerTime'
import { preparedKey } from '../analysis/plan'
import { runVideo } from '../analysis/video'
import type { Lake } from '../lake'
import { createMeanVector } from './meanVector'

/**
 * One vector of one video (see `createMeanVector`). The mean of a part is another vector than the mean of the whole, so a video
 * that can't be read to its end gets none.
 */
export function embedVideo(
  lake: Lake,
  job: JobRow,
  item: ItemRow,
  context: TaskContext,
  { ref, sampling }: { ref: ModelRef; sampling: VideoSampling },
): Promise<Settle> {
  const key = preparedKey(job, 'VIDEO')
  const vectors = createMeanVector()
  return runVideo(lake, job, item, context, {
    sampling,
    key,
    keepsParts: false,
    infer: (frames, signal) => lake.backend.embed(ref, frames, { signal, timeoutMs: answerTimeMs(ref, frames.length) }),
    async keep(answers) {
      for (const { result } of answers) vectors.add(result.vector)
    },
    async write(tx) {
      const vector = vectors.mean()
      if (vector === null) return
      await supersedeResults(tx, [item.id], key.modelVersionId, job.id)
      await upsertEmbeddings(tx, key.modelVersionId, [{ itemId: item.id, vector }], {
        source: 'GENERATED',
        jobId: job.id,
      })
    },
  })
}
