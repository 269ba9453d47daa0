import { ensureEmbeddingPartition, upsertEmbeddings } from '@lakelens/db'
import type { JobTask } from '@lakelens/jobs'
import { answerTimeMs } from '../analysis/answerTime'
import { countSelected, pageSize, payloadOf, planStretch, preparedKey } from '../analysis/plan'
import { digestOf } from '../analysis/request'
import { runPage } from '../analysis/run'
import { errors } from '../errors'
import type { Lake } from '../lake'
import { modelRef, modelVersionById, prepareModel, stillReady } from '../models'

/** Computes one vector an item, float32 exactly as the model gave it. */
export const embeddingsTask = (lake: Lake): JobTask => ({
  pageSize,

  async prepare(job, { signal, report }) {
    const payload = payloadOf(job)
    const model = await prepareModel(lake, payload.model, 'EMBEDDING', signal, report)
    const dimension = model.vectorDimension
    if (dimension === null) throw errors.MODEL_WITHOUT_VECTOR({ model: payload.model })
    await lake.db.transaction((tx) => ensureEmbeddingPartition(tx, model.id, dimension))
    return {
      parameters: { ...job.parameters, modelVersion: model.version, vectorDimension: [dimension] },
      // A vector depends on the model version alone, and that already stands beside the digest.
      parametersDigest: digestOf({}),
      modelId: model.modelId,
      modelVersionId: model.id,
      total: await countSelected(lake, job),
      confirm: stillReady(model),
    }
  },

  plan: planStretch,

  async run(job, itemIds, context) {
    const { modelVersionId } = preparedKey(job)
    const ref = await modelRef(lake, await modelVersionById(lake, modelVersionId))
    return runPage(lake, job, itemIds, context, {
      infer: (pictures, signal) =>
        lake.backend.embed(ref, pictures, { signal, timeoutMs: answerTimeMs(ref, pictures.length) }),
      write: (tx, results) =>
        upsertEmbeddings(
          tx,
          modelVersionId,
          results.map((result) => ({ itemId: result.id, vector: result.vector })),
          { source: 'GENERATED', jobId: job.id },
        ),
    })
  },
})
