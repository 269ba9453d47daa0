import { z } from 'zod'
import { errors } from './errors'

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
// What can't be shown, or kept by a database, was not meant.
const textOf = (longest: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(longest)
    .refine((value) => !/[^\P{Cc}\s]|\p{Cs}/u.test(value), 'must not hold control characters')
const text = textOf(1_000)

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
  labels: z.union([z.array(textOf(256)).min(1).max(100_000), fileBeside]).optional(),
  vectorDimension: z.int().min(1).max(1_000_000).optional(),
  license: textOf(200).optional(),
  description: textOf(10_000).optional(),
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

/** What each format's answers are. */
export const taskOf: Readonly<Record<OutputFormat, Task>> = {
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
