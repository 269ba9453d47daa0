import { readFile } from 'node:fs/promises'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { errors } from './errors'
import { probeGraph, withGraphOutput } from './onnxGraph'
import { type OpenSession, openSession } from './openSession'
import { runtimeReason } from './runtimeReason'
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
