import { describeTensor, pooledDimension, type Manifest, type TensorSpec } from '@lakelens/vision'
import type { Inspection } from './inspection'
import { failed, passed, type Finding } from './rule'

const file = 'model.onnx'

/** Which output is the vector, and how its tokens or places become one. What is declared is checked; nothing is guessed. */
export function chooseVector(inspection: Inspection, manifest: Manifest, outputs: readonly TensorSpec[]): Finding[] {
  const declared = { output: 'embedding', task: 'embedding' } as const
  const { tensor, pooling = 'none', vectorDimension } = manifest
  const floats = outputs.filter(({ type }) => type === 'float32')
  const named = tensor === undefined ? undefined : floats.find(({ name }) => name === tensor)
  if (tensor !== undefined && !named) {
    // A tensor inside of the graph can be made an output; whether it is there the trial run says.
    inspection.inferred = declared
    return [passed(`the tensor ${tensor} inside of the graph`)]
  }
  const readable = named ? [named] : floats.filter((each) => givesVector(each, pooling, vectorDimension))
  // Where pooling is asked for, a tensor that there is something to pool in goes before one that is a vector already.
  const pooled = readable.filter(({ shape }) => pooling !== 'none' && shape.length > 2)
  const candidates = pooled.length > 0 ? pooled : readable
  const [only] = candidates
  if (!only || candidates.length > 1) return [unclear(floats, outputs, candidates)]
  const dimension = pooledDimension(only.shape, pooling)
  if (only.shape.length > 0 && dimension === null) return [poolingFinding(only)]
  if (vectorDimension !== undefined && dimension !== null && dimension !== -1 && dimension !== vectorDimension) {
    const message = `${describeTensor(only)} gives vectors of ${dimension}, and model.yaml says ${vectorDimension}`
    const hint = `Write \`vectorDimension: ${dimension}\`, or name another \`tensor\`.`
    return [failed('onnx.vector-dimension', message, hint, { file: 'model.yaml' })]
  }
  // One of several is named, so that it stays the one.
  inspection.inferred = { ...declared, ...(outputs.length > 1 && { tensor: only.name }) }
  return [passed(`the vector is ${describeTensor(only)}`)]
}

function givesVector(
  { shape }: TensorSpec,
  pooling: NonNullable<Manifest['pooling']>,
  wanted: number | undefined,
): boolean {
  if (shape.length === 0) return true
  const dimension = pooledDimension(shape, pooling)
  return dimension !== null && (wanted === undefined || dimension === -1 || dimension === wanted)
}

function unclear(
  floats: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
  candidates: readonly TensorSpec[],
): Finding {
  const [only] = floats
  if (only && floats.length === 1) return poolingFinding(only)
  const given = outputs.map(describeTensor).join('; ')
  const names = (candidates.length > 0 ? candidates : floats).map(({ name }) => `\`tensor: ${name}\``)
  if (names.length === 0) {
    const hint = 'Export it in single precision (float32), with the vector as an output.'
    return failed('onnx.tensor-unclear', `none of its outputs (${given}) is a float32 tensor`, hint, { file })
  }
  const many = candidates.length > 1 ? 'several of its outputs could be the vector' : 'none of its outputs is a vector'
  const pool = candidates.length > 1 ? '' : ', with `pooling: cls` or `pooling: mean` where it holds tokens or places'
  return failed('onnx.tensor-unclear', `${many} (${given})`, `Write ${names.join(' or ')} into model.yaml${pool}.`, {
    file,
  })
}

function poolingFinding(tensor: TensorSpec): Finding {
  const given = describeTensor(tensor)
  if (tensor.shape.length === 3) {
    const hint = 'Write `pooling: cls` (the first token) or `pooling: mean` (of all tokens) into model.yaml.'
    return failed('onnx.pooling-unclear', `${given} holds a vector for every token`, hint, { file })
  }
  if (tensor.shape.length === 4)
    return failed(
      'onnx.pooling-unclear',
      `${given} holds a vector for every place`,
      'Write `pooling: mean` into model.yaml.',
      { file },
    )
  const hint = 'Export it with the pooled features [batch, D] as an output, and name it as `tensor`.'
  return failed('onnx.tensor-unclear', `${given} is no vector`, hint, { file })
}
