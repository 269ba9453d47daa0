import { errors } from './errors'
import type { Candidate } from './nms'
import { type Activation, acceptance, indexOfLargest, pushCentred, pushCorners, sigmoid, softmaxSum } from './scores'

// Answers that are sets of objects already: one row an object, so that nothing is suppressed for overlap afterwards.

export interface DecodeSetOptions {
  /** How many classes the labels name. */
  classes: number
  /** 0..1; what scores below is left out. */
  threshold: number
}

/**
 * Reads one picture's answer of YOLOv10, or of another YOLO exported end to end: `[n, 6]`, each row x1, y1, x2, y2 in tensor
 * pixels, score, class. Rows that fill up the answer score 0. Throws CLASS_UNKNOWN for a class no label names.
 */
export function decodeYolov10(output: Float32Array, { classes, threshold }: DecodeSetOptions): Candidate[] {
  const accept = acceptance(threshold)
  const candidates: Candidate[] = []
  for (let at = 0; at + 6 <= output.length; at += 6) {
    const score = output[at + 4]!
    if (!accept(score)) continue
    const classId = knownClass(output[at + 5]!, classes)
    const [x1, y1, x2, y2] = [output[at]!, output[at + 1]!, output[at + 2]!, output[at + 3]!]
    pushCorners(candidates, { classId, score, x1, y1, x2, y2 })
  }
  return candidates
}

export interface DecodeQueriesOptions extends DecodeSetOptions {
  activation: Activation
}

/**
 * Reads one picture's answer of DETR and its kin: `logits` `[q, columns]` with one column a class or, where there is one more,
 * "no object" in the last; `boxes` `[q, 4]`, each cx, cy, width, height. A query is its best class: an object is one thing.
 * The softmax runs over all columns, "no object" included, which itself is never the answer (as DETR's own post-processing).
 */
export function decodeQueries(
  logits: Float32Array,
  boxes: Float32Array,
  { classes, threshold, activation }: DecodeQueriesOptions,
): Candidate[] {
  const queries = boxes.length / 4
  const columns = logits.length / queries
  if (queries === 0) return []
  if (columns !== classes && columns !== classes + 1)
    throw errors.OUTPUT_SHAPE_UNEXPECTED({
      output: 'detr',
      expected: `[batch, ${queries}, ${classes} or ${classes} + 1] beside boxes of [batch, ${queries}, 4]`,
      actual: [logits.length],
    })
  return decodeRows(
    { scores: logits, scoreRow: columns, scoreAt: 0, columns, boxes, boxRow: 4 },
    { classes, threshold, activation },
  )
}

/** The same in one tensor, as Ultralytics exports RT-DETR: `[q, 4 + classes]`, the box first, then the class scores. */
export function decodeJoinedQueries(output: Float32Array, options: DecodeQueriesOptions): Candidate[] {
  const row = 4 + options.classes
  if (output.length % row !== 0)
    throw errors.OUTPUT_SHAPE_UNEXPECTED({
      output: 'detr',
      expected: `[batch, n, 4 + ${options.classes}]`,
      actual: [output.length],
    })
  const columns = options.classes
  return decodeRows({ scores: output, scoreRow: row, scoreAt: 4, columns, boxes: output, boxRow: row }, options)
}

interface Rows {
  scores: Float32Array
  scoreRow: number
  scoreAt: number
  columns: number
  boxes: Float32Array
  boxRow: number
}

function decodeRows(rows: Rows, { classes, threshold, activation }: DecodeQueriesOptions): Candidate[] {
  const { scores, scoreRow, scoreAt, columns, boxes, boxRow } = rows
  const accept = acceptance(threshold)
  const candidates: Candidate[] = []
  for (let at = scoreAt, box = 0; box + 4 <= boxes.length; at += scoreRow, box += boxRow) {
    const classId = indexOfLargest(scores, at, classes)
    const raw = scores[at + classId]!
    const score = activate(raw, activation, scores, at, columns)
    if (accept(score))
      pushCentred(candidates, classId, score, boxes[box]!, boxes[box + 1]!, boxes[box + 2]!, boxes[box + 3]!)
  }
  return candidates
}

function activate(raw: number, activation: Activation, row: Float32Array, start: number, columns: number): number {
  if (activation === 'none') return raw
  if (activation === 'sigmoid') return sigmoid(raw)
  const largest = row[start + indexOfLargest(row, start, columns)]!
  return Math.exp(raw - largest) / softmaxSum(row, start, columns, largest)
}

/** One picture's answer of a graph that suppresses overlaps itself (SSD and others). */
export interface ListedDetections {
  /** [n, 4] */
  boxes: Float32Array
  /** [n] */
  classes: Float32Array
  /** [n] */
  scores: Float32Array
  /** How many of the n are meant; null: all. */
  count: number | null
  /** yxyx: ymin, xmin, ymax, xmax, as TensorFlow's object detection writes them. */
  order: 'xyxy' | 'yxyx'
}

/** Reads such an answer. Class ids are indices of the labels as they stand. Throws CLASS_UNKNOWN for one no label has. */
export function decodeListed(answer: ListedDetections, { classes: known, threshold }: DecodeSetOptions): Candidate[] {
  const { boxes, classes, scores, count, order } = answer
  const n = scores.length
  if (boxes.length !== 4 * n || classes.length !== n || (count !== null && !(count >= 0 && count <= n)))
    throw errors.OUTPUTS_UNEXPECTED({
      output: 'ssd',
      expected: 'as many boxes, classes and scores, and a number of detections that is not more',
      actual: `${boxes.length / 4} boxes, ${classes.length} classes, ${n} scores${count === null ? '' : `, ${count} detections`}`,
    })
  const accept = acceptance(threshold)
  const candidates: Candidate[] = []
  for (let i = 0; i < (count ?? n); i++) {
    const score = scores[i]!
    if (!accept(score)) continue
    const [a, b, c, d] = [boxes[4 * i]!, boxes[4 * i + 1]!, boxes[4 * i + 2]!, boxes[4 * i + 3]!]
    const corners = order === 'xyxy' ? { x1: a, y1: b, x2: c, y2: d } : { x1: b, y1: a, x2: d, y2: c }
    pushCorners(candidates, { classId: knownClass(classes[i]!, known), score, ...corners })
  }
  return candidates
}

function knownClass(classId: number, classes: number): number {
  if (Number.isInteger(classId) && classId >= 0 && classId < classes) return classId
  throw errors.CLASS_UNKNOWN({ classId, classes })
}
