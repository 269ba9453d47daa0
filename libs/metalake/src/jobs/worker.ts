import { startWorker as startJobWorker, type AnyTask } from '@lakelens/jobs'
import type { Closeable } from '@lakelens/kernel'
import { deletionTask } from '../deletion'
import { embeddingsTask } from '../embeddings'
import { exportTask, importTask } from '../exchange'
import type { Lake } from '../lake'
import { clearScratch, registerModelTask, validateModelTask } from '../registration'
import { autoTagTask } from '../tagging'
import { sweepUploads } from '../uploads'
import { reportFault } from './faults'
import type { JobKind } from './kinds'

const sweepEveryMs = 3_600_000

/** Every kind of job has exactly one handler, and the compiler checks it. */
const workerTasks = (lake: Lake) =>
  ({
    autoTag: autoTagTask(lake),
    embeddings: embeddingsTask(lake),
    registerModel: registerModelTask(lake),
    validateModel: validateModelTask(lake),
    deleteItems: deletionTask(lake),
    exportAnnotations: exportTask(lake),
    importAnnotations: importTask(lake),
  }) satisfies Record<JobKind, AnyTask>

/** Works on jobs until closed, and clears away abandoned uploads once an hour. `lake.viewer` must be the system's. */
export function startWorker(lake: Lake, options: { slots?: number } = {}): Closeable {
  const worker = startJobWorker({ database: lake.db, tasks: workerTasks(lake), reportFault, log: lake.log, ...options })
  clearScratch(lake).catch((error: unknown) => lake.log.warn({ err: error }, 'could not clear the scratch folder'))
  const sweep = (): void => {
    sweepUploads(lake).catch((error: unknown) =>
      lake.log.warn({ err: error }, 'could not clear away abandoned uploads'),
    )
  }
  const timer = setInterval(sweep, sweepEveryMs)
  timer.unref()
  return {
    async close() {
      clearInterval(timer)
      await worker.close()
    },
  }
}
