import type { ModelFacts } from '@lakelens/inference-client'
import { effectiveResolution } from '@lakelens/vision'
import { digestOf } from '../analysis/request'
import { settleLabels } from './labels'
import type { TaggingOptions } from './options'
import type { TaggingParameters } from './tagger'

export interface SettledTagging {
  /** As it was asked, with what it comes to. */
  parameters: TaggingOptions & TaggingParameters
  /** Of everything that decides what is found in a picture, next to the model version. */
  digest: string
  /** What the run can say. */
  labels: readonly string[]
}

/**
 * What the options of a run come to with a model. The digest holds label options only where they change something: two ways of
 * saying the same are done under the same digest, and a plain run has the digest that plain runs always had.
 */
export function settleTagging(
  model: { labels: readonly string[]; facts: Pick<ModelFacts, 'fixedResolution' | 'stride'> },
  options: TaggingOptions,
): SettledTagging {
  const { confidenceThreshold, nmsIou, maxDetections, inputResolution } = options
  const { wanted, thresholds, mapping, possible } = settleLabels(model.labels, options, confidenceThreshold)
  const effective = {
    effectiveResolution: effectiveResolution(inputResolution, model.facts),
    confidenceThreshold,
    nmsIou,
    maxDetections,
  }
  return {
    parameters: { ...options, ...effective },
    digest: digestOf({
      ...effective,
      ...(wanted && { labels: wanted }),
      ...(thresholds && { classThresholds: thresholds }),
      ...(mapping && { classMapping: mapping }),
    }),
    labels: possible,
  }
}
