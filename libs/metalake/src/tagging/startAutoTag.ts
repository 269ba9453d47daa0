import { errors } from '../errors'
import { startAnalysis, type AnalysisInput } from '../analysis/request'
import type { Job } from '../jobs/jobs'
import type { Lake } from '../lake'

export interface AutoTagInput extends AnalysisInput {
  /** The box a picture is fitted into before inference, in pixels. */
  inputResolution?: { width: number; height: number } | undefined
  /** 0..1. */
  confidenceThreshold?: number | undefined
}

const largestSide = 4096
/** Of the box with its sides rounded up to the largest stride in use: what the inference service takes. */
const largestArea = 2048 * 2048
const largestStride = 64

/** Queues one tagging job over a collection or a list of items (7.2). */
export async function startAutoTag(lake: Lake, input: AutoTagInput): Promise<Job> {
  lake.viewer.require('run')
  const { width, height } = input.inputResolution ?? { width: 300, height: 300 }
  const confidenceThreshold = input.confidenceThreshold ?? 0.5
  for (const side of ['width', 'height'] as const) {
    const pixels = side === 'width' ? width : height
    if (!Number.isInteger(pixels) || pixels < 1 || pixels > largestSide) {
      throw errors.PARAMETER_INVALID(
        { field: `inputResolution.${side}`, reason: `is a whole number of pixels from 1 to ${largestSide}` },
        { path: ['inputResolution', side] },
      )
    }
  }
  const rounded = (pixels: number): number => Math.ceil(pixels / largestStride) * largestStride
  if (rounded(width) * rounded(height) > largestArea) {
    throw errors.PARAMETER_INVALID(
      { field: 'inputResolution', reason: `covers at most ${largestArea} pixels, as 2048 × 2048 does` },
      { path: ['inputResolution'] },
    )
  }
  if (!(confidenceThreshold >= 0 && confidenceThreshold <= 1)) {
    throw errors.PARAMETER_INVALID(
      { field: 'confidenceThreshold', reason: 'lies between 0 and 1' },
      { path: ['confidenceThreshold'] },
    )
  }
  return startAnalysis(lake, 'autoTag', 'AUTO_TAGGING', input, {
    inputResolution: { width, height },
    confidenceThreshold,
  })
}
