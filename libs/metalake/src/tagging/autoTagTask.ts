import { answerTimeMs } from '../analysis/answerTime'
import { countSelected, pageSize, payloadOf, planStretch, preparedKey } from '../analysis/plan'
import { digestOf } from '../analysis/request'
import { runPage } from '../analysis/run'
import { deriveTags, insertDetections, supersedeAnnotations } from '@lakelens/db'
import type { JobTask } from '@lakelens/jobs'
import { effectiveResolution } from '@lakelens/vision'
import { z } from 'zod'
import type { Lake } from '../lake'
import { modelRef, modelVersionById, prepareModel, stillReady } from '../models'

const resolution = z.object({ width: z.number().int(), height: z.number().int() })
const requestOptions = z.object({ inputResolution: resolution, confidenceThreshold: z.number() })
/** What decides the answer, next to the model version: these and only these make the digest. */
const effectiveOptions = z.object({
  effectiveResolution: resolution,
  confidenceThreshold: z.number(),
  nmsIou: z.number(),
  maxDetections: z.number().int(),
})

/** The values everybody in the field starts from (Ultralytics' predict). */
const nmsIou = 0.7
const maxDetections = 300

/**
 * Tags pictures: boxes of a detector, and labels a classifier gives to the whole, become annotations, and the item's tags are
 * derived from them.
 */
export const autoTagTask = (lake: Lake): JobTask => ({
  pageSize,

  async prepare(job, { signal, report }) {
    const payload = payloadOf(job)
    const options = requestOptions.parse(payload.options)
    const model = await prepareModel(lake, payload.model, 'AUTO_TAGGING', signal, report)
    const effective = {
      effectiveResolution: effectiveResolution(options.inputResolution, model.facts),
      confidenceThreshold: options.confidenceThreshold,
      nmsIou,
      maxDetections,
    }
    return {
      parameters: { ...job.parameters, ...effective, modelVersion: model.version },
      parametersDigest: digestOf(effective),
      modelId: model.modelId,
      modelVersionId: model.id,
      total: await countSelected(lake, job),
      confirm: stillReady(model),
    }
  },

  plan: planStretch,

  async run(job, itemIds, context) {
    const key = preparedKey(job)
    const ref = await modelRef(lake, await modelVersionById(lake, key.modelVersionId))
    const options = effectiveOptions.parse(job.parameters)
    const parameters = { ...options.effectiveResolution, ...options }
    return runPage(lake, job, itemIds, context, {
      infer: (pictures, signal) =>
        lake.backend.detect(ref, pictures, parameters, { signal, timeoutMs: answerTimeMs(ref, pictures.length) }),
      async write(tx, results) {
        const ids = results.map((result) => result.id)
        await supersedeAnnotations(tx, ids, key.modelVersionId, job.id)
        const detections = results.flatMap((result) =>
          result.detections.map((detection) => ({ ...detection, itemId: result.id })),
        )
        await insertDetections(tx, detections, { ...key, jobId: job.id })
        await deriveTags(tx, ids, key.modelVersionId)
      },
    })
  },
})
