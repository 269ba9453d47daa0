import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@lakelens/kernel'
import type { InferenceConfig } from '../config'
import type { ThreadEntry } from '../pool'
import { type InferenceService, startInference } from '../server'

export const threadFromSource: ThreadEntry = {
  file: join(__dirname, 'thread.cjs'),
  // jest's own flags are not for threads; the condition makes `@lakelens/*` resolve to sources there too.
  options: { execArgv: ['--conditions=@lakelens/source'] },
}

export interface StartedService extends InferenceService {
  dataDir: string
}

/** Threads that end, together, the first `times` times they are given a picture. */
export const crashingThread = (times: number): ThreadEntry => {
  const crashes = new SharedArrayBuffer(4)
  new Int32Array(crashes)[0] = times
  return { file: join(__dirname, 'crashingThread.cjs'), options: { ...threadFromSource.options, workerData: crashes } }
}

/** A real service on a free port, with a data folder of its own that goes with it. */
export async function startFromSource(
  settings: Partial<InferenceConfig> = {},
  threadEntry = threadFromSource,
): Promise<StartedService> {
  const dataDir = await mkdtemp(join(tmpdir(), 'lakelens-inference-'))
  const config: InferenceConfig = {
    host: '127.0.0.1',
    port: 0,
    dataDir,
    threads: 2,
    memoryMiB: 512,
    queue: 64,
    // Looking for a sandbox takes a process or two, which few tests want.
    python: null,
    endWithParent: false,
    logLevel: 'silent',
    ...settings,
  }
  const service = await startInference(config, silentLogger(), { threadEntry })
  return {
    ...service,
    dataDir,
    async close() {
      await service.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
