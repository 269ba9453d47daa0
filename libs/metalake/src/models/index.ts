export { shippedModelsFolder, systemModels, type PublisherFile, type SystemModel } from './catalogue'
export { labelsAtHand, modelAtHand, type ModelAtHand } from './atHand'
export { atModelId } from './atModelId'
export { coco80 } from './coco80'
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
export { stillReady } from './openStored'
export { prepareModel, type PreparedModel } from './prepareModel'
export { aliasesOfModels, unused, usageOfModels, type ModelAlias, type ModelUsage } from './usage'
export {
  modelSettings,
  modelVariables,
  shippedDefaults,
  type Application,
  type ModelSettings,
  type RunnableApplication,
} from './settings'
