import type { SamplingInput } from '@lakelens/media'
import { z } from 'zod'
import { checkVideoSampling, storedSampling } from '../analysis/videoSampling'
import { errors } from '../errors'
import { checkLabelOptions } from './checkLabels'
import type { LabelOptions } from './labels'

export interface Resolution {
  width: number
  height: number
}

/** How pictures and frames are tagged, as it is asked for. */
export interface TaggingInput extends LabelOptions {
  /** The box a picture is fitted into before inference, in pixels. */
  inputResolution?: Resolution | undefined
  /** 0..1. */
  confidenceThreshold?: number | undefined
  /** 0..1: a box is dropped when a better one of its class overlaps it by more than this IoU. */
  nmsIou?: number | undefined
  /** 1..1000 a picture or frame. */
  maxDetections?: number | undefined
  videoSampling?: SamplingInput | null | undefined
}

const resolution = z.object({ width: z.number().int(), height: z.number().int() })
const labelList = z.array(z.string()).optional()

/** The values everybody in the field starts from (Ultralytics' predict). */
export const defaults = { confidenceThreshold: 0.5, nmsIou: 0.7, maxDetections: 300 } as const

/**
 * The options of a run as its job keeps them: checked, defaults filled in. Label options are there only where something was said.
 * Jobs of before there was a choice lack the later ones.
 */
export const taggingOptions = z.object({
  inputResolution: resolution,
  confidenceThreshold: z.number(),
  nmsIou: z.number().default(defaults.nmsIou),
  maxDetections: z.number().int().default(defaults.maxDetections),
  videoSampling: storedSampling.default({ fps: 1 }),
  includeLabels: labelList,
  excludeLabels: labelList,
  classMapping: z.array(z.object({ from: z.string(), to: z.string().nullable() })).optional(),
  classThresholds: z.array(z.object({ label: z.string(), confidenceThreshold: z.number() })).optional(),
})
export type TaggingOptions = z.infer<typeof taggingOptions>

const largestSide = 4096
/** Of the box with its sides rounded up to the largest stride in use: what the inference service takes. */
const largestArea = 2048 * 2048
const largestStride = 64
const mostDetections = 1000

/** Checks what can be checked without the model, and fills in the defaults. Throws PARAMETER_INVALID with the path. */
export function checkTagging(input: TaggingInput): TaggingOptions {
  const inputResolution = checkResolution(input.inputResolution ?? { width: 300, height: 300 })
  const confidenceThreshold = checkShare(
    'confidenceThreshold',
    input.confidenceThreshold ?? defaults.confidenceThreshold,
  )
  const nmsIou = checkShare('nmsIou', input.nmsIou ?? defaults.nmsIou)
  const maxDetections = input.maxDetections ?? defaults.maxDetections
  if (!Number.isInteger(maxDetections) || maxDetections < 1 || maxDetections > mostDetections) {
    throw errors.PARAMETER_INVALID(
      { field: 'maxDetections', reason: `is a whole number from 1 to ${mostDetections}` },
      { path: ['maxDetections'] },
    )
  }
  return {
    inputResolution,
    confidenceThreshold,
    nmsIou,
    maxDetections,
    videoSampling: checkVideoSampling(input.videoSampling),
    ...checkLabelOptions(input),
  }
}

/** 0..1, or PARAMETER_INVALID. */
export function checkShare(field: string, value: number, path: readonly string[] = [field]): number {
  if (value >= 0 && value <= 1) return value
  throw errors.PARAMETER_INVALID({ field, reason: 'lies between 0 and 1' }, { path })
}

export function checkResolution({ width, height }: Resolution): Resolution {
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
  return { width, height }
}
