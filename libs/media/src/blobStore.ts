import type { Readable } from 'node:stream'

export interface StoredBlob {
  /** SHA-256 of the bytes, lower-case hex. */
  digest: string
  byteSize: number
}

export interface PutOptions {
  /** Refused with BLOB_TOO_LARGE as soon as one byte more arrives. */
  maxBytes: number
  /** Refused with DIGEST_DIFFERS or SIZE_DIFFERS when the bytes turn out different. */
  expected?: { digest?: string; byteSize?: number }
  /**
   * Runs when all bytes are in and judged, before anybody can see them under their digest; when it throws, nothing is stored.
   * Whoever collects garbage by a list of digests enters the digest here: entered afterwards, a collector that came in between
   * would take the blob away from under a caller who believes it stored.
   */
  beforeCommit?: (blob: StoredBlob) => Promise<void>
  signal?: AbortSignal
}

/** An inclusive range of bytes, as in HTTP. */
export interface ByteRange {
  start: number
  end: number
}

/**
 * Bytes by the digest of their content. Puts are atomic (nobody ever sees half a blob) and idempotent.
 * Every digest taken is checked first: DIGEST_MALFORMED. The disk store is here; an S3 store implements the same type and
 * passes the same conformance suite (`@lakelens/media/testing`).
 */
export interface BlobStore {
  /**
   * Stores a source and returns its digest. Writes even what is there already, so that a blob lost or damaged is healed by
   * sending it again. A source that is refused is left open where it stands, for an HTTP answer needs the connection that
   * the source hangs on; an abort destroys it.
   */
  put(source: Readable | Uint8Array, options: PutOptions): Promise<StoredBlob>
  /** Null when there is no such blob. */
  stat(digest: string): Promise<{ byteSize: number } | null>
  /** Throws BLOB_NOT_FOUND, or RANGE_INVALID. The caller reads the stream to its end or destroys it. */
  open(digest: string, range?: ByteRange): Promise<Readable>
  /** The whole blob; throws BLOB_NOT_FOUND, or BLOB_TOO_LARGE when it is larger than `maxBytes`. */
  read(digest: string, maxBytes: number): Promise<Buffer>
  /** Gives `work` the blob as a file of this machine, for programs that want one; it is read only. Throws BLOB_NOT_FOUND. */
  withFile<T>(digest: string, work: (path: string) => Promise<T>): Promise<T>
  /** Idempotent. */
  delete(digest: string): Promise<void>
}

const digestPattern = /^[0-9a-f]{64}$/

export const isDigest = (text: string): boolean => digestPattern.test(text)
