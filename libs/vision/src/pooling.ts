import { errors } from './errors'

export type Pooling = 'none' | 'mean' | 'cls'

/**
 * One vector a picture, out of a tensor whose first dimension is the batch. The vectors are copies.
 *
 * - none: [b, D], or the same with dimensions of 1 around it, such as [b, D, 1, 1];
 * - mean: over the tokens of [b, T, D], or over the places of a feature map [b, D, h, w];
 * - cls: the first token of [b, T, D].
 */
export function poolVectors(data: Float32Array, shape: readonly number[], pooling: Pooling): Float32Array[] {
  const [batch = 0, ...rest] = shape
  const each = rest.reduce((product, side) => product * side, 1)
  const dimension = pooledDimension(shape, pooling)
  if (dimension === null || each < 1 || batch * each !== data.length)
    throw errors.POOLING_IMPOSSIBLE({ pooling, shape })
  return Array.from({ length: batch }, (_, i) => {
    const one = data.subarray(i * each, (i + 1) * each)
    if (pooling !== 'mean' || rest.length === 1) return one.slice(0, dimension)
    return rest.length === 3 ? meanOfPlaces(one, dimension) : meanOfTokens(one, dimension)
  })
}

/** The length of the vectors a tensor of this shape gives, -1 where the graph leaves it free, null where it gives none. */
export function pooledDimension(shape: readonly number[], pooling: Pooling): number | null {
  const rest = shape.slice(1)
  if (pooling === 'cls') return rest.length === 2 ? rest[1]! : null
  if (pooling === 'mean' && rest.length === 3) return rest[0]!
  if (pooling === 'mean' && rest.length === 2) return rest[1]!
  const sides = rest.filter((side) => side !== 1)
  if (rest.length === 0 || sides.length > 1) return null
  return sides[0] ?? 1
}

/** Summed in double precision: float32 would lose digits over the 3,136 places of a 56×56 map. */
function meanOfTokens(tokens: Float32Array, dimension: number): Float32Array {
  const sum = new Float64Array(dimension)
  for (let at = 0; at < tokens.length;) for (let d = 0; d < dimension; d++, at++) sum[d]! += tokens[at]!
  const count = tokens.length / dimension
  return Float32Array.from(sum, (value) => value / count)
}

function meanOfPlaces(map: Float32Array, dimension: number): Float32Array {
  const places = map.length / dimension
  const vector = new Float32Array(dimension)
  for (let d = 0; d < dimension; d++) {
    let sum = 0
    for (let at = d * places, end = at + places; at < end; at++) sum += map[at]!
    vector[d] = sum / places
  }
  return vector
}

/** True when every number of it can be stored and compared. */
export const isFiniteVector = (vector: Float32Array): boolean => vector.every(Number.isFinite)
