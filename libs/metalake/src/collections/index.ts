export * from './collections'
export { updateCollection } from './updateCollection'
