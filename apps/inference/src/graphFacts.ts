import {
  type ChosenOutputs,
  type EffectiveManifest,
  type GraphInputs,
  type Size,
  type TensorSpec,
  chooseOutputs,
  describeTensor,
  graphInputs,
  pooledDimension,
} from '@lakelens/vision'
import type { InferenceSession } from 'onnxruntime-node'
import { errors } from './errors'
import type { TensorFacts } from './threadProtocol'

/** The runtime's description of a graph's inputs or outputs, free dimensions as -1. */
export const tensorFacts = (metadata: readonly InferenceSession.ValueMetadata[]): TensorFacts[] =>
  metadata.map((value) =>
    value.isTensor
      ? { name: value.name, type: value.type, shape: value.shape.map((side) => (typeof side === 'number' ? side : -1)) }
      : { name: value.name, type: 'not a tensor', shape: [] },
  )

// Node 20 has no arrays of half floats, and half precision gains nothing on CPUs.
const halfAdvice =
  'export it with float32 inputs and outputs; weights may stay float16 (onnxconverter-common: keep_io_types=True)'

/** What a graph is to be given: the picture, and at most its size beside it. */
export function pictureInputs(name: string, inputs: readonly TensorFacts[]): GraphInputs {
  const refuse = (reason: string): never => {
    throw errors.MODEL_NOT_SUPPORTED({ name, reason })
  }
  const graph = graphInputs(inputs)
  if (!graph) {
    const listed = inputs.map(describeTensor).join('; ')
    return refuse(`its graph takes ${inputs.length} inputs (${listed || 'none'}), and one, the picture, is given`)
  }
  if (graph.picture.type === 'float16') return refuse(`its input ${graph.picture.name} is float16; ${halfAdvice}`)
  return graph
}

/** Checks that a graph takes one picture as its manifest says; returns its fixed size, or null where it takes any. */
export function inputSize(name: string, graph: TensorSpec, { input, task }: EffectiveManifest): Size | null {
  const refuse = (reason: string): never => {
    throw errors.MODEL_NOT_SUPPORTED({ name, reason })
  }
  if (graph.type !== input.format) {
    return refuse(
      `its input ${graph.name} is ${graph.type}, and ${input.format} is given; set input.format to float32 or uint8, whichever it is`,
    )
  }
  const [batch, ...rest] = graph.shape
  const [channels, height, width] = input.layout === 'nchw' ? rest : [rest[2], rest[0], rest[1]]
  if (graph.shape.length !== 4 || (channels !== 3 && channels !== -1)) {
    return refuse(
      `its input ${graph.name} has shape [${graph.shape.join(', ')}], and input.layout ${input.layout} gives one picture of three channels`,
    )
  }
  if (batch !== 1 && batch !== -1)
    return refuse(`its input ${graph.name} takes ${batch} pictures at once; export it with a batch of 1, or a free one`)
  const free = width === -1 && height === -1
  if (!free && (width === -1 || height === -1))
    return refuse('one side of its input is fixed and the other free; fix both or neither')
  const own = free ? null : { width: width!, height: height! }
  const { size } = input
  if (own && size && (own.width !== size.width || own.height !== size.height)) {
    return refuse(`its graph takes ${own.width}×${own.height}, and input.size says ${size.width}×${size.height}`)
  }
  const fixed = own ?? size
  if (!fixed && task === 'embedding')
    return refuse('its graph takes any size; say in input.size which one the vectors are made at')
  if (!fixed && task === 'classification')
    return refuse('its graph takes any size; say in input.size which one it was trained at')
  return fixed
}

/** The outputs a model's answer is read from. */
export function chosenOutputs(
  name: string,
  outputs: readonly TensorFacts[],
  manifest: EffectiveManifest,
  classes: number,
): ChosenOutputs {
  const half = outputs.find(({ type }) => type === 'float16')
  if (half && !outputs.some(({ type }) => type === 'float32'))
    throw errors.MODEL_NOT_SUPPORTED({ name, reason: `its output ${half.name} is float16; ${halfAdvice}` })
  if (manifest.task === 'embedding') return { kind: 'single', main: vectorOutput(name, outputs, manifest).name }
  return chooseOutputs(manifest, outputs, classes)
}

function vectorOutput(name: string, outputs: readonly TensorFacts[], manifest: EffectiveManifest): TensorFacts {
  const candidates = manifest.tensor === null ? outputs : outputs.filter((output) => output.name === manifest.tensor)
  const readable = candidates.filter((output) => output.type === 'float32' && givesVector(output, manifest))
  // Where pooling is asked for, a tensor that there is something to pool in goes before one that is a vector already.
  const pooled = readable.filter(({ shape }) => manifest.pooling !== 'none' && shape.length > 2)
  const chosen = pooled.length > 0 ? pooled : readable
  const [first] = chosen
  // Of several any one would be a guess.
  if (first && chosen.length === 1) return first
  const listed = outputs.map(describeTensor).join('; ')
  const wanted = manifest.vectorDimension === null ? '' : ` with ${manifest.vectorDimension} numbers`
  throw errors.MODEL_NOT_SUPPORTED({
    name,
    reason: first
      ? `several of its outputs could be the vector (${listed}); name one as \`tensor\``
      : `none of its outputs (${listed}) can be read as \`output: embedding\` with pooling ${manifest.pooling}${wanted}`,
  })
}

function givesVector({ shape }: TensorFacts, { pooling, vectorDimension }: EffectiveManifest): boolean {
  // A shape the runtime could not infer is judged by the first answer.
  if (shape.length === 0) return true
  const dimension = pooledDimension(shape, pooling)
  return dimension !== null && (dimension === -1 || vectorDimension === null || dimension === vectorDimension)
}
