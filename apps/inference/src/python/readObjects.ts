import type { Box, Size } from '@lakelens/vision'
import { answerErrors } from './answerErrors'
import { judgeBoxes } from './judgeBoxes'
import { readMasks } from './readMasks'
import { type ClassOf, type Scored, bestOf, labelsOf, readScores } from './readScores'
import {
  type Matrix,
  type Value,
  type ValueRecord,
  asMatrix,
  describeValue,
  field,
  isList,
  isNumberArray,
  isRecord,
  missing,
  requireFew,
  row,
} from './values'

export type Units = 'pixels' | 'normalized'

export interface AnswerContext {
  application: 'AUTO_TAGGING' | 'AUTO_ANNOTATION'
  labels: readonly string[]
  picture: Size
  boxes: Units
  activation: 'none' | 'sigmoid' | 'softmax'
  scoreKey: 'probs' | 'logits'
}

export interface FoundObject {
  label: string
  confidence: number
  /** In the answer's own units. */
  box: Box | null
}

/** `boxes`, `masks` and their scores, one object each. */
export function readObjects(record: ValueRecord, context: AnswerContext): FoundObject[] {
  const boxes = field(record, 'boxes')
  const masks = field(record, 'masks')
  if (boxes === null && masks === null) return wholePicture(record, context)
  const { corners, scored } = readBoxes(boxes, context)
  const fromMasks = readMasks(masks, corners?.length ?? null, context)
  const places = corners ?? fromMasks ?? []
  const all = scored ?? scoresBeside(record, places.length, context)
  if (corners) judgeBoxes(corners, context)
  return places.flatMap((box, i) => (box === null ? [] : [{ ...all[i]!, box }]))
}

interface ReadBoxes {
  /** Null: there are none, and masks say where things are. */
  corners: Box[] | null
  /** Null: they are beside the boxes. */
  scored: Scored[] | null
}

const boxShapes = 'N × 4 [x1, y1, x2, y2], N × 6 [x1, y1, x2, y2, score, class], or a list of dicts'

function readBoxes(value: Value, context: AnswerContext): ReadBoxes {
  if (value === null) return { corners: null, scored: null }
  if (isList(value)) requireFew('boxes', value.length)
  if (isList(value) && value.length > 0 && value.every(isRecord)) return readDicts(value as ValueRecord[], context)
  const matrix = asMatrix(withoutBatch(value))
  if (!matrix || !(matrix.rows === 0 || matrix.columns === 4 || matrix.columns === 6))
    throw answerErrors.ANSWER_SHAPE({ key: 'boxes', actual: describeValue(value), expected: boxShapes })
  requireFew('boxes', matrix.rows)
  const rows = Array.from({ length: matrix.rows }, (_, i) => row(matrix, i))
  const corners = rows.map(([x1, y1, x2, y2]) => ({ x1: x1!, y1: y1!, x2: x2!, y2: y2! }))
  if (matrix.columns !== 6) return { corners, scored: null }
  const scores = bestOf(
    { rows: rows.length, columns: 1, data: rows.map((one) => one[4]!) },
    { ...context, scoreKey: 'boxes' },
  )
  const classes = labelsOf(
    rows.map((one) => one[5]!),
    context,
  )
  return { corners, scored: scores.map(({ confidence }, i) => ({ confidence, label: classes(i) })) }
}

// One picture was asked about: a batch of one, as torch and ONNX graphs give it, means the same.
function withoutBatch(value: Value): Value {
  if (isNumberArray(value) && value.shape.length === 3 && value.shape[0] === 1)
    return { shape: value.shape.slice(1), data: value.data }
  return value
}

function readDicts(dicts: readonly ValueRecord[], context: AnswerContext): ReadBoxes {
  const corners = dicts.map(readDictBox)
  const scores = dicts.map((dict) => field(dict, 'score', 'prob', 'confidence'))
  // Then probs, and what goes with them, are beside the boxes.
  if (scores.every((score) => score === null)) return { corners, scored: null }
  const numbers = scores.map((score) => {
    if (typeof score === 'number') return score
    throw answerErrors.ANSWER_SHAPE({
      key: 'boxes[].score',
      actual: describeValue(score),
      expected: 'a number in each of the dicts',
    })
  })
  const best = bestOf({ rows: numbers.length, columns: 1, data: numbers }, { ...context, scoreKey: 'boxes[].score' })
  const names = dicts.map((dict) => field(dict, 'label', 'name', 'class', 'class_id', 'phrase'))
  const label = names.every((name) => name === null) ? onlyLabel(context) : labelsOf(names, context)
  return { corners, scored: best.map(({ confidence }, i) => ({ confidence, label: label(i) })) }
}

function onlyLabel({ labels }: AnswerContext): ClassOf {
  if (labels.length === 1) return () => labels[0]!
  throw answerErrors.ANSWER_SHAPE({
    key: 'boxes[].label',
    actual: 'missing',
    expected: 'the label or the class of each object',
  })
}

const cornerNames = [
  ['x1', 'y1', 'x2', 'y2'],
  ['xmin', 'ymin', 'xmax', 'ymax'],
] as const

function readDictBox(dict: ValueRecord): Box {
  const inside = field(dict, 'box', 'bbox', 'xyxy')
  const vector =
    inside === null ? null : (asMatrix(isList(inside) || isNumberArray(inside) ? wrap(inside) : null) ?? null)
  if (vector?.columns === 4) return toBox(vector)
  const named = inside !== null && isRecord(inside) ? inside : dict
  for (const names of cornerNames) {
    const numbers = names.map((name) => field(named, name))
    if (numbers.every((number) => typeof number === 'number')) {
      const [x1, y1, x2, y2] = numbers as [number, number, number, number]
      return { x1, y1, x2, y2 }
    }
  }
  throw answerErrors.ANSWER_SHAPE({
    key: 'boxes',
    actual: `a list of dicts, one of them ${describeValue(dict)}`,
    expected: '`box: [x1, y1, x2, y2]`, or `x1`, `y1`, `x2`, `y2`, in each of the dicts',
  })
}

const wrap = (value: Value): Value => [value]
const toBox = ({ data }: Matrix): Box => ({ x1: data[0]!, y1: data[1]!, x2: data[2]!, y2: data[3]! })

function scoresBeside(record: ValueRecord, count: number, context: AnswerContext): Scored[] {
  const scored = readScores(record, context)
  if (scored.length !== count)
    throw answerErrors.ANSWER_LENGTHS_DIFFER({ key: context.scoreKey, length: scored.length, boxes: count })
  return scored
}

/** Scores without any place: the labels are of the picture as a whole. */
function wholePicture(record: ValueRecord, context: AnswerContext): FoundObject[] {
  const scores = field(record, context.scoreKey, 'probs')
  if (scores === null) throw missing('boxes', record)
  return readScores(record, context, true).map((scored) => ({ ...scored, box: null }))
}
