export { announceWork, onWork } from './announce'
export { enqueue, type Enqueued } from './enqueue'
export type {
  AnyTask,
  FaultReport,
  ItemFailure,
  JobTask,
  PageOutcome,
  Plan,
  Preparation,
  Settle,
  TaskContext,
  WholeJobTask,
} from './task'
export { startWorker, type WorkerOptions } from './worker'
