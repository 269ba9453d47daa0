import { yoloxCells } from './decode'
import { errors } from './errors'
import type { Size } from './geometry'
import type { OutputFormat } from './manifest'

// Ten times what the finest pyramid gives at 2048 × 2048; what lies beyond is no detector's answer, and would fill the memory.
const maxCandidatesOfGraph = 2_500_000

/** The last two sides of a format's one tensor; -1: any. */
function expectedShape(output: OutputFormat, classes: number, tensor: Size | undefined): Expected | null {
  switch (output) {
    case 'yolov5':
      return { sides: [-1, 5 + classes], text: `[batch, n, 5 + ${classes}]` }
    case 'yolov8':
      return { sides: [4 + classes, -1], text: `[batch, 4 + ${classes}, n]` }
    case 'yolov10':
      return { sides: [-1, 6], text: '[batch, n, 6]' }
    case 'yolox': {
      const cells = tensor ? yoloxCells(tensor) : -1
      return { sides: [cells, 5 + classes], text: `[batch, ${cells === -1 ? 'n' : cells}, 5 + ${classes}]` }
    }
    case 'detr':
      return { sides: [-1, 4 + classes], text: `[batch, n, 4 + ${classes}]` }
    default:
      return null
  }
}

interface Expected {
  sides: [number, number]
  text: string
}

/**
 * Throws OUTPUT_SHAPE_UNEXPECTED unless a detector's one output has the shape its format says. Sides of -1 are free and pass,
 * so it serves both when a model is opened (declared shape) and when it has answered one picture (real shape, with `tensor`).
 */
export function requireDetectionShape(
  output: OutputFormat,
  shape: readonly number[],
  classes: number,
  tensor?: Size,
): void {
  const expected = expectedShape(output, classes, tensor)
  if (expected === null) return
  const sides = [tensor ? 1 : -1, ...expected.sides]
  const n = output === 'yolov8' ? shape[2] : shape[1]
  if (fitsShape(shape, sides) && (n ?? 0) <= maxCandidatesOfGraph) return
  throw errors.OUTPUT_SHAPE_UNEXPECTED({ output, expected: expected.text, actual: shape })
}

/** Whether two shapes can be of one tensor, where -1 is any side. */
export const fitsShape = (shape: readonly number[], expected: readonly number[]): boolean =>
  shape.length === expected.length &&
  expected.every((side, i) => side === -1 || shape[i] === -1 || shape[i] === undefined || shape[i] === side)

/** The real shapes of DETR's two tensors for one picture; throws OUTPUTS_UNEXPECTED. */
export function requireQueryShapes(logits: readonly number[], boxes: readonly number[], classes: number): void {
  const columns = logits[2]
  const fits = fitsShape(boxes, [1, -1, 4]) && fitsShape(logits, [1, boxes[1]!, -1])
  if (fits && (columns === classes || columns === classes + 1) && boxes[1]! <= maxCandidatesOfGraph) return
  throw errors.OUTPUTS_UNEXPECTED({
    output: 'detr',
    expected: `logits [batch, n, ${classes} or ${classes} + 1] and boxes [batch, n, 4]`,
    actual: `logits [${logits.join(', ')}] and boxes [${boxes.join(', ')}]`,
  })
}

interface ListedShapes {
  boxes: readonly number[]
  classes: readonly number[]
  scores: readonly number[]
}

/** The real shapes of boxes, classes and scores of one picture, with or without the batch; throws OUTPUTS_UNEXPECTED. */
export function requireListedShapes({ boxes, classes, scores }: ListedShapes): void {
  const batch = boxes.length === 3 ? [1] : []
  const n = boxes.at(-2) ?? -1
  const flat = [...batch, n]
  if (
    fitsShape(boxes, [...batch, -1, 4]) &&
    fitsShape(classes, flat) &&
    fitsShape(scores, flat) &&
    n <= maxCandidatesOfGraph
  )
    return
  throw errors.OUTPUTS_UNEXPECTED({
    output: 'ssd',
    expected:
      'boxes [batch, n, 4], classes [batch, n] and scores [batch, n], or the same without the batch, of one picture',
    actual: `boxes [${boxes.join(', ')}], classes [${classes.join(', ')}] and scores [${scores.join(', ')}]`,
  })
}

/** [1, classes], or the same with dimensions of 1 around it; throws OUTPUT_SHAPE_UNEXPECTED. */
export function requireClassShape(shape: readonly number[], classes: number): void {
  const product = shape.reduce((all, side) => all * side, 1)
  if (
    shape[0] === 1 &&
    shape.length > 1 &&
    product === classes &&
    shape.every((side) => side === 1 || side === classes)
  )
    return
  throw errors.OUTPUT_SHAPE_UNEXPECTED({ output: 'classification', expected: `[batch, ${classes}]`, actual: shape })
}
