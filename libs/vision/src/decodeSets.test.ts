import { decodeJoinedQueries, decodeListed, decodeQueries, decodeYolov10 } from './decodeSets'
import { expectCandidates, goldens, minstd } from './testing'

const float = (...values: number[]): Float32Array => Float32Array.from(values)

/** As `set_rows` of make_vision_goldens.py: float32 at every step. */
function setRows(seed: number, classes: number, n: number): { boxes: number[][]; scores: number[]; ids: number[] } {
  const draws = minstd(seed, n * 6)
  const boxes = Array.from({ length: n }, (_, i) => {
    const [a, b, c, d] = draws.subarray(6 * i, 6 * i + 4) as unknown as [number, number, number, number]
    const [x, y] = [Math.fround(a * 40), Math.fround(b * 40)]
    return [x, y, x + Math.fround(1 + Math.fround(c * 20)), y + Math.fround(1 + Math.fround(d * 20))]
  })
  return {
    boxes,
    scores: Array.from({ length: n }, (_, i) => draws[6 * i + 4]!),
    ids: Array.from({ length: n }, (_, i) => Math.floor(draws[6 * i + 5]! * classes)),
  }
}

test.each(goldens.yolov10)('YOLOv10, $classes classes, $n rows', ({ seed, classes, n, threshold, candidates }) => {
  const { boxes, scores, ids } = setRows(seed, classes, n)
  const output = Float32Array.from(boxes.flatMap((box, i) => [...box, scores[i]!, ids[i]!]))
  expect(candidates.length).toBeGreaterThan(0)
  expectCandidates(decodeYolov10(output, { classes, threshold }), candidates)
})

test('rows that fill up an answer are none, whatever their class', () => {
  const output = float(1, 2, 3, 4, 0.9, 1, ...[0, 0, 0, 0, 0, -1], ...[0, 0, 0, 0, -1, -1], ...[9, 9, 9, 9, 0, 99])
  expect(decodeYolov10(output, { classes: 2, threshold: 0 })).toEqual([
    { classId: 1, score: Math.fround(0.9), x1: 1, y1: 2, x2: 3, y2: 4 },
  ])
})

test.each([
  ['beyond the labels', 2],
  ['below them', -1],
  ['between two', 0.5],
  ['that is no number', NaN],
])('a class %s is a fault of the package, by name', (_, classId) => {
  const unknown = expect.objectContaining({ code: 'CLASS_UNKNOWN', category: 'MODEL_PACKAGE_INVALID' }) as Error
  const options = { classes: 2, threshold: 0.5 }
  expect(() => decodeYolov10(float(1, 2, 3, 4, 0.9, classId), options)).toThrow(unknown)
  const listed = { boxes: float(1, 2, 3, 4), scores: float(0.9), count: null, order: 'xyxy' as const }
  expect(() => decodeListed({ ...listed, classes: float(classId) }, options)).toThrow(unknown)
  // What scores below is never shown, so that its class does no harm.
  expect(decodeYolov10(float(1, 2, 3, 4, 0.4, classId), options)).toEqual([])
})

test.each(goldens.detr)(
  'DETR, $classes classes in $columns columns, $activation',
  ({ seed, classes, columns, queries, activation, threshold, candidates }) => {
    const logits = minstd(seed, queries * columns).map((value) => value * 8 - 4)
    const boxes = minstd(seed + 1, queries * 4)
    expect(candidates.length).toBeGreaterThan(0)
    expect(candidates.length).toBeLessThan(queries)
    expectCandidates(decodeQueries(logits, boxes, { classes, threshold, activation }), candidates)
    if (columns !== classes) return
    const row = 4 + classes
    const joined = Float32Array.from({ length: queries * row }, (_, i) => {
      const [query, column] = [Math.floor(i / row), i % row]
      return column < 4 ? boxes[4 * query + column]! : logits[query * classes + column - 4]!
    })
    expectCandidates(decodeJoinedQueries(joined, { classes, threshold, activation }), candidates)
  },
)

test('"no object" is never an answer, and takes its share of the probability', () => {
  const sure = { classes: 1, threshold: 0.1, activation: 'softmax' } as const
  expect(decodeQueries(float(0, 20), float(0.5, 0.5, 1, 1), sure)).toEqual([])
  const [half] = decodeQueries(float(3, 3), float(0.5, 0.5, 1, 1), sure)
  expect(half).toEqual({ classId: 0, score: 0.5, x1: 0, y1: 0, x2: 1, y2: 1 })
})

test.each(['softmax', 'sigmoid', 'none'] as const)('numbers that are none are left out: %s', (activation) => {
  const options = { classes: 2, threshold: 0, activation }
  expect(decodeQueries(float(NaN, NaN), float(0.5, 0.5, 1, 1), options)).toEqual([])
  expect(decodeQueries(float(0.5, 0.4), float(0.5, NaN, 1, 1), options)).toEqual([])
  expect(decodeQueries(float(0.5, 0.4), float(0.5, 0.5, 0, 1), options)).toEqual([])
})

test('logits beyond all exponents still give a probability', () => {
  const [first] = decodeQueries(float(5000, 4000, -5000), float(0.5, 0.5, 1, 1), {
    classes: 2,
    threshold: 0.5,
    activation: 'softmax',
  })
  expect(first).toMatchObject({ classId: 0, score: 1 })
})

test.each(goldens.ssd)(
  'SSD, $n detections of which $count are meant, $order',
  ({ seed, classes, n, count, order, threshold, candidates }) => {
    const { boxes, scores, ids } = setRows(seed, classes, n)
    const written = boxes.flatMap(([x1, y1, x2, y2]) =>
      order === 'xyxy' ? [x1!, y1!, x2!, y2!] : [y1!, x1!, y2!, x2!],
    )
    const answer = { boxes: float(...written), classes: float(...ids), scores: float(...scores), count, order }
    expectCandidates(decodeListed(answer, { classes, threshold }), candidates)
  },
)

test('lists that do not belong together are refused', () => {
  const answer = {
    boxes: float(1, 2, 3, 4),
    classes: float(0),
    scores: float(0.9),
    count: null,
    order: 'xyxy' as const,
  }
  const options = { classes: 1, threshold: 0.5 }
  const refused = expect.objectContaining({ code: 'OUTPUTS_UNEXPECTED', category: 'MODEL_PACKAGE_INVALID' }) as Error
  expect(decodeListed(answer, options)).toHaveLength(1)
  for (const change of [
    { boxes: float(1, 2, 3) },
    { classes: float(0, 0) },
    { count: 2 },
    { count: -1 },
    { count: NaN },
  ])
    expect(() => decodeListed({ ...answer, ...change }, options)).toThrow(refused)
  expect(() =>
    decodeQueries(float(1, 2, 3, 4, 5, 6, 7), float(0, 0, 1, 1), { ...options, activation: 'none' }),
  ).toThrow(expect.objectContaining({ code: 'OUTPUT_SHAPE_UNEXPECTED' }) as Error)
  expect(() => decodeJoinedQueries(float(1, 2, 3, 4), { ...options, activation: 'none' })).toThrow(
    expect.objectContaining({ code: 'OUTPUT_SHAPE_UNEXPECTED' }) as Error,
  )
})
