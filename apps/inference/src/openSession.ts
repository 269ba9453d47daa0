import { isLakeError } from '@lakelens/kernel'
import {
  type EffectiveInput,
  type EffectiveManifest,
  type GraphInputs,
  type SettledManifest,
  type TensorData,
  createPacker,
  outputNames,
  placePicture,
  requireProbabilities,
  roundUpToStride,
  settleClassifier,
  settleInput,
} from '@lakelens/vision'
import { type InferenceSession, Tensor } from 'onnxruntime-node'
import { errors } from './errors'
import { chosenOutputs, inputSize, pictureInputs, tensorFacts } from './graphFacts'
import { runtimeReason } from './runtimeReason'
import { type Answer, type OutputTensor, taskOf } from './tasks'
import type { OpenModel, OpenedModel, RunPicture, RunResult } from './threadProtocol'

export interface OpenSession {
  run(picture: RunPicture): Promise<RunResult>
  release(): Promise<void>
}

/**
 * Makes a session of a graph fit for its manifest: its input and outputs are held against it, what the format leaves to the
 * graph is taken from it, and it answers a plain picture once, whose shapes and scores are checked.
 */
export async function openSession(
  session: InferenceSession,
  model: OpenModel,
): Promise<{ session: OpenSession; facts: OpenedModel }> {
  const { classes, name } = model
  const inputs = tensorFacts(session.inputMetadata)
  const outputs = tensorFacts(session.outputMetadata)
  const graph = pictureInputs(name, inputs)
  const manifest = settleInput(model.manifest, graph.picture)
  const fixedResolution = inputSize(name, graph.picture, manifest)
  const chosen = chosenOutputs(name, outputs, manifest, classes)
  const evaluate = createEvaluator(session, graph, outputNames(chosen), manifest.input)
  const task = taskOf(manifest)

  const started = performance.now()
  const grey = greyPicture(manifest, fixedResolution)
  const tensors = await onGrey(name, () => evaluate(grey))
  const open = { tensors, chosen, classes, placement: grey.placement, detect: null }
  const settled = await onGrey(name, () => settleScores(manifest, open))
  const first = await onGrey(name, () => readFirst({ ...open, manifest: settled }))
  const vectorDimension = 'vector' in first ? first.vector.length : null
  if (manifest.vectorDimension !== null && vectorDimension !== manifest.vectorDimension) {
    throw errors.MODEL_NOT_SUPPORTED({
      name,
      reason: `its vectors have ${vectorDimension} numbers, and its manifest says ${manifest.vectorDimension}`,
    })
  }
  const run = async (picture: RunPicture): Promise<RunResult> => {
    const { placement, detect } = picture
    return task.read({ tensors: await evaluate(picture), chosen, manifest: settled, classes, placement, detect })
  }
  return {
    session: { run, release: () => session.release() },
    facts: {
      inputs,
      outputs,
      fixedResolution,
      vectorDimension,
      manifest: settled,
      warmupMs: performance.now() - started,
    },
  }
}

type Pictured = Pick<RunPicture, 'pixels' | 'size' | 'placement'>
type Evaluate = (picture: Pictured) => Promise<Record<string, OutputTensor>>

function createEvaluator(
  session: InferenceSession,
  { picture: graph, hasBatch, sizes }: GraphInputs,
  outputs: readonly string[],
  input: EffectiveInput,
): Evaluate {
  const pack = createPacker(input)
  const batch = hasBatch ? [1] : []
  // One buffer a session, grown as needed: a thread runs one picture at a time, and 4 MB allocated and cleared a picture
  // would be the largest thing the collector sees.
  let buffer: TensorData = new Float32Array(0)
  return async ({ pixels, size, placement }) => {
    const { width, height } = placement.padded
    const length = width * height * 3
    if (buffer.length < length) buffer = input.format === 'uint8' ? new Uint8Array(length) : new Float32Array(length)
    pack(pixels, size, placement, buffer)
    const shape = [...batch, ...(input.layout === 'nchw' ? [3, height, width] : [height, width, 3])]
    const values = buffer.subarray(0, length)
    const tensor =
      values instanceof Uint8Array ? new Tensor('uint8', values, shape) : new Tensor('float32', values, shape)
    const feeds: Record<string, Tensor> = { [graph.name]: tensor }
    // The tensor's own size and not the picture's: from there boxes are mapped back as those of every other graph.
    if (sizes !== null) feeds[sizes] = new Tensor('int64', BigInt64Array.of(BigInt(width), BigInt(height)), [1, 2])
    const answers = await session.run(feeds, outputs)
    return Object.fromEntries(outputs.map((name) => [name, outputTensor(answers[name] as Tensor)]))
  }
}

/** The types were chosen by what the graph declares; a graph that answers another one is refused and not misread. */
function outputTensor({ data, dims, type }: Tensor): OutputTensor {
  if (data instanceof Float32Array || data instanceof Int32Array || data instanceof BigInt64Array)
    return { data, shape: dims }
  throw errors.MODEL_FAILED({ reason: `it answers ${type} where numbers were declared` })
}

// The size used when the graph takes any: large enough that every level of a detector's pyramid has cells.
const warmUpSide = 320

function greyPicture({ input }: EffectiveManifest, fixed: OpenedModel['fixedResolution']): Pictured {
  const side = roundUpToStride(warmUpSide, input.stride)
  const box = fixed ?? { width: side, height: side }
  const placement = placePicture(box, box, fixed !== null, input)
  const pixels = new Uint8Array(box.width * box.height * 3).fill(114)
  return { pixels, size: placement.cut ?? placement.scaled, placement }
}

/** What the graph's own outputs tell of boxes and scores where the manifest doesn't: once, for all pictures alike. */
function settleScores(manifest: EffectiveManifest, answer: Omit<Answer, 'manifest'>): SettledManifest {
  const { chosen, tensors, classes } = answer
  // TensorFlow's object detection gives fractions; other graphs of this kind pixels, unless the manifest says otherwise.
  const boxes = manifest.boxes ?? (chosen.kind === 'listed' && chosen.order === 'yxyx' ? 'normalized' : 'pixels')
  const settled = (activation: SettledManifest['activation']): SettledManifest => ({ ...manifest, boxes, activation })
  if (manifest.activation !== null) return settled(manifest.activation)
  // One column more than there are classes is "no object", which only a softmax has.
  if (chosen.kind === 'queries')
    return settled(tensors[chosen.logits]!.shape[2] === classes + 1 ? 'softmax' : 'sigmoid')
  if (manifest.output !== 'classification' || chosen.kind !== 'single') return settled('none')
  const { data } = tensors[chosen.main]!
  return settled(data instanceof Float32Array && data.every(Number.isFinite) ? settleClassifier(data) : 'softmax')
}

function readFirst(answer: Answer): RunResult {
  const { scores, read } = taskOf(answer.manifest)
  const result = read(answer)
  if (scores && answer.manifest.activation === 'none') requireProbabilities(answer.manifest.output, scores(answer))
  return result
}

async function onGrey<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (isLakeError(error) && error.code !== 'MODEL_FAILED') throw error
    throw errors.MODEL_UNREADABLE(
      { name, reason: `it fails on a plain picture: ${runtimeReason(error)}` },
      { cause: error },
    )
  }
}
