import { z } from 'zod'
import { errors } from './errors'
import { type Size, roundUpToStride } from './geometry'

export const tasks = ['detection', 'segmentation', 'classification', 'embedding'] as const
export type Task = (typeof tasks)[number]

export const outputFormats = [
  'yolov5',
  'yolov8',
  'yolov8-seg',
  'yolov10',
  'yolox',
  'detr',
  'ssd',
  'classification',
  'embedding',
] as const
export type OutputFormat = (typeof outputFormats)[number]

// Larger than any graph of the field; what lies beyond is a typing error, and would be an allocation.
const maxSide = 16_384
const side = z.int().min(1).max(maxSide)
const perChannel = z.tuple([z.number(), z.number(), z.number()])
const text = z.string().trim().min(1)

const inputSchema = z.strictObject({
  size: z.tuple([side, side]).optional(),
  layout: z.enum(['nchw', 'nhwc']).optional(),
  color: z.enum(['rgb', 'bgr']).optional(),
  scale: z.number().optional(),
  mean: perChannel.optional(),
  std: perChannel.refine((std) => std.every((value) => value !== 0), 'must not hold 0, which is divided by').optional(),
  resize: z.enum(['letterbox', 'stretch', 'crop']).optional(),
  resizeShorter: side.optional(),
  pad: z.number().min(0).max(255).optional(),
  stride: z.int().min(1).max(1024).optional(),
  format: z.enum(['float32', 'uint8']).optional(),
})

// A name beside model.yaml: anything with a folder in it could leave the package.
const fileBeside = text.refine(
  (name) => !/[\\/\0]/.test(name) && name !== '.' && name !== '..',
  'must be the name of a file beside model.yaml, without folders',
)

const manifestSchema = z.strictObject({
  task: z.enum(tasks).optional(),
  input: inputSchema.optional(),
  output: z.enum(outputFormats).optional(),
  tensor: text.optional(),
  pooling: z.enum(['none', 'mean', 'cls']).optional(),
  boxes: z.enum(['pixels', 'normalized']).optional(),
  activation: z.enum(['none', 'sigmoid', 'softmax']).optional(),
  labels: z.union([z.array(text).min(1).max(100_000), fileBeside]).optional(),
  vectorDimension: z.int().min(1).max(1_000_000).optional(),
  license: text.optional(),
  description: text.optional(),
  python: z
    .strictObject({
      input: z.enum(['jpeg', 'png', 'npy', 'original']).optional(),
      timeoutSeconds: z.number().positive().optional(),
      memoryMiB: z.int().min(1).optional(),
      concurrency: z.int().min(1).optional(),
    })
    .optional(),
  remote: z.strictObject({ address: text, model: text, version: text.optional() }).optional(),
})

/** The keys of `model.yaml`, defaults not filled in. */
export type Manifest = z.infer<typeof manifestSchema>

const taskOf: Record<OutputFormat, Task> = {
  yolov5: 'detection',
  yolov8: 'detection',
  'yolov8-seg': 'segmentation',
  yolov10: 'detection',
  yolox: 'detection',
  detr: 'detection',
  ssd: 'detection',
  classification: 'classification',
  embedding: 'embedding',
}

/**
 * Checks the parsed content of `model.yaml`; unknown keys are refused. Throws MANIFEST_INVALID with every fault
 * (`facts.faults`) and the path of the first. `output` may also be written `{ type: embedding, tensor, pooling }`.
 */
export function parseManifest(content: unknown): Manifest {
  // An empty model.yaml parses to null: every key is optional, so that is a manifest.
  const parsed = manifestSchema.safeParse(withFlatOutput(content ?? {}))
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => ({ path: issue.path.map(String), text: describe(issue) }))
    throw errors.MANIFEST_INVALID({ faults: faults.map((fault) => fault.text) }, { path: faults[0]?.path ?? [] })
  }
  refuseContradictions(parsed.data)
  return parsed.data
}

