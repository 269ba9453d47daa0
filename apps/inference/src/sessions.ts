import { readFile } from 'node:fs/promises'
import { isLakeError, messageOf } from '@lakelens/kernel'
import {
  type EffectiveInput,
  type Size,
  type TensorData,
  createPacker,
  placePicture,
  roundUpToStride,
} from '@lakelens/vision'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { errors } from './errors'
import { chooseOutput, inputSize, tensorFacts } from './graphFacts'
import { probeGraph, withGraphOutput } from './onnxGraph'
import { taskOf } from './tasks'
import type { OpenModel, OpenedModel, RunPicture, RunResult } from './threadProtocol'

/** The open models of one thread. Every call but `close` blocks the thread while the runtime works. */
export interface Sessions {
  /** Proves that the runtime answers at all. */
  warmUp(): Promise<void>
  /** Opens a model, lets it answer once, and says what it is. */
  open(model: OpenModel): Promise<OpenedModel>
  close(key: string): Promise<void>
  run(picture: RunPicture): Promise<RunResult>
}

interface OpenSession {
  run(picture: RunPicture): Promise<RunResult>
  release(): Promise<void>
}

// One thread a session: parallelism comes from having one a core (see config.ts). `all` is worth a quarter over `basic`.
const sessionOptions: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  graphOptimizationLevel: 'all',
  logSeverityLevel: 3,
}

export function createSessions(): Sessions {
  const sessions = new Map<string, OpenSession>()
  return {
    async warmUp() {
      const session = await InferenceSession.create(probeGraph(), sessionOptions)
      const { y } = await session.run({ x: new Tensor('float32', [2], [1]) })
      await session.release()
      if (y?.data[0] !== 2) throw new Error('onnxruntime answered a known graph wrongly')
    },
    async open(model) {
      const session = await createSession(model)
      try {
        const opened = await openSession(session, model)
        sessions.set(model.key, opened.session)
        return opened.facts
      } catch (error) {
        await session.release()
        throw error
      }
    },
    async close(key) {
      const session = sessions.get(key)
      sessions.delete(key)
      await session?.release()
    },
    async run(picture) {
      const session = sessions.get(picture.key)
      if (!session) throw errors.MODEL_FAILED({ reason: 'it is not open in this thread' })
      return session.run(picture)
    },
  }
}

async function createSession({ name, path, manifest }: OpenModel): Promise<InferenceSession> {
  const { tensor } = manifest
  try {
    const session = await InferenceSession.create(path, sessionOptions)
    if (tensor === null || session.outputNames.includes(tensor)) return session
    await session.release()
    // The file is in our own memory only where a tensor must be exposed.
    return await InferenceSession.create(withGraphOutput(await readFile(path), tensor), sessionOptions)
  } catch (error) {
    const reason = runtimeReason(error)
    if (tensor !== null && reason.includes(`(${tensor}) does not exist`))
      throw errors.MODEL_TENSOR_MISSING({ name, tensor }, { cause: error })
    throw errors.MODEL_UNREADABLE({ name, reason }, { cause: error })
  }
}

// The runtime's messages begin with a source path and a function name of its own, and name the file by our cache path.
const runtimeReason = (error: unknown): string =>
  messageOf(error)
    .replace(/^\S*onnxruntime_src\S*:\d+ .*?\(.*?\)\s*/s, '')
    .replace(/Load model from \S+ failed:\s*/, '')
    .split('\n', 1)[0]!
    .replace(/[\s.]+$/, '')
    .slice(0, 300)

async function openSession(
  session: InferenceSession,
  model: OpenModel,
): Promise<{ session: OpenSession; facts: OpenedModel }> {
  const { manifest, classes, name } = model
  const inputs = tensorFacts(session.inputMetadata)
  const outputs = tensorFacts(session.outputMetadata)
  const fixed = inputSize(name, inputs, manifest)
  const output = chooseOutput(name, outputs, manifest, classes)
  const evaluate = createEvaluator(session, output.name, manifest.input)
  const task = taskOf(manifest)
  const run = async ({ pixels, size, placement, detect }: RunPicture): Promise<RunResult> => {
    const answer = await evaluate(pixels, size, placement)
    return task.read({ data: answer.data as Float32Array, shape: answer.dims, manifest, classes, placement, detect })
  }
  const started = performance.now()
  const first = await answerGrey({ run, fixed, model })
  const vectorDimension = 'vector' in first ? first.vector.length : null
  if (manifest.vectorDimension !== null && vectorDimension !== manifest.vectorDimension) {
    throw errors.MODEL_NOT_SUPPORTED({
      name,
      reason: `its vectors have ${vectorDimension} numbers, and its manifest says ${manifest.vectorDimension}`,
    })
  }
  return {
    session: { run, release: () => session.release() },
    facts: { inputs, outputs, fixedResolution: fixed, vectorDimension, warmupMs: performance.now() - started },
  }
}

type Evaluate = (pixels: Uint8Array, size: Size, placement: RunPicture['placement']) => Promise<Tensor>

function createEvaluator(session: InferenceSession, output: string, input: EffectiveInput): Evaluate {
  const pack = createPacker(input)
  const inputName = session.inputNames[0]!
  // One buffer a session, grown as needed: a thread runs one picture at a time, and 4 MB allocated and cleared a picture
  // would be the largest thing the collector sees.
  let buffer: TensorData = new Float32Array(0)
  return async (pixels, size, placement) => {
    const { width, height } = placement.padded
    const length = width * height * 3
    if (buffer.length < length) buffer = input.format === 'uint8' ? new Uint8Array(length) : new Float32Array(length)
    pack(pixels, size, placement, buffer)
    const shape = input.layout === 'nchw' ? [1, 3, height, width] : [1, height, width, 3]
    const values = buffer.subarray(0, length)
    const tensor =
      values instanceof Uint8Array ? new Tensor('uint8', values, shape) : new Tensor('float32', values, shape)
    const answers = await session.run({ [inputName]: tensor }, [output])
    return answers[output] as Tensor
  }
}

// The size used when the graph takes any: large enough that every level of a detector's pyramid has cells.
const warmUpSide = 320

async function answerGrey({
  run,
  fixed,
  model,
}: {
  run: OpenSession['run']
  fixed: Size | null
  model: OpenModel
}): Promise<RunResult> {
  const { name, key, manifest } = model
  const side = roundUpToStride(warmUpSide, manifest.input.stride)
  const box = fixed ?? { width: side, height: side }
  const placement = placePicture(box, box, fixed !== null, manifest.input)
  const pixels = new Uint8Array(box.width * box.height * 3).fill(114)
  try {
    return await run({ key, pixels, size: placement.cut ?? placement.scaled, placement, detect: null })
  } catch (error) {
    if (isLakeError(error) && error.code !== 'MODEL_FAILED') throw error
    throw errors.MODEL_UNREADABLE(
      { name, reason: `it fails on a plain picture: ${runtimeReason(error)}` },
      { cause: error },
    )
  }
}
