import { decodeYolov5, decodeYolov8, decodeYolox, yoloxCells } from './decode'
import { inTensorPixels, scaleBoxes, toDetections } from './detections'
import { fitInto } from './letterbox'
import type { Candidate } from './nms'
import { expectCandidates, goldens, minstd } from './testing'

test.each(goldens.yolov8)(
  'YOLOv8, $classes classes, $n candidates',
  ({ seed, classes, n, threshold, boxScale, candidates }) => {
    const output = minstd(seed, (4 + classes) * n).map((value, i) => (i < 4 * n ? value * boxScale : value))
    expect(candidates.length).toBeGreaterThan(0)
    expectCandidates(decodeYolov8(output, { classes, threshold }), candidates)
  },
)

test.each(goldens.yolox)(
  'YOLOX, $classes classes, $width×$height',
  ({ seed, classes, width, height, threshold, cells, candidates }) => {
    expect(yoloxCells({ width, height })).toBe(cells)
    expect(candidates.length).toBeGreaterThan(0)
    expectCandidates(
      decodeYolox(minstd(seed, cells * (5 + classes)), { width, height }, { classes, threshold }),
      candidates,
    )
  },
)

test.each(goldens.yolov5)(
  'YOLOv5, $classes classes, $n candidates',
  ({ seed, classes, n, threshold, boxScale, candidates }) => {
    const row = 5 + classes
    const output = minstd(seed, n * row).map((value, i) => (i % row < 4 ? value * boxScale : value))
    expect(candidates.length).toBeGreaterThan(0)
    expect(candidates.length).toBeLessThan(n)
    expectCandidates(decodeYolov5(output, { classes, threshold }), candidates)
  },
)

/** One YOLOv8 candidate of two classes. */
const one = (...values: number[]): Float32Array => Float32Array.from(values)
const options = { classes: 2, threshold: 0.5 }

test.each([
  ['a score that is not a number', one(5, 5, 4, 4, NaN, NaN)],
  ['an infinite score', one(5, 5, 4, 4, 0.1, Infinity)],
  ['a centre that is not a number', one(NaN, 5, 4, 4, 0.9, 0)],
  ['an infinite width', one(5, 5, Infinity, 4, 0.9, 0)],
  ['no height', one(5, 5, 4, 0, 0.9, 0)],
  ['a negative width', one(5, 5, -4, 4, 0.9, 0)],
])('YOLOv8 leaves out %s', (_, output) => {
  expect(decodeYolov8(output, options)).toEqual([])
})

test('a number that is none does not hide a class that is sure', () => {
  expect(decodeYolov8(one(5, 5, 4, 4, NaN, 0.75), options)).toEqual([
    { classId: 1, score: 0.75, x1: 3, y1: 3, x2: 7, y2: 7 },
  ])
})

test('a score is compared as the graph wrote it: 0.7 in float32 reaches a threshold of 0.7', () => {
  const output = one(5, 5, 4, 4, 0.7, 0)
  expect(output[4]).toBeLessThan(0.7)
  expect(decodeYolov8(output, { classes: 2, threshold: 0.7 })).toHaveLength(1)
  expect(decodeYolov8(output, { classes: 2, threshold: 0.7001 })).toHaveLength(0)
})

test('a threshold of 0 takes every score but 0', () => {
  expect(decodeYolov8(one(5, 5, 4, 4, 0, 0), { classes: 2, threshold: 0 })).toEqual([])
  expect(decodeYolov8(one(5, 5, 4, 4, 0, 1e-6), { classes: 2, threshold: 0 })).toHaveLength(1)
})

test('logits become probabilities where the manifest says so', () => {
  const [candidate] = decodeYolov8(one(5, 5, 4, 4, -3, 2), { ...options, activation: 'sigmoid' })
  expect(candidate?.classId).toBe(1)
  expect(candidate?.score).toBeCloseTo(0.880797, 6)
  const logits = Float32Array.from({ length: yoloxCells({ width: 32, height: 32 }) * 7 }, (_, i) =>
    i % 7 === 4 ? 2 : i % 7 === 6 ? 3 : 0,
  )
  const [first] = decodeYolox(logits, { width: 32, height: 32 }, { ...options, activation: 'sigmoid' })
  expect(first?.classId).toBe(1)
  expect(first?.score).toBeCloseTo(0.880797 * 0.952574, 5)
})

test.each([
  ['an objectness that is not a number', one(5, 5, 4, 4, NaN, 1, 1)],
  ['an infinite score', one(5, 5, 4, 4, 1, Infinity, 0)],
  ['an infinite centre', one(5, Infinity, 4, 4, 1, 0.9, 0)],
  ['no width', one(5, 5, 0, 4, 1, 0.9, 0)],
  ['a sure class of nothing', one(5, 5, 4, 4, 0.4, 1, 1)],
])('YOLOv5 leaves out %s', (_, output) => {
  expect(decodeYolov5(output, options)).toEqual([])
})

test('a class that is not a number does not hide one that is sure, in any row', () => {
  expect(decodeYolov5(one(5, 5, 4, 4, 1, NaN, 0.75), options)).toEqual([
    { classId: 1, score: 0.75, x1: 3, y1: 3, x2: 7, y2: 7 },
  ])
})

