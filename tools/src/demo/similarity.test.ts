import { cosine, nearestNeighbours } from './similarity'

test('cosine measures direction, not length', () => {
  expect(cosine([1, 0], [5, 0])).toBe(1)
  expect(cosine([1, 0], [0, 3])).toBe(0)
  expect(cosine([1, 1], [-2, -2])).toBeCloseTo(-1, 12)
  expect(cosine([0, 0], [1, 1])).toBe(0)
  expect(() => cosine([1], [1, 2])).toThrow(RangeError)
})

test('the nearest neighbour is another one, and need not be mutual', () => {
  const neighbours = nearestNeighbours(
    new Map([
      ['a', [1, 0]],
      ['b', [0.9, 0.1]],
      ['c', [0.5, 0.5]],
    ]),
  )
  expect(neighbours.get('a')?.name).toBe('b')
  expect(neighbours.get('b')?.name).toBe('a')
  expect(neighbours.get('c')?.name).toBe('b')
  expect(neighbours.get('c')?.score).toBeCloseTo((1 / Math.sqrt(2)) * (1 / Math.hypot(0.9, 0.1)), 12)
})

test('alone there is no neighbour', () => expect(nearestNeighbours(new Map([['a', [1, 0]]])).size).toBe(0))
