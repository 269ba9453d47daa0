import { insertDetections, noteResultLabels } from '@lakelens/db'
import type { JobTask } from '@lakelens/jobs'
import { z } from 'zod'
import { estimateSelected, payloadOf, planStretch, preparedKey, runKeys } from '../analysis/plan'
import { runPage } from '../analysis/run'
import { videoOf } from '../analysis/video'
import type { Lake } from '../lake'
import { modelVersionById, prepareModel, stillReady } from '../models'
import { taggingOptions } from './options'
import { settleTagging } from './settle'
import { createTagger } from './tagger'
import { tagVideo } from './tagVideo'
import { writeFindings } from './writeFindings'

/** The parameters of a prepared job. */
const prepared = taggingOptions.extend({
  effectiveResolution: z.object({ width: z.number().int(), height: z.number().int() }),
})

/**
 * Tags pictures: boxes of a detector, and labels a classifier gives to the whole, become annotations, and the item's tags are
 * derived from them.
 */
export const autoTagTask = (lake: Lake): JobTask => ({
  async prepare(job, { signal, report }) {
    const payload = payloadOf(job)
    const options = taggingOptions.parse(payload.options)
    const model = await prepareModel(lake, payload.model, 'AUTO_TAGGING', signal, report)
    const { parameters, digest, labels } = settleTagging(model, options)
    const { parametersDigest, videoDigest } = runKeys(model.id, digest, options.videoSampling)
    return {
      parameters: { ...job.parameters, ...parameters, modelVersion: model.version },
      parametersDigest,
      modelId: model.modelId,
      modelVersionId: model.id,
      total: await estimateSelected(lake, job),
      async confirm(tx) {
        await stillReady(model)(tx)
        if (labels.length > 0) await noteResultLabels(tx, model.id, [parametersDigest, videoDigest], labels)
      },
    }
  },

  plan: planStretch,

  async run(job, itemIds, context) {
    const key = preparedKey(job)
    const version = await modelVersionById(lake, key.modelVersionId)
    const parameters = prepared.parse(job.parameters)
    const tagger = await createTagger(lake, version, parameters)
    const video = await videoOf(lake, itemIds)
    if (video) return tagVideo(lake, job, video, context, { tagger, sampling: parameters.videoSampling })
    return runPage(lake, job, itemIds, context, {
      infer: (pictures, signal) => tagger.detect(pictures, signal),
      async write(tx, results) {
        const itemIds = results.map((result) => result.id)
        await writeFindings(tx, { job, key, labels: tagger.labels, itemIds }, () =>
          insertDetections(
            tx,
            results.flatMap((result) => result.detections.map((found) => ({ ...found, itemId: result.id }))),
            { ...key, jobId: job.id },
          ),
        )
      },
    })
  },
})
