import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Candidate } from './nms'

/** The MINSTD generator, which `make_vision_goldens.py` has too: values in 0..1. */
export function minstd(seed: number, count: number): Float32Array {
  let state = seed
  return Float32Array.from({ length: count }, () => (state = (state * 48271) % 2147483647) / 2147483647)
}

/** Numbers computed by independent NumPy code. */
export const goldens = JSON.parse(readFileSync(join(__dirname, '../fixtures/goldens.json'), 'utf8')) as Goldens

type Pair = [number, number]
/** Class, score, x1, y1, x2, y2. */
type CandidateRow = [number, number, number, number, number, number]

interface Goldens {
  letterbox: {
    picture: Pair
    box: Pair
    stride: number | null
    align: 'centre' | 'topLeft'
    enlarge: boolean
    scaled: Pair
    padded: Pair
    offset: Pair
    corners: [number, number, number, number]
    fractions: number[]
  }[]
  crop: { picture: Pair; size: Pair; shorter: number | null; scaled: Pair; cut: Pair | null }[]
  nms: { seed: number; count: number; iou: number; limit: number; kept: number[] }[]
  yolov8: {
    seed: number
    classes: number
    n: number
    threshold: number
    boxScale: number
    candidates: CandidateRow[]
  }[]
  yolox: {
    seed: number
    classes: number
    width: number
    height: number
    threshold: number
    cells: number
    candidates: CandidateRow[]
  }[]
  yolov5: {
    seed: number
    classes: number
    n: number
    threshold: number
    boxScale: number
    candidates: CandidateRow[]
  }[]
  yolov10: { seed: number; classes: number; n: number; threshold: number; candidates: CandidateRow[] }[]
  detr: {
    seed: number
    classes: number
    columns: number
    queries: number
    activation: 'none' | 'sigmoid' | 'softmax'
    threshold: number
    candidates: CandidateRow[]
  }[]
  ssd: {
    seed: number
    classes: number
    n: number
    count: number | null
    order: 'xyxy' | 'yxyx'
    threshold: number
    candidates: CandidateRow[]
  }[]
  classification: {
    seed: number
    classes: number
    activation: 'none' | 'sigmoid' | 'softmax'
    threshold: number
    limit: number
    labels: [number, number][]
  }[]
  pack: {
    seed: number
    picture: Pair
    padded: Pair
    offset: Pair
    options: import('./pack').PackOptions
    tensor: number[]
  }[]
  pooling: { seed: number; shape: number[]; pooling: 'none' | 'mean' | 'cls'; vectors: number[][] }[]
}

/** Candidates against rows of class, score, x1, y1, x2, y2. */
export function expectCandidates(actual: readonly Candidate[], expected: readonly number[][]): void {
  expect(actual).toHaveLength(expected.length)
  actual.forEach(({ classId, score, x1, y1, x2, y2 }, i) => {
    const row = expected[i] ?? []
    expect(classId).toBe(row[0])
    ;[score, x1, y1, x2, y2].forEach((value, k) => expect(value).toBeCloseTo(row[k + 1] ?? NaN, 4))
  })
}

export const sizeOf = ([width, height]: Pair): { width: number; height: number } => ({ width, height })
