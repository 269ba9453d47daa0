export { embeddingsTask } from './embeddingsTask'
export * from './readEmbeddings'
export * from './startEmbeddings'
