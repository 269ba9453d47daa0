import { errors } from './errors'
import type { Size } from './geometry'
import type { Candidate } from './nms'
import { acceptance, indexOfLargest, pushCentred, sigmoid } from './scores'

export interface DecodeOptions {
  /** How many classes the labels name. */
  classes: number
  /** 0..1; what scores below is left out. */
  threshold: number
  /** What the graph left to be done to its scores. Default none. */
  activation?: 'none' | 'sigmoid'
}

/**
 * Reads one picture's answer of YOLOv8: `[4 + classes, n]`, rows cx, cy, width, height in tensor pixels, then the scores.
 * Boxes come in tensor pixels. Candidates with a number that is not finite, or without area, are left out.
 */
export function decodeYolov8(
  output: Float32Array,
  { classes, threshold, activation = 'none' }: DecodeOptions,
): Candidate[] {
  const n = output.length / (4 + classes)
  if (!Number.isInteger(n)) {
    throw errors.OUTPUT_SHAPE_UNEXPECTED({
      output: 'yolov8',
      expected: `[batch, 4 + ${classes}, n]`,
      actual: [output.length],
    })
  }
  // Class by class along the rows as they lie in memory: the two running rows stay in the cache, while going candidate by
  // candidate would touch 84 distant rows each. Nearly every score is below the threshold, so that is asked first: 0.8 ms
  // against 1.1 for 6,300 candidates of 80 classes.
  const best = new Float32Array(n).fill(-Infinity)
  const bestClass = new Int32Array(n)
  const least = activation === 'sigmoid' ? -Infinity : Math.fround(threshold)
  for (let classId = 0, at = 4 * n; classId < classes; classId++) {
    for (let i = 0; i < n; i++, at++) {
      const score = output[at]!
      if (score >= least && score > best[i]!) {
        best[i] = score
        bestClass[i] = classId
      }
    }
  }
  const accept = acceptance(threshold)
  const candidates: Candidate[] = []
  for (let i = 0; i < n; i++) {
    const score = activation === 'sigmoid' ? sigmoid(best[i]!) : best[i]!
    if (accept(score))
      pushCentred(candidates, bestClass[i]!, score, output[i]!, output[n + i]!, output[2 * n + i]!, output[3 * n + i]!)
  }
  return candidates
}

/**
 * Reads one picture's answer of YOLOv5 (and YOLOv7): `[n, 5 + classes]`, each row cx, cy, width, height in tensor pixels,
 * objectness, then the class scores. score = objectness · class.
 */
export function decodeYolov5(
  output: Float32Array,
  { classes, threshold, activation = 'none' }: DecodeOptions,
): Candidate[] {
  const row = 5 + classes
  if (output.length % row !== 0)
    throw errors.OUTPUT_SHAPE_UNEXPECTED({
      output: 'yolov5',
      expected: `[batch, n, 5 + ${classes}]`,
      actual: [output.length],
    })
  const activate = activation === 'sigmoid' ? sigmoid : (x: number): number => x
  const accept = acceptance(threshold)
  const candidates: Candidate[] = []
  for (let at = 0; at < output.length; at += row) {
    const objectness = activate(output[at + 4]!)
    // A class scores at most 1, so nothing in this row can reach the threshold: of 25,200 rows nearly all end here.
    if (!accept(objectness)) continue
    const classId = indexOfLargest(output, at + 5, classes)
    const score = objectness * activate(output[at + 5 + classId]!)
    if (accept(score))
      pushCentred(candidates, classId, score, output[at]!, output[at + 1]!, output[at + 2]!, output[at + 3]!)
  }
  return candidates
}

export const yoloxStrides = [8, 16, 32] as const

/**
 * Reads one picture's answer of YOLOX: `[n, 5 + classes]`, each row x, y, log width, log height relative to its grid cell,
 * objectness, then the class scores; the cells of stride 8 come first, row by row, then 16, then 32.
 * Boxes come in tensor pixels: centre (p + cell) · stride, size exp(p) · stride; score = objectness · class.
 */
export function decodeYolox(output: Float32Array, tensor: Size, options: DecodeOptions): Candidate[] {
  const { classes, threshold, activation = 'none' } = options
  const row = 5 + classes
  const cells = yoloxCells(tensor)
  if (output.length !== cells * row) {
    throw errors.OUTPUT_SHAPE_UNEXPECTED({
      output: 'yolox',
      expected: `[batch, ${cells}, 5 + ${classes}]`,
      actual: [output.length / row, row],
    })
  }
  const activate = activation === 'sigmoid' ? sigmoid : (x: number): number => x
  const accept = acceptance(threshold)
  const candidates: Candidate[] = []
  let at = 0
  for (const stride of yoloxStrides) {
    for (let y = 0; y < Math.floor(tensor.height / stride); y++) {
      for (let x = 0; x < Math.floor(tensor.width / stride); x++, at += row) {
        const objectness = activate(output[at + 4]!)
        // A class scores at most 1, so nothing in this row can reach the threshold: most rows end here.
        if (!accept(objectness)) continue
        const classId = indexOfLargest(output, at + 5, classes)
        const score = objectness * activate(output[at + 5 + classId]!)
        if (!accept(score)) continue
        const width = Math.exp(output[at + 2]!) * stride
        const height = Math.exp(output[at + 3]!) * stride
        pushCentred(
          candidates,
          classId,
          score,
          (output[at]! + x) * stride,
          (output[at + 1]! + y) * stride,
          width,
          height,
        )
      }
    }
  }
  return candidates
}

/** How many candidates YOLOX gives for a tensor of this size. */
export const yoloxCells = ({ width, height }: Size): number =>
  yoloxStrides.reduce((sum, stride) => sum + Math.floor(width / stride) * Math.floor(height / stride), 0)
