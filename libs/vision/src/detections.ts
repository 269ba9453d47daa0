import type { Box, Size } from './geometry'
import { type Placement, toFractions } from './letterbox'
import { errors } from './errors'
import { type Candidate, type NmsOptions, bestOf, nonMaximumSuppression } from './nms'

/** `x`, `y`, `width`, `height` are fractions (0..1) of the picture, top-left origin. */
export interface Detection {
  classId: number
  confidence: number
  x: number
  y: number
  width: number
  height: number
}

export interface KeepOptions extends Omit<NmsOptions, 'iouThreshold'> {
  /** Null: the candidates are a set of objects already, and two that overlap are two. */
  iouThreshold: number | null
}

/** From candidates in tensor pixels to what is kept, best first, as fractions of the picture and clipped to it. */
export function toDetections(
  candidates: readonly Candidate[],
  placement: Placement,
  { iouThreshold, maxDetections }: KeepOptions,
): Detection[] {
  // Boxes wholly on the padding go first, or they would use up places of `maxDetections`. Overlap is judged before
  // clipping, as the reference implementations do.
  const onPicture = candidates.filter((candidate) => isOnPicture(toFractions(candidate, placement)))
  const kept =
    iouThreshold === null
      ? bestOf(onPicture, maxDetections)
      : nonMaximumSuppression(onPicture, { iouThreshold, maxDetections })
  return kept.map((candidate) => ({
    classId: candidate.classId,
    confidence: Math.min(1, candidate.score),
    ...clip(toFractions(candidate, placement)),
  }))
}

/**
 * Candidates in tensor pixels, whichever unit the graph gives (`boxes` of the manifest). Throws BOXES_UNEXPECTED when all of
 * them are plainly in the other unit: read wrongly they would be specks in a corner, or the whole picture, without a word.
 */
export function inTensorPixels(
  candidates: readonly Candidate[],
  boxes: 'pixels' | 'normalized',
  tensor: Size,
): readonly Candidate[] {
  const reach = ({ x1, y1, x2, y2 }: Box): number => Math.max(Math.abs(x1), Math.abs(y1), Math.abs(x2), Math.abs(y2))
  if (boxes === 'pixels') {
    // No detector finds things smaller than one pixel, and in the first pixel only.
    if (candidates.length > 0 && candidates.every((candidate) => reach(candidate) <= 1))
      throw errors.BOXES_UNEXPECTED({
        boxes,
        advice: 'normalized',
        largest: Math.max(...firstReaches(candidates, reach)),
      })
    return candidates
  }
  // Centre and size may carry a corner beyond 1, never to twice the picture.
  if (candidates.length > 0 && candidates.every((candidate) => reach(candidate) > 2))
    throw errors.BOXES_UNEXPECTED({ boxes, advice: 'pixels', largest: Math.max(...firstReaches(candidates, reach)) })
  return scaleBoxes(candidates, tensor)
}

// Spread into arguments, of which there must not be a hundred thousand.
const firstReaches = (candidates: readonly Candidate[], reach: (box: Box) => number): number[] =>
  candidates.slice(0, 1000).map((candidate) => Number(reach(candidate).toPrecision(4)))

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
