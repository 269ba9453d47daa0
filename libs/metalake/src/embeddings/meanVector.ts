/**
 * The vector of a video: the mean of the normalised vectors of its frames, v = 1/n · Σᵢ fᵢ / ‖fᵢ‖₂, in float64, rounded once to
 * float32. Normalised first, so that a frame the model answers loudly counts no more than the others. The mean isn't normalised
 * again: its length, 0..1, says how alike the frames are, and a cosine doesn't see it. A frame whose vector is zero has no
 * direction and adds nothing but to n. Takes as much memory as one vector, whatever n.
 */
export interface MeanVector {
  /** Throws when the length differs from the first's. */
  add(vector: Float32Array): void
  /** Null before the first frame. */
  mean(): Float32Array | null
}

export function createMeanVector(): MeanVector {
  let sum: Float64Array | null = null
  let count = 0
  return {
    add(vector) {
      sum ??= new Float64Array(vector.length)
      if (sum.length !== vector.length)
        throw new Error(`a vector of ${vector.length} came after vectors of ${sum.length}`)
      let squares = 0
      for (const value of vector) squares += value * value
      const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0
      for (let n = 0; n < vector.length; n++) sum[n] = (sum[n] ?? 0) + (vector[n] ?? 0) * scale
      count++
    },
    mean: () => (sum === null ? null : Float32Array.from(sum, (value) => value / count)),
  }
}
