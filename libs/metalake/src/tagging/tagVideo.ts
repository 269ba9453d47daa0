import {
  dropStagedBefore,
  insertStagedDetections,
  stageDetections,
  type FrameDetection,
  type ItemRow,
  type JobRow,
} from '@lakelens/db'
import type { Settle, TaskContext } from '@lakelens/jobs'
import type { VideoSampling } from '@lakelens/media'
import { preparedKey } from '../analysis/plan'
import { runVideo } from '../analysis/video'
import type { Lake } from '../lake'
import type { Tagger } from './tagger'
import { writeFindings } from './writeFindings'

/** Detections gathered before they are noted in the database: little memory, and a transaction of some milliseconds. */
const stagedAtOnce = 250

/**
 * Tags one video: what is found in its frames is noted as it comes, and becomes the item's annotations, each with its frame and
 * time, in the transaction that settles the page. Of a video that breaks off, what was found before the break is kept.
 */
export async function tagVideo(
  lake: Lake,
  job: JobRow,
  item: ItemRow,
  context: TaskContext,
  { tagger, sampling }: { tagger: Tagger; sampling: VideoSampling },
): Promise<Settle> {
  const key = preparedKey(job, 'VIDEO')
  await dropStagedBefore(lake.db, context.page.id, context.page.fence)
  let found: FrameDetection[] = []
  const note = async (): Promise<void> => {
    const noted = found
    found = []
    await stageDetections(lake.db, job.id, context.page, noted)
  }
  const settle = await runVideo(lake, job, item, context, {
    sampling,
    key,
    keepsParts: true,
    infer: (frames, signal) => tagger.detect(frames, signal),
    async keep(answers) {
      for (const { frame, result } of answers) {
        const at = { frame: frame.index, timestampSeconds: frame.timestampSeconds }
        found.push(...result.detections.map((detection) => ({ ...detection, ...at })))
      }
      if (found.length >= stagedAtOnce) await note()
    },
    write: (tx) =>
      writeFindings(tx, { job, key, labels: tagger.labels, itemIds: [item.id] }, () =>
        insertStagedDetections(tx, context.page, item.id, { ...key, jobId: job.id }),
      ),
  })
  await note()
  return settle
}
