import { ensureEmbeddingPartition, supersedeResults, upsertEmbeddings } from '@lakelens/db'
import type { JobTask } from '@lakelens/jobs'
import { defaultSampling } from '@lakelens/media'
import { z } from 'zod'
import { answerTimeMs } from '../analysis/answerTime'
import { estimateSelected, payloadOf, planStretch, preparedKey } from '../analysis/plan'
import { digestOf } from '../analysis/request'
import { runPage } from '../analysis/run'
import { videoOf } from '../analysis/video'
import { storedSampling } from '../analysis/videoSampling'
import { errors } from '../errors'
import type { Lake } from '../lake'
import { modelRef, modelVersionById, prepareModel, stillReady } from '../models'
import { embedVideo } from './embedVideo'

/** Jobs of before there were videos have no sampling. */
const options = z.object({ videoSampling: storedSampling.default(defaultSampling) })

/** Computes one vector an item, float32 exactly as the model gave it; of a video the mean of its frames'. */
export const embeddingsTask = (lake: Lake): JobTask => ({
  async prepare(job, { signal, report }) {
    const payload = payloadOf(job)
    const model = await prepareModel(lake, payload.model, 'EMBEDDING', signal, report)
    const dimension = model.vectorDimension
    if (dimension === null) throw errors.MODEL_WITHOUT_VECTOR({ model: payload.model })
    await lake.db.transaction((tx) => ensureEmbeddingPartition(tx, model.id, dimension))
    const asked = options.parse(payload.options)
    return {
      parameters: { ...job.parameters, ...asked, modelVersion: model.version, vectorDimension: [dimension] },
      // A picture's vector depends on the model version alone, and that already stands beside the digest; a video's also on
      // the sampling, which its own digest has.
      parametersDigest: digestOf({}),
      modelId: model.modelId,
      modelVersionId: model.id,
      total: await estimateSelected(lake, job),
      confirm: stillReady(model),
    }
  },

  plan: planStretch,

  async run(job, itemIds, context) {
    const { modelVersionId } = preparedKey(job)
    const ref = await modelRef(lake, await modelVersionById(lake, modelVersionId))
    const video = await videoOf(lake, itemIds)
    if (video) {
      const { videoSampling: sampling } = options.parse(job.parameters)
      return embedVideo(lake, job, video, context, { ref, sampling })
    }
    return runPage(lake, job, itemIds, context, {
      infer: (pictures, signal) =>
        lake.backend.embed(ref, pictures, { signal, timeoutMs: answerTimeMs(ref, pictures.length) }),
      async write(tx, results) {
        const ids = results.map((result) => result.id)
        await supersedeResults(tx, ids, modelVersionId, job.id)
        const embeddings = results.map((result) => ({ itemId: result.id, vector: result.vector }))
        await upsertEmbeddings(tx, modelVersionId, embeddings, { source: 'GENERATED', jobId: job.id })
      },
    })
  },
})
