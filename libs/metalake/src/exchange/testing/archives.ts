import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { extractArchive, packFiles } from '@lakelens/folder-validator'

/** A .tar.gz of files, whatever they are called. */
export async function archiveOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  async function* all() {
    for (const [name, content] of Object.entries(files)) yield { path: name, data: Buffer.from(content) }
  }
  return gzipSync(await buffer(packFiles(all())))
}

/** A .tar.gz of one symbolic link. */
export async function archiveOfLink(name: string, target: string): Promise<Buffer> {
  async function* one() {
    yield { path: name, data: Buffer.alloc(0) }
  }
  const tar = await buffer(packFiles(one()))
  // The header of a tar: the kind of entry, what it links to, and the sum of all bytes, its own counted as blanks.
  tar.write('2', 156)
  tar.write(target, 157)
  tar.fill(' ', 148, 156)
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return gzipSync(tar)
}

/** The files of a .tar.gz by path, as text. */
export async function unpacked(archive: Buffer): Promise<Record<string, string>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'lakelens-archive-'))
  try {
    const { root, files } = await extractArchive(Readable.from([archive]), path.join(folder, 'into'))
    const read = files.map(async (file) => [file.path, await readFile(path.join(root, file.path), 'utf8')] as const)
    return Object.fromEntries(await Promise.all(read))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
