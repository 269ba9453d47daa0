import { answerErrors } from './answerErrors'
import { printable } from './printable'
import type { AnswerContext } from './readObjects'
import {
  type Matrix,
  type Value,
  type ValueRecord,
  asMatrix,
  asVector,
  describeValue,
  field,
  isList,
  isNumberArray,
  requireFew,
} from './values'

export interface Scored {
  label: string
  confidence: number
}

/** The label of object i. */
export type ClassOf = (i: number) => string

type ScoreContext = Pick<AnswerContext, 'activation' | 'labels'> & { scoreKey: string }

const maxPhrase = 200
// What float32 arithmetic makes of 0 and 1.
const rounding = 1e-5

/**
 * Scores with their labels: N with `phrases`, `labels` or `classes`, or N×C. `ofPicture`: there are no objects, so that C
 * scores in a row are one for each label.
 */
export function readScores(record: ValueRecord, context: AnswerContext, ofPicture = false): Scored[] {
  const { scoreKey, labels } = context
  const value = field(record, scoreKey, scoreKey === 'logits' ? 'probs' : 'logits')
  const named = field(record, 'phrases', 'labels', 'classes', 'class_ids')
  const matrix = scoreMatrix(value, context)
  requireFew(scoreKey, matrix.rows)
  const perObject = matrix.columns === 1 || matrix.rows === 0
  if (named !== null) {
    const names = asNames(named)
    if (names.length !== matrix.rows)
      throw answerErrors.ANSWER_LENGTHS_DIFFER({ key: 'labels', length: names.length, boxes: matrix.rows })
    const label = labelsOf(names, context)
    return bestOf(matrix, context).map(({ confidence }, i) => ({ confidence, label: label(i) }))
  }
  if (ofPicture) return scoresOfPicture(matrix, context)
  if (matrix.rows > 0 && matrix.columns !== labels.length) {
    throw answerErrors.ANSWER_SHAPE({
      key: scoreKey,
      actual: perObject
        ? `${matrix.rows} scores without their classes`
        : `${matrix.rows} × ${matrix.columns}, and there are ${labels.length} labels`,
      expected: `N scores with \`classes\` or \`labels\` beside them, or N × ${labels.length}, one a label`,
    })
  }
  return bestOf(matrix, context).map(({ confidence, at }) => ({ confidence, label: labels[at]! }))
}

function scoresOfPicture({ rows, columns, data }: Matrix, context: AnswerContext): Scored[] {
  const { labels, scoreKey } = context
  if (rows * columns !== labels.length) {
    throw answerErrors.ANSWER_SHAPE({
      key: scoreKey,
      actual: `${rows * columns} scores without boxes, and there are ${labels.length} labels`,
      expected: '`boxes`, or one score for each label',
    })
  }
  const scores = activated(Array.from(data), context)
  return labels.map((label, i) => ({ label, confidence: requireScore(scores[i]!, scoreKey) }))
}

function scoreMatrix(value: Value, { scoreKey }: AnswerContext): Matrix {
  const flat = isNumberArray(value) && value.shape.length === 3 && value.shape[0] === 1
  const vector = asVector(value)
  if (vector) return { rows: vector.length, columns: 1, data: vector }
  const matrix = asMatrix(flat ? { shape: value.shape.slice(1), data: value.data } : value)
  if (matrix && (matrix.columns > 0 || matrix.rows === 0)) return matrix
  throw answerErrors.ANSWER_SHAPE({
    key: scoreKey,
    actual: describeValue(value),
    expected: 'N scores, or N × C, one a class',
  })
}

const asNames = (value: Value): readonly Value[] => {
  const numbers = asVector(value)
  if (numbers) {
    requireFew('labels', numbers.length)
    return Array.from(numbers)
  }
  if (isList(value)) return value
  throw answerErrors.ANSWER_SHAPE({
    key: 'labels',
    actual: describeValue(value),
    expected: 'a list of labels or of class numbers, one for each object',
  })
}

/** Class numbers or labels, judged by the label list. Phrases of auto annotation are labels as they are. */
export function labelsOf(names: readonly Value[], { labels, application }: AnswerContext): ClassOf {
  const known = new Set(labels)
  const read = (name: Value): string => {
    if (typeof name === 'number') {
      const label = Number.isInteger(name) ? labels[name] : undefined
      if (label === undefined) throw answerErrors.ANSWER_CLASS_UNKNOWN({ value: name, classes: labels.length })
      return label
    }
    if (typeof name !== 'string') {
      throw answerErrors.ANSWER_SHAPE({
        key: 'labels',
        actual: describeValue(name),
        expected: 'a label or a class number for each object',
      })
    }
    if (application === 'AUTO_TAGGING') {
      if (!known.has(name)) throw answerErrors.ANSWER_LABEL_UNKNOWN({ label: printable(name.slice(0, maxPhrase)) })
      return name
    }
    const phrase = name.trim()
    if (phrase === '' || phrase.length > maxPhrase || /\p{Cc}|\p{Cs}/u.test(phrase))
      throw answerErrors.ANSWER_PHRASE_UNUSABLE({ phrase: printable(phrase.slice(0, maxPhrase)) })
    return phrase
  }
  const all = names.map(read)
  return (i) => all[i]!
}

/** Of each row the best score and where it stands, after the activation the manifest asks for. */
export function bestOf({ rows, columns, data }: Matrix, context: ScoreContext): { confidence: number; at: number }[] {
  return Array.from({ length: rows }, (_, i) => {
    const scores = activated(
      Array.from({ length: columns }, (_, column) => data[i * columns + column]!),
      context,
    )
    let at = 0
    for (const [column, score] of scores.entries()) {
      requireScore(score, context.scoreKey)
      if (score > scores[at]!) at = column
    }
    return { confidence: requireScore(scores[at]!, context.scoreKey), at }
  })
}

function activated(scores: number[], { activation }: ScoreContext): number[] {
  if (activation === 'sigmoid') return scores.map((x) => 1 / (1 + Math.exp(-x)))
  if (activation !== 'softmax') return scores
  const largest = scores.reduce((a, b) => Math.max(a, b), -Infinity)
  const powers = scores.map((x) => Math.exp(x - largest))
  const sum = powers.reduce((total, power) => total + power, 0)
  return powers.map((power) => power / sum)
}

function requireScore(value: number, key: string): number {
  if (!Number.isFinite(value)) throw answerErrors.ANSWER_NOT_FINITE({ key })
  if (value < -rounding || value > 1 + rounding) throw answerErrors.ANSWER_SCORE_RANGE({ key, value: tidy(value) })
  return Math.min(1, Math.max(0, value))
}

/** For messages: four digits say enough. */
export const tidy = (value: number): number => Number(value.toPrecision(4))
