import { errors } from './errors'
import { type Size, roundUpToStride } from './geometry'
import { type Manifest, type OutputFormat, type Task, taskOf } from './manifest'

export interface EffectiveInput {
  /** Null: the graph takes any size. A graph of fixed size overrules it. */
  size: Size | null
  layout: 'nchw' | 'nhwc'
  color: 'rgb' | 'bgr'
  /** tensor = (x · scale − mean) / std, x 0..255. */
  scale: number
  mean: [number, number, number]
  std: [number, number, number]
  resize: 'letterbox' | 'stretch' | 'crop'
  /** With crop. Null: only as far as needed to cover `size`. */
  resizeShorter: number | null
  /** Where a letterboxed picture lies. */
  align: 'centre' | 'topLeft'
  pad: number
  stride: number
  format: 'float32' | 'uint8'
}

/** A manifest with everything said that can be said without its graph. */
export interface EffectiveManifest {
  task: Task
  output: OutputFormat
  input: EffectiveInput
  /** The keys of `input` that are the graph's to say (`ssd`), and hold a mere default until `settleInput` has seen it. */
  leftToGraph: readonly (keyof EffectiveInput)[]
  /** Which tensor holds the vector; null: the graph's only output, or the pooled one before its logits. */
  tensor: string | null
  pooling: 'none' | 'mean' | 'cls'
  /** Null: the graph's outputs tell (`ssd`). */
  boxes: 'pixels' | 'normalized' | null
  /** What the graph left to be done to its scores. Null: the graph's outputs tell (`detr`, `classification`). */
  activation: 'none' | 'sigmoid' | 'softmax' | null
  vectorDimension: number | null
}

const plain: EffectiveInput = {
  size: null,
  layout: 'nchw',
  color: 'rgb',
  scale: 1 / 255,
  mean: [0, 0, 0],
  std: [1, 1, 1],
  resize: 'letterbox',
  resizeShorter: null,
  align: 'centre',
  pad: 114,
  stride: 32,
  format: 'float32',
}
const imageNet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } satisfies Partial<EffectiveInput>
const classifier: EffectiveInput = { ...plain, ...imageNet, resize: 'crop' }

interface FormatDefaults {
  input: EffectiveInput
  leftToGraph?: readonly (keyof EffectiveInput)[]
  boxes?: EffectiveManifest['boxes']
  activation?: EffectiveManifest['activation']
}

/** What the authors of each format train and export with. */
const defaultsOf: Readonly<Record<OutputFormat, FormatDefaults>> = {
  yolov5: { input: plain },
  yolov8: { input: plain },
  'yolov8-seg': { input: plain },
  yolov10: { input: plain },
  yolox: { input: { ...plain, color: 'bgr', scale: 1, align: 'topLeft' } },
  detr: { input: { ...plain, ...imageNet, resize: 'stretch' }, boxes: 'normalized', activation: null },
  ssd: { input: plain, leftToGraph: ['layout', 'format', 'scale', 'resize', 'stride'], boxes: null },
  classification: { input: classifier, activation: null },
  embedding: { input: classifier },
}

/** What this version runs; the other formats are parsed, and refused by name when they are to be run. */
export const runnableOutputs = [
  'yolov5',
  'yolov8',
  'yolov10',
  'yolox',
  'detr',
  'ssd',
  'classification',
  'embedding',
] as const satisfies readonly OutputFormat[]

/** Fills in what a manifest leaves out, by its `output`. Throws OUTPUT_UNKNOWN when nothing says how the answers are read. */
export function effectiveManifest(manifest: Manifest): EffectiveManifest {
  const output = manifest.output ?? onlyOutputOf(manifest.task)
  const { input, leftToGraph = [], boxes = 'pixels', activation = 'none' } = defaultsOf[output]
  const { size, ...rest } = manifest.input ?? {}
  const given = withoutUndefined(rest)
  return {
    task: taskOf[output],
    output,
    input: { ...input, ...given, size: size ? { width: size[0], height: size[1] } : null },
    leftToGraph: leftToGraph.filter(
      (key) => !(key in given) && !(key === 'scale' && ('mean' in given || 'std' in given)),
    ),
    tensor: manifest.tensor ?? null,
    pooling: manifest.pooling ?? 'none',
    boxes: manifest.boxes ?? boxes,
    activation: manifest.activation ?? activation,
    vectorDimension: manifest.vectorDimension ?? null,
  }
}

function onlyOutputOf(task: Task | undefined): OutputFormat {
  if (task === 'embedding' || task === 'classification') return task
  throw errors.OUTPUT_UNKNOWN()
}

const withoutUndefined = <T extends object>(value: T): Partial<{ [K in keyof T]: Exclude<T[K], undefined> }> =>
  Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Partial<{
    [K in keyof T]: Exclude<T[K], undefined>
  }>

/** Which activations a format can be read with; what is not listed is refused by name. */
const activationsOf: Readonly<Record<(typeof runnableOutputs)[number], readonly (string | null)[]>> = {
  // One score a class, each judged alone: a softmax is not what these formats are trained with.
  yolov5: ['none', 'sigmoid'],
  yolov8: ['none', 'sigmoid'],
  yolox: ['none', 'sigmoid'],
  // Their graphs have ranked and cut by score already; it is too late for another scale.
  yolov10: ['none'],
  ssd: ['none'],
  detr: [null, 'none', 'sigmoid', 'softmax'],
  classification: [null, 'none', 'sigmoid', 'softmax'],
  embedding: ['none'],
}

/** Throws OUTPUT_NOT_SUPPORTED or MANIFEST_NOT_SUPPORTED, by name, for what this version parses and cannot run. */
export function requireRunnable({ task, output, activation, boxes, input }: EffectiveManifest): void {
  const runnable = runnableOutputs.find((one) => one === output)
  if (!runnable) throw errors.OUTPUT_NOT_SUPPORTED({ output, supported: runnableOutputs })
  const refuse = (key: string, value: string): never => {
    throw errors.MANIFEST_NOT_SUPPORTED({ key, value, output })
  }
  if (!activationsOf[runnable].includes(activation)) refuse('activation', String(activation))
  if (boxes === 'normalized') {
    // YOLOX' boxes are relative to grid cells: there is nothing in them to be normalised.
    if (output === 'yolox') refuse('boxes', boxes)
    if (task !== 'detection') refuse('boxes', boxes)
  }
  // A crop would leave objects at the border out without a word.
  if (task === 'detection' && input.resize === 'crop') refuse('input.resize', input.resize)
}

/**
 * The box pictures are really fitted into: a graph's fixed size, or the box asked for with its sides rounded up to the
 * stride (300×300 → 320×320). It is what a run records and what its digest is made of.
 */
export function effectiveResolution(
  box: Size,
  { fixedResolution, stride }: { fixedResolution: Size | null; stride: number },
): Size {
  if (fixedResolution) return { width: fixedResolution.width, height: fixedResolution.height }
  return { width: roundUpToStride(box.width, stride), height: roundUpToStride(box.height, stride) }
}
