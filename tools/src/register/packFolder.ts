import { createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { openFolder, packPackage } from '@lakelens/folder-validator'
import { errors } from '../errors'

export interface PackedFile {
  path: string
  fileName: string
  byteSize: number
}

/**
 * Lends `work` the archive to send: the file as it is, or a folder packed to a temporary one, because an upload says its size
 * before its bytes. A folder's judgements are made here already, so that nothing is sent that would be refused for them.
 */
export async function withPackedFile<T>(
  path: string,
  options: { signal: AbortSignal; onProgress?: (fraction: number | null, bytes: number) => void },
  work: (file: PackedFile) => Promise<T>,
): Promise<T> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw errors.PACKAGE_UNREADABLE({ path, reason: error.code ?? error.message })
  })
  if (!found.isDirectory()) return work({ path, fileName: basename(path), byteSize: found.size })
  const { signal, onProgress } = options
  const folder = await mkdtemp(join(tmpdir(), 'lakelens-pack-'))
  try {
    const opened = await openFolder(path, { signal, onProgress: ({ readBytes }) => onProgress?.(null, readBytes) })
    // Not compressed: weights hardly shrink, and that little would take ten times as long as all the rest.
    const target = join(folder, 'model.tar')
    const counted = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      let written = 0
      for await (const chunk of chunks) {
        written += chunk.length
        onProgress?.(Math.min(1, written / Math.max(1, opened.unpackedBytes)), written)
        yield chunk
      }
    }
    await pipeline(packPackage(opened), counted, createWriteStream(target), { signal })
    return await work({
      path: target,
      fileName: `${basename(resolve(path))}.tar`,
      byteSize: (await stat(target)).size,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
