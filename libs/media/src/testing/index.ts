export { describeBlobStore } from './blobStoreConformance'
