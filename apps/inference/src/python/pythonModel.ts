import { type Logger, isLakeError, messageOf } from '@lakelens/kernel'
import type { Manifest, Size } from '@lakelens/vision'
import sharp from 'sharp'
import { errors } from '../errors'
import { type Gate, createGate } from '../gate'
import type { ClassThresholds } from '../threadProtocol'
import { answerErrors } from './answerErrors'
import { pythonErrors } from './errors'
import { type KeptProcess, keepProcess } from './keepProcess'
import { turnUpright } from './orientation'
import type { Application } from './packages'
import { type ParsedDetection, parseDetections, parseEmbedding } from './parseAnswer'
import { type PreparedPicture, preparePicture } from './preparePicture'
import type { PythonProcess, RawAnswer } from './process'
import type { EffectivePython } from './settings'
import { type Value, readValue } from './values'

/** A model with `inference.py`, ready to be asked. */
export interface PythonModel {
  readonly startMs: number
  /** Null: the box is the caller's to choose. */
  readonly fixedResolution: Size | null
  /** Of its vectors; null for models that find things. */
  readonly dimension: number | null
  detect(picture: Uint8Array, options: DetectOptions, signal: AbortSignal): Promise<ParsedDetection[]>
  embed(picture: Uint8Array, signal: AbortSignal): Promise<Float32Array<ArrayBuffer>>
  stop(): Promise<void>
}

export interface DetectOptions {
  box: Size
  confidenceThreshold: number
  maxDetections: number
  /** As `DetectParameters` has it. */
  classThresholds: ClassThresholds | null
}

export interface PythonModelOptions {
  name: string
  application: Application
  manifest: Manifest
  labels: readonly string[]
  python: EffectivePython
  start(): Promise<PythonProcess>
  log: Logger
}

// A call for vectors names no box: what the manifest says, else large enough for what any embedder looks at.
const embeddingBox: Size = { width: 1024, height: 1024 }
// Made ready beside those in hand, so that decoding overlaps the model's work and memory stays bounded.
const madeReady = 2

/** Starts the process and, for embeddings, asks it about a grey picture: how long its vectors are must be known before the first. */
export async function openPythonModel(options: PythonModelOptions): Promise<PythonModel> {
  const { name, application, manifest, python, start, log } = options
  const kept = keepProcess({ name, start, concurrency: python.concurrency, log })
  const fixed = manifest.input?.size ? { width: manifest.input.size[0], height: manifest.input.size[1] } : null
  const gate = createGate(python.concurrency + madeReady)
  try {
    const startMs = await kept.ready()
    const asking: Asking = { kept, gate, python }
    let dimension = manifest.vectorDimension ?? null
    const embed = async (picture: Uint8Array, signal: AbortSignal): Promise<Float32Array<ArrayBuffer>> => {
      const { value } = await ask(asking, picture, fixed ?? embeddingBox, signal)
      const vector = parseEmbedding(value, dimension)
      dimension ??= vector.length
      return vector
    }
    if (application === 'EMBEDDING') await embed(await greyPicture(), neverAborted).catch((e) => refuseGrey(name, e))
    return {
      startMs,
      fixedResolution: fixed,
      dimension: application === 'EMBEDDING' ? dimension : null,
      embed,
      detect: (picture, { box, ...kept }, signal) =>
        ask(asking, picture, fixed ?? box, signal).then((answer) => readDetections(answer, options, kept)),
      stop: () => kept.stop(),
    }
  } catch (error) {
    await kept.stop()
    throw error
  }
}

const neverAborted = new AbortController().signal

const greyPicture = (): Promise<Buffer> =>
  sharp({ create: { width: 320, height: 320, channels: 3, background: '#727272' } })
    .png()
    .toBuffer()

function refuseGrey(name: string, error: unknown): never {
  if (isLakeError(error) && error.code === 'MODEL_FAILED_TO_START') throw error
  throw pythonErrors.MODEL_FAILED_TO_START(
    { name, reason: `it fails on a plain grey picture. ${messageOf(error)}` },
    { cause: error },
  )
}

interface Asking {
  kept: KeptProcess
  gate: Gate
  python: EffectivePython
}

interface Answered {
  prepared: PreparedPicture
  value: Value
}

async function ask(
  { kept, gate, python }: Asking,
  picture: Uint8Array,
  box: Size,
  signal: AbortSignal,
): Promise<Answered> {
  const leave = await gate.enter(1, signal)
  try {
    const prepared = await preparePicture(picture, python.input, box, signal)
    return { prepared, value: valueOf(await kept.ask(prepared.contentType, prepared.body, signal), python) }
  } finally {
    leave()
  }
}

function valueOf(answer: RawAnswer, { memoryMiB }: EffectivePython): Value {
  if ('value' in answer) return readValue(answer.value, answer.body)
  if ('refused' in answer) throw answerErrors.ANSWER_MALFORMED({ reason: answer.refused })
  const outOfMemory = /MemoryError\b/.test(answer.raised.split('\n').at(-1) ?? '')
  const text = answer.raised.replace(/[\s.]+$/, '')
  throw errors.MODEL_FAILED({
    reason: outOfMemory ? `${text}\nIt ran out of memory; python.memoryMiB is ${memoryMiB}` : text,
  })
}

function readDetections(
  { prepared, value }: Answered,
  { application, labels, manifest }: PythonModelOptions,
  kept: Omit<DetectOptions, 'box'>,
): ParsedDetection[] {
  if (application === 'EMBEDDING') throw new Error('an embedding model was asked what it finds')
  const found = parseDetections(value, {
    application,
    labels,
    picture: prepared.size,
    boxes: manifest.boxes ?? 'pixels',
    activation: manifest.activation ?? 'none',
    ...kept,
  })
  return found.map(({ box, ...rest }) => ({ ...rest, box: box && turnUpright(box, prepared.orientation) }))
}
