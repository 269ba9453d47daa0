import type { Detection, DetectOptions, DetectResult, ModelRef, Picture } from '@lakelens/inference-client'
import type { ModelVersionWithContent } from '@lakelens/db'
import { answerTimeMs } from '../analysis/answerTime'
import type { Lake } from '../lake'
import { modelRef } from '../models'
import { chooseDetections } from './choose'
import { settleLabels, type LabelOptions } from './labels'

/** What decides what is found in a picture, beside the model. */
export interface TaggingParameters extends LabelOptions {
  effectiveResolution: { width: number; height: number }
  confidenceThreshold: number
  nmsIou: number
  maxDetections: number
}

/** A model version with the parameters of a run: pictures or frames in, what is to be stored out. */
export interface Tagger {
  ref: ModelRef
  /** What it can say. */
  labels: readonly string[]
  /** Asks the backend and chooses; one result a picture, in order. */
  detect(pictures: readonly Picture[], signal: AbortSignal, timeoutMs?: number): Promise<DetectResult[]>
}

/** The one way from pictures to detections: of runs over pictures, of frames of videos, and of previews. */
export async function createTagger(
  lake: Lake,
  version: ModelVersionWithContent,
  parameters: TaggingParameters,
): Promise<Tagger> {
  const ref = await modelRef(lake, version)
  const settled = settleLabels(version.labels, parameters, parameters.confidenceThreshold)
  const { effectiveResolution, confidenceThreshold, nmsIou, maxDetections } = parameters
  const options: DetectOptions = {
    ...effectiveResolution,
    confidenceThreshold,
    nmsIou,
    maxDetections,
    ...(settled.wanted && { labels: settled.wanted }),
    ...(settled.thresholds && { labelThresholds: new Map(Object.entries(settled.thresholds)) }),
  }
  const choose = (detections: readonly Detection[]): Detection[] =>
    chooseDetections(detections, { ...settled, confidenceThreshold, nmsIou })
  return {
    ref,
    labels: settled.possible,
    async detect(pictures, signal, timeoutMs = answerTimeMs(ref, pictures.length)) {
      const results = await lake.backend.detect(ref, pictures, options, { signal, timeoutMs })
      return results.map((result) =>
        'error' in result ? result : { ...result, detections: choose(result.detections) },
      )
    },
  }
}
