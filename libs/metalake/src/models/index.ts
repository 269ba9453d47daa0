export { systemModels, type PublisherFile, type SystemModel } from './catalogue'
export { checkModel, resolveModelName } from './checkModel'
export type { DownloadProgress } from './download'
export { errors as modelErrors } from './errors'
export { fetchModelFile, listModelFiles, verifyModelFiles, type ModelFile, type VerifiedFile } from './modelFiles'
export {
  getModel,
  listModels,
  listModelVersions,
  modelsByIds,
  modelVersionById,
  modelVersionsByIds,
  type Model,
  type ModelFilter,
  type ModelStatus,
  type ModelVersion,
} from './listModels'
export { modelRef } from './modelRef'
export { prepareModel, type PreparedModel } from './prepareModel'
export {
  modelSettings,
  modelVariables,
  shippedDefaults,
  type Application,
  type ModelSettings,
  type RunnableApplication,
} from './settings'
