import {
  chooseOutputs,
  effectiveManifest,
  pooledDimension,
  yoloxCells,
  type OutputFormat,
  type Size,
  type TensorSpec,
} from '@lakelens/vision'

/** How a graph's answers can be read, judged by what it declares alone. */
export type Inferred =
  | { kind: 'one'; output: OutputFormat }
  | { kind: 'several'; outputs: OutputFormat[] }
  /** Its form is that of `output`, for another number of classes than there are labels. */
  | { kind: 'classes'; output: OutputFormat; classes: number }
  | { kind: 'none' }

/** A transformer answers some hundred queries, a pyramid thousands of cells: what tells the formats apart where columns don't. */
const mostQueries = 1000

/** The format of a graph that finds or names things, from the shapes of its outputs. `size`: its fixed input, null if free. */
export function inferOutput(outputs: readonly TensorSpec[], size: Size | null, classes: number): Inferred {
  const fitting = fittingFormats(outputs, size, classes)
  const [only] = fitting
  if (only !== undefined && fitting.length === 1) return { kind: 'one', output: only }
  if (fitting.length > 1) return { kind: 'several', outputs: fitting }
  return inferClasses(outputs)
}

function fittingFormats(outputs: readonly TensorSpec[], size: Size | null, classes: number): OutputFormat[] {
  if (isListed(outputs)) return ['ssd']
  if (isQueries(outputs, classes)) return ['detr']
  const main = outputs.find(({ type }) => type === 'float32')
  if (!main) return []
  const [, rows = 0, columns = 0] = main.shape
  if (main.shape.length !== 3)
    return main.shape.length > 1 && pooledDimension(main.shape, 'none') === classes ? ['classification'] : []
  const few = rows === -1 || rows <= mostQueries
  const found: OutputFormat[] = []
  if (rows === 4 + classes) found.push('yolov8')
  if (isSegmenter(outputs) && rows === 4 + 32 + classes) found.push('yolov8-seg')
  if (columns === 5 + classes) found.push(...gridFormats(rows, size))
  if (columns === 6 && few) found.push('yolov10')
  if (columns === 4 + classes && few) found.push('detr')
  if ([rows, columns].includes(1) && pooledDimension(main.shape, 'none') === classes) found.push('classification')
  return found
}

/** YOLOX answers one box a cell of three pyramid levels, YOLOv5 three: a fixed input size tells how many cells there are. */
function gridFormats(rows: number, size: Size | null): OutputFormat[] {
  if (size === null || rows === -1) return ['yolov5', 'yolox']
  const cells = yoloxCells(size)
  if (rows === cells) return ['yolox']
  // Four levels (P6) or others: YOLOX has no such variants.
  return rows > mostQueries || rows === 3 * cells ? ['yolov5'] : []
}

/** Prototypes of masks beside the boxes. */
const isSegmenter = (outputs: readonly TensorSpec[]): boolean =>
  outputs.some(({ shape }) => shape.length === 4 && shape[1] === 32)

/** Boxes, classes and scores that come out of a non-maximum suppression. */
function isListed(outputs: readonly TensorSpec[]): boolean {
  if (outputs.length < 3) return false
  try {
    chooseOutputs(effectiveManifest({ output: 'ssd' }), outputs, 1)
    return true
  } catch {
    return false
  }
}

function isQueries(outputs: readonly TensorSpec[], classes: number): boolean {
  const columns = queryClasses(outputs)
  return columns !== null && (columns === classes || columns === classes + 1)
}

/** The columns of the logits beside boxes [batch, n, 4]; null where there is no such pair. */
function queryClasses(outputs: readonly TensorSpec[]): number | null {
  const floats = outputs.filter(({ type, shape }) => type === 'float32' && shape.length === 3)
  const boxes = floats.find(({ name, shape }) => shape[2] === 4 && (floats.length === 2 || /box/i.test(name)))
  const others = floats.filter((each) => each !== boxes && each.shape[1] === boxes?.shape[1])
  const logits = others.length === 1 ? others[0] : others.find(({ name }) => /logit|class|score|prob/i.test(name))
  const columns = logits?.shape[2] ?? -1
  return boxes && columns > 0 ? columns : null
}

function inferClasses(outputs: readonly TensorSpec[]): Inferred {
  const queries = queryClasses(outputs)
  if (queries !== null && queries > 1) return { kind: 'classes', output: 'detr', classes: queries }
  const main = outputs.find(({ type }) => type === 'float32')
  if (!main) return { kind: 'none' }
  const [, rows = 0, columns = 0] = main.shape
  if (main.shape.length !== 3) {
    const dimension = main.shape.length > 1 ? pooledDimension(main.shape, 'none') : null
    return dimension === null || dimension < 1
      ? { kind: 'none' }
      : { kind: 'classes', output: 'classification', classes: dimension }
  }
  // The long side is the boxes, the short one what is said of each.
  if (rows > 4 && (columns === -1 || columns > rows)) {
    const masks = isSegmenter(outputs) ? 32 : 0
    return { kind: 'classes', output: masks > 0 ? 'yolov8-seg' : 'yolov8', classes: rows - 4 - masks }
  }
  if (columns > 5 && (rows === -1 || rows > columns)) return { kind: 'classes', output: 'yolov5', classes: columns - 5 }
  return { kind: 'none' }
}

/** How many classes a graph of a declared format tells apart; null where its outputs do not say. */
export function classesOf(output: OutputFormat, outputs: readonly TensorSpec[], labels: number): number | null {
  const queries = output === 'detr' ? queryClasses(outputs) : null
  // One column more is "no object".
  if (queries !== null) return queries === labels + 1 ? labels : queries
  const main = outputs.find(({ type }) => type === 'float32')
  const shape = main?.shape ?? []
  const [, rows = -1, columns = -1] = shape
  const positive = (count: number): number | null => (count > 0 ? count : null)
  if (output === 'classification') return shape.length < 2 ? null : positive(pooledDimension(shape, 'none') ?? -1)
  if (shape.length !== 3) return null
  switch (output) {
    case 'yolov8':
      return rows === -1 ? null : positive(rows - 4)
    case 'yolov8-seg':
      return rows === -1 ? null : positive(rows - 36)
    case 'yolov5':
    case 'yolox':
      return columns === -1 ? null : positive(columns - 5)
    case 'detr':
      return columns === -1 ? null : positive(columns - 4)
    default:
      return null
  }
}
