/** Cosine of two vectors of one length, -1 to 1; 0 when either has no direction. */
export function cosine(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) throw new RangeError(`vectors of ${a.length} and ${b.length} numbers can't be compared`)
  let product = 0
  let normA = 0
  let normB = 0
  for (let i = 0; i < a.length; i++) {
    const x = a[i] as number
    const y = b[i] as number
    product += x * y
    normA += x * x
    normB += y * y
  }
  return normA === 0 || normB === 0 ? 0 : product / Math.sqrt(normA * normB)
}

export interface Neighbour {
  name: string
  /** Cosine, -1 to 1. */
  score: number
}

/** For each name the one whose vector points most nearly the same way; none when it is alone. */
export function nearestNeighbours(vectors: ReadonlyMap<string, readonly number[]>): Map<string, Neighbour> {
  const nearest = new Map<string, Neighbour>()
  for (const [name, vector] of vectors) {
    for (const [other, candidate] of vectors) {
      if (other === name) continue
      const score = cosine(vector, candidate)
      if (score > (nearest.get(name)?.score ?? -Infinity)) nearest.set(name, { name: other, score })
    }
  }
  return nearest
}
