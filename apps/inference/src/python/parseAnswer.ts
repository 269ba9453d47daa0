import type { Size } from '@lakelens/vision'
import type { ClassThresholds } from '../threadProtocol'
import { answerErrors } from './answerErrors'
import { type AnswerContext, type FoundObject, type Units, readObjects } from './readObjects'
import { type Value, type ValueRecord, asMatrix, asVector, describeValue, field, isRecord, missing } from './values'

/** What the answer is read against. */
export interface Reading {
  application: 'AUTO_TAGGING' | 'AUTO_ANNOTATION'
  labels: readonly string[]
  /** Of the picture as the model was given it. */
  picture: Size
  boxes: Units
  activation: 'none' | 'sigmoid' | 'softmax'
  /** 0..1; what scores below is dropped, whatever the script does. */
  confidenceThreshold: number
  maxDetections: number
  /** By the index of a label; Infinity: it is not wanted. Null: nothing is said of single labels. */
  classThresholds: ClassThresholds | null
}

export interface ParsedDetection {
  label: string
  confidence: number
  /** Fractions of the picture the model was given, clipped to it; null: the label is of the picture as a whole. */
  box: { x: number; y: number; width: number; height: number } | null
}

/**
 * The objects in an answer of `output_fn`, best first. Read are: `boxes` as N×4 [x1, y1, x2, y2], as N×6 with score and
 * class, or as a list of dicts; `probs` (auto annotation: `logits`) as N scores with `classes`, `labels` or `phrases`, or as
 * N×C; `masks` as polygons, RLE or N×H×W, the boxes computed from them where none are given; without boxes and masks, C
 * scores of the picture as a whole. Anything else is refused by name.
 */
export function parseDetections(answer: Value, reading: Reading): ParsedDetection[] {
  const context: AnswerContext = { ...reading, scoreKey: reading.application === 'AUTO_TAGGING' ? 'probs' : 'logits' }
  const threshold = thresholdOf(reading)
  return readObjects(requireRecord(answer), context)
    .filter(({ label, confidence }) => confidence >= threshold(label) && confidence > 0)
    .sort((a, b) => b.confidence - a.confidence)
    .map((found) => ({ ...found, box: found.box && clipped(found.box, reading) }))
    .filter(({ box }) => box === null || (box.width > 0 && box.height > 0))
    .slice(0, reading.maxDetections)
}

/** As the graphs' own scores are compared: 0.7 as a float32 must pass a threshold of 0.7. */
function thresholdOf({ labels, classThresholds, confidenceThreshold }: Reading): (label: string) => number {
  const general = Math.fround(confidenceThreshold)
  if (classThresholds === null) return () => general
  const own = new Map(labels.map((label, n) => [label, Math.fround(classThresholds[n] ?? Infinity)]))
  return (label) => own.get(label) ?? Infinity
}

function clipped(
  { x1, y1, x2, y2 }: NonNullable<FoundObject['box']>,
  { picture, boxes }: Reading,
): NonNullable<ParsedDetection['box']> {
  const scale = boxes === 'normalized' ? { width: 1, height: 1 } : picture
  const within = (value: number): number => Math.min(1, Math.max(0, value))
  const [x, y] = [within(x1 / scale.width), within(y1 / scale.height)]
  return {
    x,
    y,
    width: Math.min(within(x2 / scale.width) - x, 1 - x),
    height: Math.min(within(y2 / scale.height) - y, 1 - y),
  }
}

const maxDimension = 1_000_000

/** The vector in an answer: `embedding`, a flat list or 1×D. `dimension`: what the model's vectors have, where it is known. */
export function parseEmbedding(answer: Value, dimension: number | null): Float32Array<ArrayBuffer> {
  const record = requireRecord(answer)
  const value = field(record, 'embedding')
  if (value === null) throw missing('embedding', record)
  const matrix = asMatrix(value)
  const numbers = asVector(value) ?? (matrix?.rows === 1 ? matrix.data : null)
  if (!numbers || numbers.length === 0 || numbers.length > maxDimension) {
    throw answerErrors.ANSWER_SHAPE({
      key: 'embedding',
      actual: describeValue(value),
      expected: 'the vector as a flat list of numbers, or 1 × D',
    })
  }
  const vector = Float32Array.from(numbers)
  if (!vector.every(Number.isFinite)) throw answerErrors.ANSWER_NOT_FINITE({ key: 'embedding' })
  if (dimension !== null && vector.length !== dimension)
    throw answerErrors.ANSWER_VECTOR_DIMENSION({ actual: vector.length, expected: dimension })
  return vector
}

function requireRecord(answer: Value): ValueRecord {
  if (isRecord(answer)) return answer
  throw answerErrors.ANSWER_MALFORMED({ reason: `output_fn returned ${describeValue(answer)}, not a dict` })
}
