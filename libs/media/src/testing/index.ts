export { describeBlobStore } from './blobStoreConformance'
export * from './videoFiles'