function describe(issue: z.core.$ZodIssue): string {
  const where = issue.path.map(String).join('.')
  if (issue.code !== 'unrecognized_keys') return `${where || 'the whole'}: ${issue.message}`
  return `${where ? `${where}: ` : ''}unknown ${issue.keys.length > 1 ? 'keys' : 'key'} ${issue.keys.map((key) => `\`${key}\``).join(', ')}`
}

function withFlatOutput(content: unknown): unknown {
  if (!isRecord(content) || !isRecord(content['output'])) return content
  const { type, ...rest } = content['output']
  const unknown = Object.keys(rest).filter((key) => key !== 'tensor' && key !== 'pooling')
  if (unknown.length > 0) {
    throw errors.MANIFEST_INVALID(
      { faults: [`output: unknown key ${unknown.map((key) => `\`${key}\``).join(', ')}`] },
      { path: ['output'] },
    )
  }
  return { ...content, ...rest, output: type }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function refuseContradictions({ task, output, tensor, pooling }: Manifest): void {
  const refuse = (path: string, fault: string): never => {
    throw errors.MANIFEST_INVALID({ faults: [`${path}: ${fault}`] }, { path: [path] })
  }
  if (task && output && taskOf[output] !== task)
    refuse('task', `\`${task}\` contradicts \`output: ${output}\`, which is ${taskOf[output]}`)
  const isEmbedding = (output ? taskOf[output] : task) === 'embedding'
  if (tensor !== undefined && !isEmbedding) refuse('tensor', 'goes only with `output: embedding`')
  if (pooling !== undefined && !isEmbedding) refuse('pooling', 'goes only with `output: embedding`')
}

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

/** A manifest with everything said. */
export interface EffectiveManifest {
  task: Task
  output: OutputFormat
  input: EffectiveInput
  /** Which tensor holds the vector; null: the graph's only output, or the pooled one before its logits. */
  tensor: string | null
  pooling: 'none' | 'mean' | 'cls'
  boxes: 'pixels' | 'normalized'
  activation: 'none' | 'sigmoid' | 'softmax'
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

/** What the authors of each format train with. SSD graphs differ too much to have a default. */
const inputDefaults: Record<OutputFormat, EffectiveInput | null> = {
  yolov5: plain,
  yolov8: plain,
  'yolov8-seg': plain,
  yolov10: plain,
  yolox: { ...plain, color: 'bgr', scale: 1, align: 'topLeft' },
  detr: { ...plain, ...imageNet, resize: 'stretch' },
  ssd: null,
  classification: classifier,
  embedding: classifier,
}

/** What this version runs; the other formats are parsed, and refused by name when they are to be run. */
export const runnableOutputs = ['yolov8', 'yolox', 'embedding'] as const satisfies readonly OutputFormat[]

/**
 * Fills in what a manifest leaves out, by its `output`. Throws OUTPUT_UNKNOWN when nothing says how the answers are read,
 * OUTPUT_NOT_SUPPORTED for a format without defaults.
 */
export function effectiveManifest(manifest: Manifest): EffectiveManifest {
  const output = manifest.output ?? onlyOutputOf(manifest.task)
  const defaults = inputDefaults[output]
  if (!defaults) throw errors.OUTPUT_NOT_SUPPORTED({ output, supported: runnableOutputs })
  const { size, ...given } = manifest.input ?? {}
  return {
    task: taskOf[output],
    output,
    input: { ...defaults, ...withoutUndefined(given), size: size ? { width: size[0], height: size[1] } : null },
    tensor: manifest.tensor ?? null,
    pooling: manifest.pooling ?? 'none',
    boxes: manifest.boxes ?? 'pixels',
    activation: manifest.activation ?? 'none',
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

/** Throws OUTPUT_NOT_SUPPORTED or MANIFEST_NOT_SUPPORTED, by name, for what this version parses and cannot run. */
export function requireRunnable({ output, activation, boxes, input }: EffectiveManifest): void {
  if (!runnableOutputs.some((runnable) => runnable === output))
    throw errors.OUTPUT_NOT_SUPPORTED({ output, supported: runnableOutputs })
  if (output === 'embedding') {
    if (activation !== 'none') throw errors.MANIFEST_NOT_SUPPORTED({ key: 'activation', value: activation, output })
    return
  }
  if (activation === 'softmax') throw errors.MANIFEST_NOT_SUPPORTED({ key: 'activation', value: activation, output })
  // YOLOX' boxes are relative to grid cells: there is nothing in them to be normalised.
  if (output === 'yolox' && boxes === 'normalized')
    throw errors.MANIFEST_NOT_SUPPORTED({ key: 'boxes', value: boxes, output })
  // A crop would leave objects at the border out without a word.
  if (input.resize === 'crop') throw errors.MANIFEST_NOT_SUPPORTED({ key: 'input.resize', value: input.resize, output })
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
