import type { Readable } from 'node:stream'

export interface StoredBlob {
  /** SHA-256 of the bytes, lower-case hex. */
  digest: string
  byteSize: number
}

export interface PutOptions {
  /** Refused with LIMIT_EXCEEDED as soon as one byte more arrives. */
  maxBytes: number
  /** Refused with INVALID_INPUT when the bytes turn out different. */
  expected?: { digest?: string; byteSize?: number }
  signal?: AbortSignal
}

/** An inclusive range of bytes, as in HTTP. */
export interface ByteRange {
  start: number
  end: number
}

/**
 * Bytes by the digest of their content. Puts are atomic (nobody ever sees half a blob) and idempotent.
 * The disk store is here; an S3 store implements the same type.
 */
export interface BlobStore {
  put(source: Readable | Uint8Array, options: PutOptions): Promise<StoredBlob>
  /** Null when there is no such blob. */
  stat(digest: string): Promise<{ byteSize: number } | null>
  /** Throws BLOB_NOT_FOUND. */
  open(digest: string, range?: ByteRange): Promise<Readable>
  /** The whole blob; throws BLOB_NOT_FOUND, or LIMIT_EXCEEDED when it is larger than `maxBytes`. */
  read(digest: string, maxBytes: number): Promise<Buffer>
  /** Idempotent. */
  delete(digest: string): Promise<void>
}
