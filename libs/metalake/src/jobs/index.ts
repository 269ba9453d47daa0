export * from './jobs'
export { jobTypes, type JobKind, type JobType } from './kinds'
export * from './watchJob'
export { startWorker } from './worker'
