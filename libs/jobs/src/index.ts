export { announceWork } from './announce'
export { enqueue, type Enqueued } from './enqueue'
export type { FaultReport, ItemFailure, JobTask, PageOutcome, Plan, Settle, TaskContext } from './task'
export { startWorker, type WorkerOptions } from './worker'
