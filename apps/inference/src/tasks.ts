import {
  type Candidate,
  type ChosenOutputs,
  type Classification,
  type DecodeSetOptions,
  type Placement,
  type SettledManifest,
  type Task as TaskName,
  classify,
  decodeJoinedQueries,
  decodeListed,
  decodeQueries,
  decodeYolov10,
  decodeYolov5,
  decodeYolov8,
  decodeYolox,
  inTensorPixels,
  isFiniteVector,
  poolVectors,
  rangeOf,
  requireClassShape,
  requireDetectionShape,
  requireListedShapes,
  requireQueryShapes,
  runnableOutputs,
  toDetections,
} from '@lakelens/vision'
import { errors } from './errors'
import type { ClassThresholds, DetectParameters, RunResult } from './threadProtocol'

export interface OutputTensor {
  data: Float32Array | Int32Array | BigInt64Array
  shape: readonly number[]
}

/** One picture's answer, and what is needed to read it. */
export interface Answer {
  /** The chosen outputs, by the graph's names of them. */
  tensors: Readonly<Record<string, OutputTensor>>
  chosen: ChosenOutputs
  manifest: SettledManifest
  classes: number
  placement: Placement
  detect: DetectParameters | null
}

export interface Task {
  does: TaskName
  read(answer: Answer): RunResult
  /** The smallest and largest score of an answer; null: it has none. */
  scores: ((answer: Answer) => { least: number; most: number }) | null
}

type RunnableOutput = (typeof runnableOutputs)[number]

// A model of a detection task that is run without parameters (warming up) answers the most there can be.
const everything: DetectParameters = { confidenceThreshold: 0, nmsIou: 1, maxDetections: 300, classThresholds: null }

interface FloatTensor {
  data: Float32Array
  shape: readonly number[]
}

/** By the graph's own name. Class ids are exact as float32 up to 16 million. */
function floats({ tensors }: Answer, name: string): FloatTensor {
  const { data, shape } = tensors[name]!
  return { data: data instanceof Float32Array ? data : Float32Array.from(data, Number), shape }
}

function mainOf(answer: Answer): FloatTensor {
  if (answer.chosen.kind !== 'single') throw new Error(`${answer.manifest.output} is read from one output`)
  return floats(answer, answer.chosen.main)
}

/** Of a detector with one tensor, once its real shape is known to be what its format says. */
function checkedMain(answer: Answer): FloatTensor {
  const main = mainOf(answer)
  requireDetectionShape(answer.manifest.output, main.shape, answer.classes, answer.placement.padded)
  return main
}

const sigmoidOrNone = ({ activation }: SettledManifest): 'sigmoid' | 'none' =>
  activation === 'sigmoid' ? 'sigmoid' : 'none'

const readYolov5 = (answer: Answer, options: DecodeSetOptions): Candidate[] =>
  decodeYolov5(checkedMain(answer).data, { ...options, activation: sigmoidOrNone(answer.manifest) })

const readYolov8 = (answer: Answer, options: DecodeSetOptions): Candidate[] =>
  decodeYolov8(checkedMain(answer).data, { ...options, activation: sigmoidOrNone(answer.manifest) })

const readYolox = (answer: Answer, options: DecodeSetOptions): Candidate[] =>
  decodeYolox(checkedMain(answer).data, answer.placement.padded, {
    ...options,
    activation: sigmoidOrNone(answer.manifest),
  })

const readYolov10 = (answer: Answer, options: DecodeSetOptions): Candidate[] =>
  decodeYolov10(checkedMain(answer).data, options)

function readDetr(answer: Answer, options: DecodeSetOptions): Candidate[] {
  const { chosen, classes, manifest } = answer
  const { activation } = manifest
  if (chosen.kind !== 'queries') return decodeJoinedQueries(checkedMain(answer).data, { ...options, activation })
  const [logits, boxes] = [floats(answer, chosen.logits), floats(answer, chosen.boxes)]
  requireQueryShapes(logits.shape, boxes.shape, classes)
  return decodeQueries(logits.data, boxes.data, { ...options, activation })
}

function readSsd(answer: Answer, options: DecodeSetOptions): Candidate[] {
  const { chosen } = answer
  if (chosen.kind !== 'listed') throw new Error('ssd is read from boxes, classes and scores')
  const [boxes, classes, scores] = [chosen.boxes, chosen.classes, chosen.scores].map((name) =>
    floats(answer, name),
  ) as [FloatTensor, FloatTensor, FloatTensor]
  requireListedShapes({ boxes: boxes.shape, classes: classes.shape, scores: scores.shape })
  const count = chosen.count === null ? null : (floats(answer, chosen.count).data[0] ?? 0)
  const listed = { boxes: boxes.data, classes: classes.data, scores: scores.data, count, order: chosen.order }
  return decodeListed(listed, options)
}