test('YOLOX leaves out a size beyond all numbers', () => {
  const tensor = { width: 32, height: 32 }
  const output = new Float32Array(yoloxCells(tensor) * 6)
  output.set([0.5, 0.5, 1000, 0, 1, 1])
  expect(decodeYolox(output, tensor, { classes: 1, threshold: 0.5 })).toEqual([])
  output.set([0.5, 0.5, 0, 0, 1, 1])
  expect(decodeYolox(output, tensor, { classes: 1, threshold: 0.5 })).toEqual([
    { classId: 0, score: 1, x1: 0, y1: 0, x2: 8, y2: 8 },
  ])
})

test('an answer of the wrong length is a fault of the package, by name', () => {
  expect(() => decodeYolov8(new Float32Array(13), options)).toThrow(
    expect.objectContaining({ code: 'OUTPUT_SHAPE_UNEXPECTED', category: 'MODEL_PACKAGE_INVALID' }),
  )
  expect(() => decodeYolov5(new Float32Array(13), options)).toThrow(
    expect.objectContaining({ code: 'OUTPUT_SHAPE_UNEXPECTED' }),
  )
  expect(() => decodeYolox(new Float32Array(7), { width: 64, height: 64 }, options)).toThrow(
    expect.objectContaining({ code: 'OUTPUT_SHAPE_UNEXPECTED' }),
  )
})

describe('detections', () => {
  // 100×50 in a 64×64 tensor: scaled to 64×32, 16 rows of padding above and below.
  const placement = fitInto(
    { width: 100, height: 50 },
    { width: 64, height: 64 },
    { stride: null, align: 'centre', enlarge: true },
  )
  const limits = { iouThreshold: 0.45, maxDetections: 10 }
  const box = (x1: number, y1: number, x2: number, y2: number, score = 0.9): Candidate => ({
    classId: 3,
    score,
    x1,
    y1,
    x2,
    y2,
  })

  test('come as fractions of the picture, clipped to it', () => {
    expect(toDetections([box(16, 8, 96, 32)], placement, limits)).toEqual([
      { classId: 3, confidence: 0.9, x: 0.25, y: 0, width: 0.75, height: 0.5 },
    ])
  })

  test('leave out what lies on the padding, without using up places', () => {
    const candidates = [box(0, 0, 10, 16, 0.99), box(70, 20, 80, 30, 0.98), box(0, 16, 32, 32, 0.6)]
    const detections = toDetections(candidates, placement, { ...limits, maxDetections: 1 })
    expect(detections).toEqual([{ classId: 3, confidence: 0.6, x: 0, y: 0, width: 0.5, height: 0.5 }])
  })

  test('never reach beyond the picture, not by a rounding either', () => {
    const draws = minstd(77, 4000)
    for (let i = 0; i < 4000; i += 4) {
      const [a, b, c, d] = draws.subarray(i, i + 4) as unknown as [number, number, number, number]
      const odd = fitInto(
        { width: 97, height: 61 },
        { width: 64, height: 64 },
        { stride: null, align: 'centre', enlarge: true },
      )
      for (const { x, y, width, height } of toDetections(
        [box(a * 64, b * 64, a * 64 + c * 90, b * 64 + d * 90)],
        odd,
        limits,
      )) {
        expect(Math.min(x, y)).toBeGreaterThanOrEqual(0)
        expect(Math.min(width, height)).toBeGreaterThan(0)
        expect(Math.max(x + width, y + height)).toBeLessThanOrEqual(1)
      }
    }
  })

  test('a score above 1 is reported as 1, and normalized boxes are scaled to the tensor', () => {
    const [candidate] = scaleBoxes([box(0.25, 0.25, 0.75, 0.5, 1.2)], { width: 64, height: 64 })
    expect(candidate).toEqual(box(16, 16, 48, 32, 1.2))
    expect(toDetections(candidate ? [candidate] : [], placement, limits)).toEqual([
      { classId: 3, confidence: 1, x: 0.25, y: 0, width: 0.5, height: 0.5 },
    ])
  })

  test('of a set of objects two that overlap are two', () => {
    const twins = [box(0, 16, 32, 32, 0.6), box(0, 16, 32, 32, 0.8), box(0, 16, 32, 32, 0.7)]
    const kept = toDetections(twins, placement, { iouThreshold: null, maxDetections: 2 })
    expect(kept.map(({ confidence }) => confidence)).toEqual([0.8, 0.7])
    expect(toDetections(twins, placement, limits)).toHaveLength(1)
  })

  test('boxes plainly in the other unit are refused with the line to write', () => {
    const tensor = { width: 64, height: 64 }
    const pixels = [box(3, 4, 20, 30), box(0.1, 0.2, 0.3, 0.4)]
    const fractions = [box(0.1, 0.2, 0.3, 0.4), box(-0.1, 0, 1, 1)]
    expect(inTensorPixels(pixels, 'pixels', tensor)).toBe(pixels)
    expect(inTensorPixels([], 'pixels', tensor)).toEqual([])
    expect(inTensorPixels(fractions, 'normalized', tensor)[0]).toEqual(box(6.4, 12.8, 0.3 * 64, 25.6))
    const refused = (advice: string): unknown =>
      expect.objectContaining({
        code: 'BOXES_UNEXPECTED',
        category: 'MODEL_PACKAGE_INVALID',
        message: expect.stringContaining(`boxes: ${advice}`) as string,
      })
    expect(() => inTensorPixels(fractions, 'pixels', tensor)).toThrow(refused('normalized') as Error)
    expect(() => inTensorPixels(pixels.slice(0, 1), 'normalized', tensor)).toThrow(refused('pixels') as Error)
  })
})
