export { embeddingsTask } from './embeddingsTask'
export { planEmbeddings } from './planEmbeddings'
export * from './readEmbeddings'
export * from './startEmbeddings'
