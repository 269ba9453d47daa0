import type { Box, Size } from './geometry'
import { type Placement, toFractions } from './letterbox'
import { type Candidate, type NmsOptions, nonMaximumSuppression } from './nms'

/** `x`, `y`, `width`, `height` are fractions (0..1) of the picture, top-left origin. */
export interface Detection {
  classId: number
  confidence: number
  x: number
  y: number
  width: number
  height: number
}

/** From candidates in tensor pixels to what is kept, best first, as fractions of the picture and clipped to it. */
export function toDetections(candidates: readonly Candidate[], placement: Placement, options: NmsOptions): Detection[] {
  // Boxes wholly on the padding go first, or they would use up places of `maxDetections`. Overlap is judged before
  // clipping, as the reference implementations do.
  const onPicture = candidates.filter((candidate) => isOnPicture(toFractions(candidate, placement)))
  return nonMaximumSuppression(onPicture, options).map((candidate) => ({
    classId: candidate.classId,
    confidence: Math.min(1, candidate.score),
    ...clip(toFractions(candidate, placement)),
  }))
}

/** For graphs that give boxes as fractions of the tensor (`boxes: normalized`). */
export const scaleBoxes = (candidates: readonly Candidate[], { width, height }: Size): Candidate[] =>
  candidates.map(({ x1, y1, x2, y2, ...rest }) => ({
    ...rest,
    x1: x1 * width,
    y1: y1 * height,
    x2: x2 * width,
    y2: y2 * height,
  }))

/** False also for what would have no area once clipped. */
function isOnPicture(box: Box): boolean {
  const { width, height } = clip(box)
  return width > 0 && height > 0
}

function clip({ x1, y1, x2, y2 }: Box): { x: number; y: number; width: number; height: number } {
  const x = Math.min(1, Math.max(0, x1))
  const y = Math.min(1, Math.max(0, y1))
  // Bounded by 1 − x rather than by the clipped corner: x + width must not come out as 1.0000000000000002.
  return { x, y, width: Math.min(Math.min(1, x2) - x, 1 - x), height: Math.min(Math.min(1, y2) - y, 1 - y) }
}
