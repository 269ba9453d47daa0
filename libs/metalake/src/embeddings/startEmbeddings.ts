import { startAnalysis, type AnalysisInput } from '../analysis/request'
import type { Job } from '../jobs/jobs'
import type { Lake } from '../lake'

export type EmbeddingsInput = AnalysisInput

/** Queues one job that computes a vector for each item of a collection or a list (7.4). */
export const startEmbeddings = (lake: Lake, input: EmbeddingsInput): Promise<Job> =>
  startAnalysis(lake, 'embeddings', 'EMBEDDING', input, {})
