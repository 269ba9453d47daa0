import { isFiniteVector, pooledDimension, poolVectors } from './pooling'
import { goldens, minstd } from './testing'

test.each(goldens.pooling)('$pooling of $shape', ({ seed, shape, pooling, vectors }) => {
  const actual = poolVectors(
    minstd(
      seed,
      shape.reduce((a, b) => a * b, 1),
    ),
    shape,
    pooling,
  )
  expect(actual).toHaveLength(vectors.length)
  actual.forEach((vector, i) => {
    expect(vector).toHaveLength(vectors[i]?.length ?? -1)
    expect(pooledDimension(shape, pooling)).toBe(vector.length)
    vector.forEach((value, d) => expect(value).toBeCloseTo(vectors[i]?.[d] ?? NaN, 5))
  })
})

test('a picture pooled alone gives the very vector it gives in a batch', () => {
  const data = minstd(9, 3 * 7 * 5)
  const batch = poolVectors(data, [3, 7, 5], 'mean')
  batch.forEach((vector, i) =>
    expect(poolVectors(data.slice(i * 35, (i + 1) * 35), [1, 7, 5], 'mean')).toEqual([vector]),
  )
})

test('vectors are copies, since a session may reuse its memory', () => {
  const data = minstd(9, 4)
  const [vector] = poolVectors(data, [1, 4], 'none')
  const before = vector?.slice()
  data.fill(0)
  expect(vector).toEqual(before)
})

test.each([
  ['none', [1, 4, 3]],
  ['cls', [1, 4]],
  ['cls', [1, 4, 3, 2]],
  ['none', [2]],
  ['mean', [1, 0, 3]],
  ['mean', [1, 3, 0, 0]],
  ['none', [1, 0]],
] as const)('%s gives no vector for %p, and says so', (pooling, shape) => {
  const data = new Float32Array(shape.reduce<number>((a, b) => a * b, 1))
  expect(() => poolVectors(data, shape, pooling)).toThrow(
    expect.objectContaining({ code: 'POOLING_IMPOSSIBLE', category: 'MODEL_PACKAGE_INVALID' }),
  )
})

test('a tensor shorter than its shape says is refused', () => {
  expect(() => poolVectors(new Float32Array(3), [1, 4], 'none')).toThrow(
    expect.objectContaining({ code: 'POOLING_IMPOSSIBLE' }),
  )
})

test('a free dimension stays free', () => {
  expect(pooledDimension([-1, 768], 'none')).toBe(768)
  expect(pooledDimension([-1, -1, 768], 'cls')).toBe(768)
  expect(pooledDimension([-1, -1], 'none')).toBe(-1)
})

test('NaN and infinity are no vector', () => {
  expect(isFiniteVector(Float32Array.of(1, 2))).toBe(true)
  expect(isFiniteVector(Float32Array.of(1, NaN))).toBe(false)
  expect(isFiniteVector(Float32Array.of(-Infinity, 2))).toBe(false)
})
