import type { EffectiveManifest } from './effective'
import { errors } from './errors'
import { type Activation, rangeOf } from './scores'

/** What a graph declares of an input or output. */
export interface TensorSpec {
  name: string
  /** `float32`, `uint8`, `int64`, … */
  type: string
  /** -1: free. Empty: a single number, or the runtime could not tell. */
  shape: readonly number[]
}

/** A manifest whose graph has been opened and has answered: nothing is left open. */
export interface SettledManifest extends EffectiveManifest {
  boxes: 'pixels' | 'normalized'
  activation: Activation
}

export const describeTensor = ({ name, type, shape }: TensorSpec): string => `${name} ${type}[${shape.join(', ')}]`

/**
 * Takes from the graph's input what the format leaves to it (`ssd`): layout and type are its own; a graph of fixed size was
 * trained on stretched pictures, one of free size resizes by itself and is given the picture's own aspect, unpadded. How
 * float values are scaled no graph says: INPUT_UNSAID is thrown.
 */
export function settleInput(manifest: EffectiveManifest, graph: TensorSpec): EffectiveManifest {
  const left = new Set(manifest.leftToGraph)
  if (left.size === 0) return manifest
  const input = { ...manifest.input }
  if (left.has('layout')) input.layout = layoutOf(graph)
  if (left.has('format')) input.format = graph.type === 'uint8' ? 'uint8' : 'float32'
  if (left.has('scale') && input.format === 'float32' && graph.type === 'float32')
    throw errors.INPUT_UNSAID({ input: describeTensor(graph), key: 'scale', example: '{ scale: 0.00392156862745098 }' })
  const [height, width] = input.layout === 'nchw' ? graph.shape.slice(2) : graph.shape.slice(1)
  const isFixed = input.size !== null || (height !== -1 && width !== -1)
  if (left.has('resize')) input.resize = isFixed ? 'stretch' : 'letterbox'
  if (left.has('stride')) input.stride = 1
  return { ...manifest, input, leftToGraph: [] }
}

function layoutOf(graph: TensorSpec): 'nchw' | 'nhwc' {
  const [, second, , fourth] = graph.shape
  if (graph.shape.length === 4 && (second === 3) !== (fourth === 3)) return second === 3 ? 'nchw' : 'nhwc'
  throw errors.INPUT_UNSAID({ input: describeTensor(graph), key: 'layout', example: '{ layout: nhwc }' })
}

/**
 * What is to be done to the scores of a classifier whose manifest doesn't say, judged once, by its answer to a plain picture:
 * values that sum to 1 between 0 and 1 are the softmax itself, values beyond 0..1 are logits. Values between 0 and 1 that sum to
 * something else may be either (a sigmoid of its own, or timid logits): SCORES_UNEXPECTED asks for the word.
 */
export function settleClassifier(output: Float32Array): Activation {
  const { least, most } = rangeOf(output, output.length, 0, output.length)
  if (!(least >= -tolerance && most <= 1 + tolerance)) return 'softmax'
  const sum = output.reduce((total, value) => total + value, 0)
  if (Math.abs(sum - 1) < tolerance) return 'none'
  const advice =
    'say `activation: none` where these are probabilities already, `activation: softmax` or `sigmoid` where not'
  throw errors.SCORES_UNEXPECTED({ ...rounded({ least, most }), advice })
}

// Quantised graphs and half precision leave sums and limits a little beside 1.
const tolerance = 0.01

/** Throws SCORES_UNEXPECTED for scores that are no probabilities, though they are read as such: told once, when a model is opened. */
export function requireProbabilities(output: string, { least, most }: { least: number; most: number }): void {
  if (Number.isNaN(least) || (least >= -tolerance && most <= 1 + tolerance)) return
  const advice =
    output === 'yolov10' || output === 'ssd'
      ? `that is not what \`output: ${output}\` is`
      : 'these are no probabilities; say `activation: sigmoid` where they are logits, or correct `output`'
  throw errors.SCORES_UNEXPECTED({ ...rounded({ least, most }), advice })
}

const rounded = ({ least, most }: { least: number; most: number }): { least: number; most: number } => ({
  least: Number(least.toPrecision(4)),
  most: Number(most.toPrecision(4)),
})
