export { exportTask } from './exportTask'
export { importTask } from './importTask'
export { exportAnnotations, importAnnotations, type ExportInput, type ImportInput } from './request'
