export * from './jobs'
export { isAnalysis, jobTypes, type JobKind, type JobType } from './kinds'
export * from './watchJob'
export { startWorker } from './worker'
