import { fork } from 'node:child_process'
import { join } from 'node:path'
import { LakeError } from '@lakelens/kernel'
import { type Size, effectiveManifest, parseManifest, requireRunnable } from '@lakelens/vision'
import { errors } from './errors'
import type { ErrorRecord, OpenModel, OpenedModel, TensorFacts } from './threadProtocol'

/** What a graph turned out to be when the runtime opened it and it answered a grey picture. */
export interface InspectedModel {
  inputs: TensorFacts[]
  outputs: TensorFacts[]
  /** Null: any multiple of `stride`. */
  fixedResolution: Size | null
  stride: number
  vectorDimension: number | null
  warmupMs: number
}

export interface InspectOptions {
  /** For messages. */
  name?: string
  signal?: AbortSignal
  timeoutMs?: number
  /** What the process runs; the default is this program's own compiled one. */
  entry?: { file: string; execArgv?: string[] }
}

export type InspectReply = { opened: OpenedModel } | { error: ErrorRecord }

/**
 * Opens a graph in the real runtime and lets it answer once, in a process of its own: native code that crashes or never
 * returns can be ended there, and nowhere else. Throws what opening it for a run would throw, and MODEL_UNREADABLE for a
 * graph that crashes the runtime or gives no answer in time.
 */
export async function inspectModel(
  file: string,
  { manifest: given, labels }: { manifest: Record<string, unknown>; labels: readonly string[] },
  options: InspectOptions = {},
): Promise<InspectedModel> {
  const { name = 'model.onnx' } = options
  const manifest = effectiveManifest(parseManifest(given))
  requireRunnable(manifest)
  const opened = await openElsewhere({ key: file, name, path: file, manifest, classes: labels.length }, options)
  const { inputs, outputs, fixedResolution, vectorDimension, warmupMs } = opened
  return { inputs, outputs, fixedResolution, stride: opened.manifest.input.stride, vectorDimension, warmupMs }
}

function openElsewhere(
  model: OpenModel,
  { signal, timeoutMs = 120_000, entry = { file: join(__dirname, 'inspectProcess.js') } }: InspectOptions,
): Promise<OpenedModel> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error)
    const unreadable = (reason: string): LakeError => errors.MODEL_UNREADABLE({ name: model.name, reason })
    const child = fork(entry.file, {
      execArgv: entry.execArgv ?? [],
      serialization: 'advanced',
      // What the runtime prints would stand between the lines of whoever asked.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const finish = (settle: () => void): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      child.removeAllListeners()
      child.on('error', () => undefined)
      child.kill('SIGKILL')
      settle()
    }
    const fail = (error: unknown): void => finish(() => reject(error as Error))
    const onAbort = (): void => fail(signal?.reason)
    const timer = setTimeout(() => fail(unreadable(`it gave no answer within ${timeoutMs / 1000} s`)), timeoutMs)
    signal?.addEventListener('abort', onAbort, { once: true })
    child.once('error', fail)
    child.once('exit', (code, killed) => fail(unreadable(`the runtime ended with ${killed ?? `code ${code}`}`)))
    child.once('message', (reply: InspectReply) => {
      if ('opened' in reply) return finish(() => resolve(reply.opened))
      const { code, category, message, facts } = reply.error
      fail(new LakeError(code, category, message, facts))
    })
    child.send(model, (error) => error && fail(error))
  })
}
