import { classify } from './classify'
import { goldens, minstd } from './testing'

test.each(goldens.classification)(
  '$activation over $classes classes, threshold $threshold, at most $limit',
  ({ seed, classes, activation, threshold, limit, labels }) => {
    const output = minstd(seed, classes).map((value) => value * 12 - 6)
    const found = classify(output, { threshold, activation, limit })
    expect(labels.length).toBeGreaterThan(0)
    expect(found?.map(({ classId }) => classId)).toEqual(labels.map(([classId]) => classId))
    found?.forEach(({ confidence }, i) => expect(confidence).toBeCloseTo(Math.min(1, labels[i]![1]), 6))
  },
)

test('after a softmax the scores are shares: equal logits share, and logits beyond all exponents win', () => {
  const options = { threshold: 0.2, activation: 'softmax', limit: 300 } as const
  expect(classify(Float32Array.of(7, 7, 7, 7), options)).toEqual(
    [0, 1, 2, 3].map((classId) => ({ classId, confidence: 0.25 })),
  )
  expect(classify(Float32Array.of(-9000, 9000), options)).toEqual([{ classId: 1, confidence: 1 }])
})

test('a threshold is reached by the score as the graph wrote it, and 0 by everything but 0', () => {
  const options = { activation: 'none', limit: 300 } as const
  expect(classify(Float32Array.of(0.7, 0.3), { ...options, threshold: 0.7 })).toHaveLength(1)
  expect(classify(Float32Array.of(0.7, 0), { ...options, threshold: 0 })).toHaveLength(1)
  expect(classify(Float32Array.of(1.2), { ...options, threshold: 0.5 })).toEqual([{ classId: 0, confidence: 1 }])
})

test('an answer that is not made of numbers is none', () => {
  for (const bad of [NaN, Infinity, -Infinity])
    expect(classify(Float32Array.of(1, bad), { threshold: 0, activation: 'softmax', limit: 9 })).toBeNull()
})
