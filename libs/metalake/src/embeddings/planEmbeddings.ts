import { planAnalysis, type JobPlan } from '../analysis/dryRun'
import { digestOf } from '../analysis/request'
import { checkVideoSampling } from '../analysis/videoSampling'
import type { Lake } from '../lake'
import type { EmbeddingsInput } from './startEmbeddings'

/** What `startEmbeddings` of the same input would do. Starts nothing and stores nothing. */
export async function planEmbeddings(lake: Lake, input: EmbeddingsInput): Promise<JobPlan> {
  lake.viewer.require('run')
  const videoSampling = checkVideoSampling(input.videoSampling)
  return planAnalysis(lake, 'embeddings', 'EMBEDDING', input, ({ version }) => ({
    parameters: { videoSampling, ...(version?.vectorDimension && { vectorDimension: [version.vectorDimension] }) },
    // As the task says: beside the model version nothing decides a picture's vector.
    digest: digestOf({}),
    videoSampling,
    warnings: [],
  }))
}
