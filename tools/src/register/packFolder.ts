import { createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { openFolder, packPackage } from '@lakelens/folder-validator'
import { errors } from '../errors'

export interface PackedFile {
  path: string
  fileName: string
  byteSize: number
}

/** Weights hardly compress; scripts and labels do at any level. */
const gzipLevel = 1

/**
 * Lends `work` the archive to send: the file as it is, or a folder packed to a temporary one, because an upload says its size
 * before its bytes. A folder's judgements are made here already, so that nothing is sent that would be refused for them.
 */
export async function withPackedFile<T>(
  path: string,
  options: { signal: AbortSignal; onProgress?: (readBytes: number) => void },
  work: (file: PackedFile) => Promise<T>,
): Promise<T> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw errors.PACKAGE_UNREADABLE({ path, reason: error.code ?? error.message })
  })
  if (!found.isDirectory()) return work({ path, fileName: basename(path), byteSize: found.size })
  const { signal, onProgress } = options
  const folder = await mkdtemp(join(tmpdir(), 'lakelens-pack-'))
  try {
    const opened = await openFolder(path, { signal, onProgress: ({ readBytes }) => onProgress?.(readBytes) })
    const target = join(folder, 'model.tar.gz')
    await pipeline(packPackage(opened), createGzip({ level: gzipLevel }), createWriteStream(target), { signal })
    return await work({
      path: target,
      fileName: `${basename(resolve(path))}.tar.gz`,
      byteSize: (await stat(target)).size,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