/**
 * Before anything is suppressed or cut off: a crowd must not use up the places of the one bird that was asked for. A candidate
 * is its best class, wanted or not: what is a truck to the model doesn't become a car because only cars were asked for.
 */
function ofWantedClasses<T extends { classId: number }>(
  found: readonly T[],
  thresholds: ClassThresholds | null,
  scoreOf: (one: T) => number,
): readonly T[] {
  if (thresholds === null) return found
  // As `acceptance` compares: scores are float32.
  const least = Float32Array.from(thresholds)
  return found.filter((one) => scoreOf(one) >= (least[one.classId] ?? Infinity))
}

/** `overlapping`: one object is proposed many times, so that overlaps are suppressed; else every candidate is an object. */
const detector = (
  kind: 'overlapping' | 'objects',
  decode: (answer: Answer, options: DecodeSetOptions) => Candidate[],
  scores: NonNullable<Task['scores']>,
): Task => ({
  does: 'detection',
  read(answer) {
    const { manifest, classes, placement, detect } = answer
    const { confidenceThreshold, nmsIou, maxDetections, classThresholds } = detect ?? everything
    const candidates = decode(answer, { classes, threshold: confidenceThreshold })
    const inPixels = inTensorPixels(candidates, manifest.boxes, placement.padded)
    const wanted = ofWantedClasses(inPixels, classThresholds, ({ score }) => score)
    const iouThreshold = kind === 'objects' ? null : nmsIou
    return { detections: toDetections(wanted, placement, { iouThreshold, maxDetections }) }
  },
  scores,
})

/** Of rows that hold a box, `more` other scores, and those of the classes. */
const scoresInRows =
  (more: number) =>
  (answer: Answer): { least: number; most: number } =>
    rangeOf(mainOf(answer).data, 4 + more + answer.classes, 4, 4 + more + answer.classes)

function scoresOfYolov8(answer: Answer): { least: number; most: number } {
  const { data } = mainOf(answer)
  return rangeOf(data, data.length, (4 * data.length) / (4 + answer.classes), data.length)
}

function scoresOfDetr(answer: Answer): { least: number; most: number } {
  const { chosen, classes } = answer
  if (chosen.kind !== 'queries') return scoresInRows(0)(answer)
  const { data, shape } = floats(answer, chosen.logits)
  return rangeOf(data, shape[2]!, 0, classes)
}

function scoresOfSsd(answer: Answer): { least: number; most: number } {
  const { chosen } = answer
  if (chosen.kind !== 'listed') return { least: NaN, most: NaN }
  const { data } = floats(answer, chosen.scores)
  const meant = chosen.count === null ? data.length : (floats(answer, chosen.count).data[0] ?? 0)
  return rangeOf(data.subarray(0, meant), 1, 0, 1)
}

function readClassification(answer: Answer): RunResult {
  const { manifest, classes, detect } = answer
  const { data, shape } = mainOf(answer)
  requireClassShape(shape, classes)
  const { confidenceThreshold: threshold, maxDetections: limit, classThresholds } = detect ?? everything
  const labels: Classification[] | null = classify(data, { threshold, activation: manifest.activation, limit: classes })
  if (labels === null) throw errors.MODEL_FAILED({ reason: 'its scores hold numbers that are not finite' })
  return { labels: ofWantedClasses(labels, classThresholds, ({ confidence }) => confidence).slice(0, limit) }
}

function readEmbedding(answer: Answer): RunResult {
  const { data, shape } = mainOf(answer)
  const [vector] = poolVectors(data, shape, answer.manifest.pooling)
  if (!vector || !isFiniteVector(vector))
    throw errors.MODEL_FAILED({ reason: 'its vector holds numbers that are not finite' })
  return { vector: Float32Array.from(vector) }
}

const scoresOfClassifier = (answer: Answer): { least: number; most: number } => {
  const { data } = mainOf(answer)
  return rangeOf(data, data.length, 0, data.length)
}

/** What is done with the answer of a graph, by its manifest's `output`. A new format is a row here and a reader in `vision`. */
export const tasks = Object.freeze({
  yolov5: detector('overlapping', readYolov5, scoresInRows(1)),
  yolov8: detector('overlapping', readYolov8, scoresOfYolov8),
  yolov10: detector('objects', readYolov10, (answer) => rangeOf(mainOf(answer).data, 6, 4, 5)),
  yolox: detector('overlapping', readYolox, scoresInRows(1)),
  detr: detector('objects', readDetr, scoresOfDetr),
  ssd: detector('objects', readSsd, scoresOfSsd),
  classification: { does: 'classification', read: readClassification, scores: scoresOfClassifier },
  embedding: { does: 'embedding', read: readEmbedding, scores: null },
} satisfies Record<RunnableOutput, Task>)

/** The manifest's own task row; `requireRunnable` has let only these through. */
export const taskOf = ({ output }: Pick<SettledManifest, 'output'>): Task => tasks[output as RunnableOutput]
