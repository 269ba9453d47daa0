import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { isLakeError } from '@lakelens/kernel'
import type { PutOptions, StoredBlob } from './blobStore'
import { errors } from './errors'

/**
 * Copies a source into an open file until its end and onto the disk itself, and judges what came: size while it comes,
 * size and digest against what was announced afterwards.
 */
export async function writeBlob(
  file: FileHandle,
  source: Readable | Uint8Array,
  options: PutOptions,
): Promise<StoredBlob> {
  const { maxBytes, expected, signal } = options
  const hash = createHash('sha256')
  let byteSize = 0
  for await (const chunk of chunksOf(source, signal)) {
    byteSize += chunk.byteLength
    if (byteSize > maxBytes) throw errors.BLOB_TOO_LARGE({ maxBytes })
    hash.update(chunk)
    await writeAll(file, chunk)
  }
  if (expected?.byteSize !== undefined && expected.byteSize !== byteSize) {
    throw errors.SIZE_DIFFERS({ expected: expected.byteSize, received: byteSize })
  }
  const digest = hash.digest('hex')
  if (expected?.digest !== undefined && expected.digest !== digest) {
    throw errors.DIGEST_DIFFERS({ expected: expected.digest, received: digest })
  }
  // Without it a power cut may leave a file of the right name and length, full of zeros.
  await file.sync().catch(asStorageFull)
  signal?.throwIfAborted()
  return { digest, byteSize }
}

async function* chunksOf(source: Readable | Uint8Array, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted()
  if (source instanceof Uint8Array) return yield source
  const onAbort = (): void => void source.destroy(signal?.reason as Error)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    // A plain `for await` destroys the stream when the loop is left, and with it the socket that the refusal is to be sent on.
    for await (const chunk of source.iterator({ destroyOnReturn: false })) {
      yield typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array)
    }
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.byteLength;) {
    const { bytesWritten } = await file.write(chunk, offset).catch(asStorageFull)
    offset += bytesWritten
  }
}

/** Full by space or by quota is something an operator mends; every other fault stays what it is. */
export function asStorageFull(error: unknown): never {
  const code = (error as NodeJS.ErrnoException).code
  if (!isLakeError(error) && (code === 'ENOSPC' || code === 'EDQUOT')) throw errors.STORAGE_FULL({}, { cause: error })
  throw error
}
