import type { SamplingInput } from '@lakelens/media'
import { startAnalysis, type AnalysisInput } from '../analysis/request'
import { checkVideoSampling } from '../analysis/videoSampling'
import type { Job } from '../jobs/jobs'
import type { Lake } from '../lake'

export interface EmbeddingsInput extends AnalysisInput {
  /** Which frames of a video the mean is taken of; one a second unless said otherwise. */
  videoSampling?: SamplingInput | null | undefined
}

/** Queues one job that computes a vector for each item of a collection, a list or the whole lake (7.4, 7.5). */
export async function startEmbeddings(lake: Lake, input: EmbeddingsInput): Promise<Job> {
  lake.viewer.require('run')
  const videoSampling = checkVideoSampling(input.videoSampling)
  return startAnalysis(lake, 'embeddings', 'EMBEDDING', input, { videoSampling })
}
