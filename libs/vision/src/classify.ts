import { type Activation, acceptance, sigmoid, softmaxSum } from './scores'

/** A label of the picture as a whole. */
export interface Classification {
  classId: number
  confidence: number
}

export interface ClassifyOptions {
  /** 0..1; what scores below is left out. */
  threshold: number
  activation: Activation
  /** At most so many, the best. */
  limit: number
}

/**
 * Reads one picture's answer of a classifier, one number a class: the classes that reach the threshold, best first; equal ones
 * in the order of the labels. After a softmax at most 1 / threshold can reach it; after a sigmoid each class is judged alone.
 * Null when a number of it is not finite: nothing can be said of such a picture.
 */
export function classify(
  output: Float32Array,
  { threshold, activation, limit }: ClassifyOptions,
): Classification[] | null {
  if (!output.every(Number.isFinite)) return null
  const scores = activated(output, activation)
  const accept = acceptance(threshold)
  const found: Classification[] = []
  scores.forEach((score, classId) => {
    if (accept(score)) found.push({ classId, confidence: score })
  })
  return found
    .sort((a, b) => b.confidence - a.confidence || a.classId - b.classId)
    .slice(0, limit)
    .map(({ classId, confidence }) => ({ classId, confidence: Math.min(1, confidence) }))
}

function activated(output: Float32Array, activation: Activation): Float64Array {
  if (activation === 'none') return Float64Array.from(output)
  if (activation === 'sigmoid') return Float64Array.from(output, sigmoid)
  const largest = output.reduce((most, value) => Math.max(most, value), -Infinity)
  const sum = softmaxSum(output, 0, output.length, largest)
  return Float64Array.from(output, (value) => Math.exp(value - largest) / sum)
}
