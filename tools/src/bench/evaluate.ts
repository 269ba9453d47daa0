/** Labels a picture carries, by file name. */
export type TagsOfPicture = Readonly<Record<string, readonly string[]>>

export interface TagScores {
  precision: number
  recall: number
  f1: number
  correct: number
  predicted: number
  true: number
}

/**
 * Micro-averaged scores of predicted tags against the truth: each (picture, label) pair counts once, however many boxes
 * stand behind it. Every picture of the truth counts; one without a prediction has missed all its labels.
 */
export function scoreTags(predicted: TagsOfPicture, truth: TagsOfPicture): TagScores {
  let correct = 0
  let predictedCount = 0
  let trueCount = 0
  for (const [picture, labels] of Object.entries(truth)) {
    const expected = new Set(labels)
    const actual = new Set(predicted[picture] ?? [])
    trueCount += expected.size
    predictedCount += actual.size
    for (const label of actual) if (expected.has(label)) correct++
  }
  const precision = predictedCount === 0 ? 0 : correct / predictedCount
  const recall = trueCount === 0 ? 0 : correct / trueCount
  const f1 = correct === 0 ? 0 : (2 * precision * recall) / (precision + recall)
  return { precision, recall, f1, correct, predicted: predictedCount, true: trueCount }
}

/** −1..1; NaN when either vector is all zeros or their lengths differ. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return NaN
  let dot = 0
  let squaresA = 0
  let squaresB = 0
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0]
    dot += x * y
    squaresA += x * x
    squaresB += y * y
  }
  return dot / Math.sqrt(squaresA * squaresB)
}

/** The part of `media/coco/groundtruth.json` that scores need. */
export interface GroundTruth {
  labels: string[]
  images: Record<string, { classes: string[] }>
}

export const truthTags = ({ images }: GroundTruth): TagsOfPicture =>
  Object.fromEntries(Object.entries(images).map(([picture, { classes }]) => [picture, classes]))
