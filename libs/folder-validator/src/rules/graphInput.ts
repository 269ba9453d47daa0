import { isLakeError } from '@lakelens/kernel'
import {
  describeTensor,
  effectiveManifest,
  graphInputs,
  settleInput,
  type EffectiveManifest,
  type TensorSpec,
} from '@lakelens/vision'
import { isOnnx, type Inspection } from './inspection'
import { factAndStep, failed, passed, type Finding, type Rule } from './rule'

const file = 'model.onnx'

/** Whether the graph takes one picture as the manifest, or its defaults, will give it. */
function requireInput({ outline, manifest, inferred }: Inspection): Finding[] {
  if (!outline || !manifest || inferred.output === undefined) return []
  const graph = graphInputs(outline.inputs)
  if (!graph) {
    const given = outline.inputs.length === 0 ? 'none' : outline.inputs.map(describeTensor).join('; ')
    const hint = 'Export it with the picture as its only input, the others as constants.'
    const message = `it takes ${outline.inputs.length} inputs (${given}), and one, the picture, is given`
    return [failed('onnx.input-count', message, hint, { file })]
  }
  const { picture } = graph
  const numbers = numberFault(picture)
  if (numbers) return [numbers]
  const settled = settle({ ...manifest, ...inferred }, picture)
  if ('outcome' in settled) return [settled]
  const fault = typeFault(picture, settled) ?? shapeFault(picture, settled) ?? sizeFault(picture, settled)
  return [fault ?? passed(outline.inputs.map(describeTensor).join('; '), file)]
}

function numberFault(picture: TensorSpec): Finding | null {
  if (picture.type === 'float32' || picture.type === 'uint8') return null
  const half = picture.type === 'float16' || picture.type === 'bfloat16'
  const hint = half ? 'Export it in single precision (`half=False`).' : 'Export it with float32 or uint8 pictures.'
  const message = `it takes ${describeTensor(picture)}, and pictures are given as float32 or uint8`
  return failed('onnx.input-type', message, hint, { file })
}

/** What the format leaves to the graph is taken from it, as when it will be run. */
function settle(manifest: Parameters<typeof effectiveManifest>[0], picture: TensorSpec): EffectiveManifest | Finding {
  try {
    return settleInput(effectiveManifest(manifest), picture)
  } catch (error) {
    if (!isLakeError(error)) throw error
    const { fact, step } = factAndStep(error.message)
    return failed('onnx.input-unsaid', fact, step ?? 'Say it in model.yaml.', { file })
  }
}

function typeFault(picture: TensorSpec, { input }: EffectiveManifest): Finding | null {
  if (picture.type === input.format) return null
  const scale = picture.type === 'uint8' ? ', scale: 1' : ''
  const hint = `Write \`input: { format: ${picture.type}${scale} }\` into model.yaml.`
  return failed('onnx.input-type', `it takes ${describeTensor(picture)}, and ${input.format} is given`, hint, { file })
}

function shapeFault(picture: TensorSpec, { input }: EffectiveManifest): Finding | null {
  const { shape } = picture
  if (shape.length === 0) return null // the runtime will tell
  const given = `it takes ${describeTensor(picture)}`
  const [channels, elsewhere] = input.layout === 'nchw' ? [shape[1], shape[3]] : [shape[3], shape[1]]
  if (shape.length === 4 && (shape[0] ?? 0) > 1)
    return failed(
      'onnx.input-shape',
      `${given}, which is ${shape[0]} pictures at once`,
      'Export it with a batch of 1, or a free one (`dynamic=True`).',
      { file },
    )
  if (shape.length === 4 && (channels === 3 || channels === -1)) return null
  if (shape.length === 4 && elsewhere === 3) {
    const other = input.layout === 'nchw' ? 'nhwc' : 'nchw'
    const hint = `Write \`input: { layout: ${other} }\` into model.yaml.`
    return failed('onnx.input-shape', `${given}, and is given ${input.layout}`, hint, { file })
  }
  const hint = 'Export it with an input of [batch, 3, height, width].'
  return failed('onnx.input-shape', `${given}, and is given one picture of three channels`, hint, { file })
}

function sizeFault({ shape }: TensorSpec, { input, task }: EffectiveManifest): Finding | null {
  if (shape.length === 0) return null
  const [height = -1, width = -1] = input.layout === 'nhwc' ? shape.slice(1, 3) : shape.slice(2, 4)
  const { size } = input
  const free = width === -1 && height === -1
  if (!free && (width === -1 || height === -1)) {
    const message = 'one side of its picture is fixed and the other free'
    return failed('onnx.input-size', message, 'Export it with both sides fixed, or both free.', { file })
  }
  if (!free && size !== null && (height !== size.height || width !== size.width)) {
    const message = `it takes ${width}×${height}, and model.yaml says ${size.width}×${size.height}`
    return failed('onnx.input-size', message, 'Take `size` out: the graph says its own.', { file: 'model.yaml' })
  }
  if (task === 'detection' || size !== null || !free) return null
  const what = task === 'embedding' ? 'vectors are made' : 'it was trained'
  const hint = 'Write it into model.yaml: `input: { size: [224, 224] }`.'
  return failed('onnx.input-size', `it takes any size, and which one ${what} at is not said`, hint, { file })
}

export const inputRules: readonly Rule[] = [
  {
    code: 'onnx.input',
    name: 'It takes one picture as it will be given',
    applies: isOnnx,
    needs: ['onnx.output'],
    run: requireInput,
  },
]
