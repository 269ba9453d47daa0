export * from './access'
export type { JobPlan } from './analysis/dryRun'
export * from './annotations'
export * from './collections'
export { deleteCollection, deleteItems, type DeleteItemsInput, type Deletion, type DeletionPlan } from './deletion'
export { planEmbeddings, readEmbeddings, startEmbeddings } from './embeddings'
export type { EmbeddingAnswer, EmbeddingsInput, EmbeddingVector } from './embeddings'
export { exportAnnotations, importAnnotations, type ExportInput, type ImportInput } from './exchange'
export * from './items'
export * from './jobs'
export type { Lake, LakeLimits } from './lake'
export * from './models'
export type { Edge, Page, PageArgs } from './page'
export { explainQuery, queryFields, validateQuery, type QueryField, type QueryValidation } from './query'
export {
  archiveModel,
  registerModel,
  setModelAlias,
  validateModel,
  type PackageSource,
  type Registered,
  type RegisterModelInput,
  type Validated,
} from './registration'
export {
  planAutoTag,
  previewAutoTag,
  startAutoTag,
  type AutoTagInput,
  type PreviewDetection,
  type PreviewInput,
  type PreviewResult,
} from './tagging'
export * from './uploads'
