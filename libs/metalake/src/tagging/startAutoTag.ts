import { planAnalysis, type JobPlan } from '../analysis/dryRun'
import { startAnalysis, type AnalysisInput } from '../analysis/request'
import type { Job } from '../jobs/jobs'
import type { Lake } from '../lake'
import { atModelId, labelsAtHand } from '../models'
import { settleLabels } from './labels'
import { checkTagging, type TaggingInput, type TaggingOptions } from './options'
import { planTagging } from './planTagging'

export type AutoTagInput = AnalysisInput & TaggingInput

/** Queues one tagging job over a collection, a list of items or the whole lake (7.2, 7.3). */
export async function startAutoTag(lake: Lake, input: AutoTagInput): Promise<Job> {
  lake.viewer.require('run')
  const options = checkTagging(input)
  await requireKnownLabels(lake, input.modelId, options)
  return startAnalysis(lake, 'autoTag', 'AUTO_TAGGING', input, options)
}

/** What the same call would do. Starts nothing and stores nothing; a model that was never opened is opened, if that is quick. */
export async function planAutoTag(lake: Lake, input: AutoTagInput): Promise<JobPlan> {
  lake.viewer.require('run')
  const options = checkTagging(input)
  await requireKnownLabels(lake, input.modelId, options)
  return planAnalysis(lake, 'autoTag', 'AUTO_TAGGING', input, (model) => planTagging(model, options))
}

/** Where the labels of the model are known before it is opened, a wrong one is refused at once; else the job fails with the same words. */
async function requireKnownLabels(lake: Lake, modelId: string | undefined, options: TaggingOptions): Promise<void> {
  const { includeLabels, excludeLabels, classMapping, classThresholds } = options
  if (!includeLabels && !excludeLabels && !classMapping && !classThresholds) return
  const labels = await atModelId(labelsAtHand(lake, modelId ?? 'default', 'AUTO_TAGGING'))
  if (labels && labels.length > 0) settleLabels(labels, options, options.confidenceThreshold)
}
