import { isLakeError } from '@lakelens/kernel'
import { type EffectiveManifest, type Size, pooledDimension, requireDetectionShape } from '@lakelens/vision'
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

/** Checks that a graph takes one picture as its manifest says; returns its fixed size, or null where it takes any. */
export function inputSize(
  name: string,
  inputs: readonly TensorFacts[],
  { input, task }: EffectiveManifest,
): Size | null {
  const refuse = (reason: string): never => {
    throw errors.MODEL_NOT_SUPPORTED({ name, reason })
  }
  const [only, ...more] = inputs
  if (!only || more.length > 0) return refuse(`its graph takes ${inputs.length} inputs, and one, the picture, is given`)
  if (only.type !== input.format) {
    return refuse(
      `its input ${only.name} is ${only.type}, and ${input.format} is given; set input.format to float32 or uint8, whichever it is`,
    )
  }
  const [batch, ...rest] = only.shape
  const [channels, height, width] = input.layout === 'nchw' ? rest : [rest[2], rest[0], rest[1]]
  if (only.shape.length !== 4 || (batch !== 1 && batch !== -1) || (channels !== 3 && channels !== -1)) {
    return refuse(
      `its input ${only.name} has shape [${only.shape.join(', ')}], and input.layout ${input.layout} gives one picture of three channels`,
    )
  }
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
  return fixed
}

/** The output a model's answer is read from. */
export function chooseOutput(
  name: string,
  outputs: readonly TensorFacts[],
  manifest: EffectiveManifest,
  classes: number,
): TensorFacts {
  const candidates = manifest.tensor === null ? outputs : outputs.filter((output) => output.name === manifest.tensor)
  const chosen = candidates.filter((output) => output.type === 'float32' && isReadable(output, manifest, classes))
  // Of several that could be read, the first is the graph's main answer for detectors, but for vectors it would be a guess.
  const [first] = chosen
  if (first && (chosen.length === 1 || manifest.task === 'detection')) return first
  if (manifest.task === 'detection' && outputs[0]?.type === 'float32')
    requireDetectionShape(manifest.output, outputs[0].shape, classes)
  const listed = outputs.map(({ name: output, type, shape }) => `${output} ${type}[${shape.join(', ')}]`).join('; ')
  const wanted = manifest.vectorDimension === null ? '' : ` with ${manifest.vectorDimension} numbers`
  throw errors.MODEL_NOT_SUPPORTED({
    name,
    reason: first
      ? `several of its outputs could be the vector (${listed}); name one as \`tensor\``
      : `none of its outputs (${listed}) can be read as \`output: ${manifest.output}\`${wanted}`,
  })
}

function isReadable(
  { shape }: TensorFacts,
  { output, task, pooling, vectorDimension }: EffectiveManifest,
  classes: number,
): boolean {
  if (task === 'embedding') {
    // A shape the runtime could not infer is judged by the first answer.
    if (shape.length === 0) return true
    const dimension = pooledDimension(shape, pooling)
    return dimension !== null && (dimension === -1 || vectorDimension === null || dimension === vectorDimension)
  }
  try {
    requireDetectionShape(output, shape, classes)
    return true
  } catch (error) {
    if (isLakeError(error)) return false
    throw error
  }
}
