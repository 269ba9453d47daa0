import type { EffectiveManifest } from './effective'
import { errors } from './errors'
import type { OutputFormat } from './manifest'
import { pooledDimension } from './pooling'
import { type TensorSpec, describeTensor } from './settle'
import { fitsShape, requireDetectionShape } from './shapes'

/** Which of a graph's outputs an answer is read from, each by the graph's own name of it. */
export type ChosenOutputs =
  | { kind: 'single'; main: string }
  | { kind: 'queries'; logits: string; boxes: string }
  | { kind: 'listed'; boxes: string; classes: string; scores: string; count: string | null; order: 'xyxy' | 'yxyx' }

export const outputNames = (chosen: ChosenOutputs): string[] => {
  switch (chosen.kind) {
    case 'single':
      return [chosen.main]
    case 'queries':
      return [chosen.logits, chosen.boxes]
    case 'listed':
      return [chosen.boxes, chosen.classes, chosen.scores, ...(chosen.count === null ? [] : [chosen.count])]
  }
}

/**
 * Finds the outputs of a detector or classifier by their declared shapes, and by their names only where shapes leave a doubt.
 * Throws OUTPUT_SHAPE_UNEXPECTED or OUTPUTS_UNEXPECTED with what was expected and what there is.
 */
export function chooseOutputs(
  manifest: EffectiveManifest,
  outputs: readonly TensorSpec[],
  classes: number,
): ChosenOutputs {
  const { output } = manifest
  if (output === 'ssd') return chooseListed(outputs)
  if (output === 'detr') {
    const pair = chooseQueries(outputs, classes)
    if (pair) return pair
  }
  const floats = outputs.filter(({ type }) => type === 'float32')
  // Of several that could be read the first is the graph's main answer; the others are its inner levels.
  const main = floats.find(({ shape }) => shape.length === 0 || fitsFormat(output, shape, classes))
  if (main) return { kind: 'single', main: main.name }
  if (floats.length === 1 && output !== 'classification') requireDetectionShape(output, floats[0]!.shape, classes)
  throw errors.OUTPUTS_UNEXPECTED({ output, expected: expectations(output, classes), actual: listed(outputs) })
}

function fitsFormat(output: OutputFormat, shape: readonly number[], classes: number): boolean {
  if (output === 'classification') {
    const dimension = pooledDimension(shape, 'none')
    return dimension === -1 || dimension === classes
  }
  try {
    requireDetectionShape(output, shape, classes)
    return true
  } catch {
    return false
  }
}

function expectations(output: OutputFormat, classes: number): string {
  if (output === 'classification') return `one float32 [batch, ${classes}]`
  if (output === 'detr')
    return `float32 logits [batch, n, ${classes} or ${classes} + 1] and boxes [batch, n, 4], or one [batch, n, 4 + ${classes}]`
  return 'one float32 tensor of three dimensions'
}

const listed = (outputs: readonly TensorSpec[]): string => outputs.map(describeTensor).join('; ')

function chooseQueries(outputs: readonly TensorSpec[], classes: number): ChosenOutputs | null {
  const floats = outputs.filter(({ type }) => type === 'float32')
  const boxes = theOne(
    floats.filter(({ shape }) => fitsShape(shape, [-1, -1, 4])),
    /box/i,
  )
  if (!boxes) return null
  const others = floats.filter(
    (one) =>
      one !== boxes && [classes, classes + 1].some((columns) => fitsShape(one.shape, [-1, boxes.shape[1]!, columns])),
  )
  const logits = theOne(others, /logit|class|score|prob/i)
  return logits && { kind: 'queries', logits: logits.name, boxes: boxes.name }
}

/** The only one; of several the only one so named. */
function theOne(candidates: readonly TensorSpec[], named: RegExp): TensorSpec | null {
  if (candidates.length === 1) return candidates[0]!
  const fitting = candidates.filter(({ name }) => named.test(name))
  return fitting.length === 1 ? fitting[0]! : null
}

const isId = ({ type }: TensorSpec): boolean => type === 'int64' || type === 'int32'
const isNumber = (one: TensorSpec): boolean => isId(one) || one.type === 'float32'

/** What TensorFlow's object detection calls its outputs (tf2onnx adds `:0`), among many others that are none of ours. */
function chooseTensorFlow(outputs: readonly TensorSpec[]): ChosenOutputs | null {
  const named = (name: string): string | null =>
    outputs.find((one) => one.name.replace(/:\d+$/, '') === name && isNumber(one))?.name ?? null
  const boxes = named('detection_boxes')
  const classes = named('detection_classes')
  const scores = named('detection_scores')
  if (boxes === null || classes === null || scores === null) return null
  return { kind: 'listed', boxes, classes, scores, count: named('num_detections'), order: 'yxyx' }
}

function chooseListed(outputs: readonly TensorSpec[]): ChosenOutputs {
  const tensorFlow = chooseTensorFlow(outputs)
  if (tensorFlow) return tensorFlow
  const counts = outputs.filter((one) => isNumber(one) && /num|count|valid/i.test(one.name) && isSmall(one))
  const rest = outputs.filter((one) => !counts.includes(one))
  const boxes = theOne(
    rest.filter(({ type, shape }) => type === 'float32' && shape.length > 1 && shape.at(-1) === 4),
    /box/i,
  )
  const rank = boxes ? boxes.shape.length - 1 : 0
  const flat = rest.filter((one) => one !== boxes && isNumber(one) && one.shape.length === rank)
  const ids = flat.filter(isId)
  const classes = ids.length > 0 ? theOne(ids, /class|label/i) : theOne(flat.filter(isNamedClass), /class|label/i)
  const scores = theOne(
    flat.filter((one) => one !== classes && !isId(one)),
    /score|conf|prob/i,
  )
  if (boxes && classes && scores && counts.length < 2) {
    const count = counts[0]?.name ?? null
    return { kind: 'listed', boxes: boxes.name, classes: classes.name, scores: scores.name, count, order: 'xyxy' }
  }
  throw errors.OUTPUTS_UNEXPECTED({
    output: 'ssd',
    expected:
      'boxes [batch, n, 4], classes [batch, n] (integers, or named so) and scores [batch, n], with or without the batch, or TensorFlow’s detection_boxes, detection_classes and detection_scores',
    actual: listed(outputs),
  })
}

const isNamedClass = ({ name }: TensorSpec): boolean => /class|label/i.test(name)

/** [], [1], [batch] or [batch, 1]. */
const isSmall = ({ shape }: TensorSpec): boolean => shape.length < 2 || (shape.length === 2 && shape[1] === 1)
