export * from './access'
export * from './annotations'
export * from './collections'
export { readEmbeddings, startEmbeddings } from './embeddings'
export type { EmbeddingAnswer, EmbeddingsInput, EmbeddingVector } from './embeddings'
export * from './items'
export * from './jobs'
export type { Lake, LakeLimits } from './lake'
export * from './models'
export type { Edge, Page, PageArgs } from './page'
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
export { startAutoTag, type AutoTagInput } from './tagging'
export * from './uploads'
