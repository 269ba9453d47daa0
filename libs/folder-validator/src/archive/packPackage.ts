import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { pack, type Pack } from 'tar-stream'
import { archiveError } from './errors'
import type { OpenedPackage, PackageFile } from './opened'

/**
 * An uncompressed tar of an opened package, streamed: files in order, without owners, times or modes, so that the same
 * content is the same bytes. Each file is held to the digest it was opened with; one that changed since is ARCHIVE_CHANGED.
 */
export function packPackage(opened: OpenedPackage): Readable {
  return Readable.from(packed(opened), { objectMode: false })
}

async function* packed({ root, files }: OpenedPackage): AsyncGenerator<Buffer> {
  const tar = pack()
  const adding = addAll(tar, root, files).catch((error: unknown) => tar.destroy(error as Error))
  try {
    for await (const chunk of tar) yield chunk
    await adding
  } finally {
    tar.destroy()
  }
}

async function addAll(tar: Pack, root: string, files: readonly PackageFile[]): Promise<void> {
  for (const file of files) await addFile(tar, root, file)
  tar.finalize()
}

async function addFile(tar: Pack, root: string, { path: file, byteSize, sha256 }: PackageFile): Promise<void> {
  const header = { name: file, size: byteSize, mtime: new Date(0), mode: 0o644 }
  const entry = tar.entry(header)
  entry.on('error', () => undefined) // what ends the tar is thrown from there
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(path.join(root, file), { highWaterMark: 256 * 1024 })) {
    bytes += (chunk as Buffer).length
    if (bytes > byteSize) break
    hash.update(chunk as Buffer)
    if (!entry.write(chunk)) await once(entry, 'drain')
  }
  if (bytes !== byteSize || hash.digest('hex') !== sha256) throw archiveError('ARCHIVE_CHANGED', { file })
  entry.end()
  await finished(entry)
}
