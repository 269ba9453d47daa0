export { isDigest, type BlobStore, type ByteRange, type PutOptions, type StoredBlob } from './blobStore'
export { createDiskBlobStore } from './diskBlobStore'
export {
  createUrlSigner,
  maxUrlSeconds,
  type Grant,
  type GrantRequest,
  type SigningKey,
  type UrlSigner,
  type UrlSignerOptions,
} from './urlSigner'
export * from './video'
