import { type Logger, isLakeError } from '@lakelens/kernel'
import type { DescribeResponse, LoadModelResponse } from '@lakelens/proto'
import { errors } from '../errors'
import type { ModelFiles } from '../modelFiles'
import { type PictureFailure, pictureFailure } from '../predict'
import { findFacilities, withoutPython } from './facilities'
import type { ParsedDetection } from './parseAnswer'
import type { DetectOptions } from './pythonModel'
import { type OpenedPythonModel, type PythonReference, createPythonModels } from './pythonModels'
import type { PythonSettings } from './settings'

export type Outcome<T> = T | { error: PictureFailure }

/** Runs models with `inference.py`. One outcome a picture, in their order; a fault of the model as a whole is thrown. */
export interface PythonRuntime {
  describe(): Promise<DescribeResponse>
  load(reference: PythonReference, signal: AbortSignal): Promise<LoadModelResponse>
  detect(
    reference: PythonReference,
    pictures: readonly Uint8Array[],
    options: DetectOptions,
    signal: AbortSignal,
  ): Promise<Outcome<{ detections: ParsedDetection[] }>[]>
  embed(
    reference: PythonReference,
    pictures: readonly Uint8Array[],
    signal: AbortSignal,
  ): Promise<Outcome<{ vector: Float32Array<ArrayBuffer> }>[]>
  close(): Promise<void>
}

export interface PythonRuntimeOptions {
  dataDir: string
  files: ModelFiles
  /** Null: switched off. */
  settings: PythonSettings | null
  memoryMiB: number
  log: Logger
}

/** Begins to look for Python and a sandbox at once; whoever asks meanwhile waits for it. */
export function createPythonRuntime({ settings, memoryMiB, log, ...rest }: PythonRuntimeOptions): PythonRuntime {
  const found = settings
    ? findFacilities({ ...rest, settings, log })
    : Promise.resolve(withoutPython('INFERENCE_PYTHON=off switches them off', log))
  // Whoever needs it is told; nobody may.
  found.catch((error: unknown) => log.error({ err: error }, 'models with inference.py cannot be run'))
  const models = createPythonModels({ found, memoryMiB, idleMs: settings?.idleMs ?? 600_000, log })

  return {
    async describe() {
      const { runsPython, pythonVersion, sandbox, detail } = await found
      return { runsPython, pythonVersion, sandbox, sandboxDetail: detail }
    },
    load: (reference, signal) => models.using(reference, signal, (model) => Promise.resolve(factsOf(model))),
    detect: (reference, pictures, options, signal) =>
      models.using(reference, signal, (model) => {
        requireApplication(model, 'detection')
        return each(pictures, signal, async (picture) => ({ detections: await model.detect(picture, options, signal) }))
      }),
    embed: (reference, pictures, signal) =>
      models.using(reference, signal, (model) => {
        requireApplication(model, 'embedding')
        return each(pictures, signal, async (picture) => ({ vector: await model.embed(picture, signal) }))
      }),
    close: () => models.close(),
  }
}

function requireApplication({ name, application }: OpenedPythonModel, asked: 'detection' | 'embedding'): void {
  const task = application === 'EMBEDDING' ? 'embedding' : 'detection'
  if (task !== asked) throw errors.MODEL_TASK_MISMATCH({ name, task, asked })
}

const factsOf = ({ fixedResolution, dimension, startMs, installLog }: OpenedPythonModel): LoadModelResponse => ({
  inputs: [],
  outputs: [],
  fixedWidth: fixedResolution?.width ?? 0,
  fixedHeight: fixedResolution?.height ?? 0,
  // A script takes any size; what it does with it is its own.
  stride: 1,
  vectorDimension: dimension ?? 0,
  warmupMs: startMs,
  installLog: installLog ?? '',
})

// Of the model and not of a picture: the next one would fail alike.
const ofTheModel = ['MODEL_FAILED_TO_START', 'SERVICE_CLOSING']

async function each<T extends object>(
  pictures: readonly Uint8Array[],
  signal: AbortSignal,
  ask: (picture: Uint8Array) => Promise<T>,
): Promise<Outcome<T>[]> {
  const settled = await Promise.allSettled(pictures.map(ask))
  signal.throwIfAborted()
  return settled.map((one) => {
    if (one.status === 'fulfilled') return one.value
    const error: unknown = one.reason
    if (isLakeError(error) && ofTheModel.includes(error.code)) throw error
    return { error: failureOf(error) }
  })
}

/** What is wrong with an answer keeps its own code, and a traceback its lines. */
function failureOf(error: unknown): PictureFailure {
  if (isLakeError(error) && error.code.startsWith('ANSWER_')) return { code: error.code, message: error.message }
  return pictureFailure(error)
}
