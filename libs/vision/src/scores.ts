import type { Candidate } from './nms'

export type Activation = 'none' | 'sigmoid' | 'softmax'

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

/**
 * Scores are float32 and thresholds are doubles: 0.7 as the graph writes it is below 0.7 as a client writes it, unless the
 * threshold is rounded the same way. A score of 0 is the model saying no, so a threshold of 0 does not let it in.
 */
export function acceptance(threshold: number): (score: number) => boolean {
  const atLeast = Math.fround(threshold)
  return (score) => score >= atLeast && score > 0 && score < Infinity
}

export function indexOfLargest(values: Float32Array, start: number, count: number): number {
  let largest = 0
  let most = values[start]!
  for (let i = 1; i < count; i++) {
    const value = values[start + i]!
    // A number that is none must not hide a class that is sure.
    if (value > most || Number.isNaN(most)) {
      most = value
      largest = i
    }
  }
  return largest
}

/** What divides e^(x − largest) to make a softmax over `count` values; less the largest, so that no logit overflows. */
export function softmaxSum(values: Float32Array, start: number, count: number, largest: number): number {
  let sum = 0
  for (let i = start; i < start + count; i++) sum += Math.exp(values[i]! - largest)
  return sum
}

/** Adds a box given by its centre; one with a number that is not finite, or without area, is left out. */
export function pushCentred(
  candidates: Candidate[],
  classId: number,
  score: number,
  cx: number,
  cy: number,
  width: number,
  height: number,
): void {
  // NaN fails every comparison, so what is not a number is left out here too.
  if (!(width > 0 && height > 0 && width < Infinity && height < Infinity && Number.isFinite(cx) && Number.isFinite(cy)))
    return
  candidates.push({ classId, score, x1: cx - width / 2, y1: cy - height / 2, x2: cx + width / 2, y2: cy + height / 2 })
}

/** Adds a box given by its corners, under the same conditions. */
export function pushCorners(candidates: Candidate[], candidate: Candidate): void {
  const { x1, y1, x2, y2 } = candidate
  if (x2 - x1 > 0 && y2 - y1 > 0 && x2 - x1 < Infinity && y2 - y1 < Infinity) candidates.push(candidate)
}

/** The smallest and the largest of `columns` (from, to) of every row. NaN where nothing is there. */
export function rangeOf(values: Float32Array, row: number, from: number, to: number): { least: number; most: number } {
  let least = Infinity
  let most = -Infinity
  for (let start = 0; start + row <= values.length; start += row) {
    for (let i = start + from; i < start + to; i++) {
      if (values[i]! < least) least = values[i]!
      if (values[i]! > most) most = values[i]!
    }
  }
  return least <= most ? { least, most } : { least: NaN, most: NaN }
}
