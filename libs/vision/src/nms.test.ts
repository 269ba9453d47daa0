import { iou } from './geometry'
import { type Candidate, maxCandidates, nonMaximumSuppression } from './nms'
import { goldens, minstd } from './testing'

/** As `random_boxes` of make_vision_goldens.py. */
function randomCandidates(seed: number, count: number): (Candidate & { index: number })[] {
  const draws = minstd(seed, count * 6)
  return Array.from({ length: count }, (_, index) => {
    const [a, b, c, d, e, f] = draws.subarray(6 * index, 6 * index + 6) as unknown as [
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    const [x1, y1] = [a * 80, b * 80]
    return {
      index,
      x1,
      y1,
      x2: x1 + (8 + c * 40),
      y2: y1 + (8 + d * 40),
      score: Math.round(e * 20) / 20,
      classId: Math.floor(f * 3),
    }
  })
}

test.each(goldens.nms)(
  'keeps what the whole IoU matrix keeps: $count boxes, IoU $iou, at most $limit',
  ({ seed, count, iou: iouThreshold, limit, kept }) => {
    const actual = nonMaximumSuppression(randomCandidates(seed, count), { iouThreshold, maxDetections: limit })
    expect(actual.map(({ index }) => index)).toEqual(kept)
  },
)

test('what is kept overlaps nothing of its class, and what is dropped overlaps something better', () => {
  for (let seed = 100; seed < 120; seed++) {
    const candidates = randomCandidates(seed, 200)
    const kept = nonMaximumSuppression(candidates, { iouThreshold: 0.3, maxDetections: 1000 })
    const rivals = (one: Candidate, all: readonly Candidate[]): Candidate[] =>
      all.filter((other) => other !== one && other.classId === one.classId && iou(one, other) > 0.3)
    for (const one of kept) expect(rivals(one, kept)).toEqual([])
    for (const one of candidates) {
      if (!kept.includes(one)) expect(rivals(one, kept).some(({ score }) => score >= one.score)).toBe(true)
    }
    expect(kept.map(({ score }) => score)).toEqual(kept.map(({ score }) => score).sort((a, b) => b - a))
  }
})

test('a limit gives the beginning of the unlimited answer', () => {
  const candidates = randomCandidates(5, 300)
  const all = nonMaximumSuppression(candidates, { iouThreshold: 0.5, maxDetections: 1000 })
  expect(nonMaximumSuppression(candidates, { iouThreshold: 0.5, maxDetections: 7 })).toEqual(all.slice(0, 7))
  expect(nonMaximumSuppression(candidates, { iouThreshold: 0.5, maxDetections: 0 })).toEqual([])
})

test('equal scores keep their order, and boxes of different classes do not compete', () => {
  const box = { x1: 0, y1: 0, x2: 10, y2: 10, score: 0.5 }
  const [first, second, other] = [
    { ...box, classId: 1 },
    { ...box, classId: 1 },
    { ...box, classId: 0 },
  ]
  const kept = nonMaximumSuppression([first, second, other], { iouThreshold: 0.45, maxDetections: 10 })
  expect(kept[0]).toBe(first)
  expect(kept[1]).toBe(other)
  expect(kept).toHaveLength(2)
})

test('an answer full of disjoint boxes ends soon', () => {
  const crowd = Array.from({ length: maxCandidates + 5000 }, (_, i) => ({
    classId: 0,
    score: 1 - i / 1e6,
    x1: 2 * i,
    y1: 0,
    x2: 2 * i + 1,
    y2: 1,
  }))
  const startedAt = performance.now()
  expect(nonMaximumSuppression(crowd, { iouThreshold: 0.45, maxDetections: 300 })).toHaveLength(300)
  // Comparing all pairs would be 6·10⁸ comparisons, several seconds.
  expect(performance.now() - startedAt).toBeLessThan(1000)
})

test('IoU of boxes that touch, nest, or have no area', () => {
  const unit = { x1: 0, y1: 0, x2: 2, y2: 2 }
  expect(iou(unit, unit)).toBe(1)
  expect(iou(unit, { x1: 2, y1: 0, x2: 4, y2: 2 })).toBe(0)
  expect(iou(unit, { x1: 0, y1: 0, x2: 1, y2: 1 })).toBe(0.25)
  expect(iou(unit, { x1: 1, y1: 1, x2: 1, y2: 1 })).toBe(0)
})
