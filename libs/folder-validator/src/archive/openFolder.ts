import { createHash } from 'node:crypto'
import { constants, type Dirent, type Stats } from 'node:fs'
import { lstat, open, opendir, readlink, realpath } from 'node:fs/promises'
import path from 'node:path'
import { archiveError, type ArchiveCode } from './errors'
import { isLitter } from './litter'
import { createNameRegister, judgeName, leavesPackage, type NameRegister } from './names'
import { openedPackage, type OpenedPackage, type OpenOptions, type OpenProgress, type PackageFile } from './opened'
import { createTally, type Tally } from './tally'

interface Walk {
  root: string
  tally: Tally
  names: NameRegister
  files: PackageFile[]
  ignored: string[]
  advance: (change: Partial<OpenProgress>) => void
  progress: OpenProgress
}

/**
 * The same judgements as `extractArchive`, over a folder, in place: nothing is written, no link below `folder` is followed
 * (`folder` itself may be one), every file is read once for its digest. Throws the same errors.
 */
export async function openFolder(folder: string, options: OpenOptions = {}): Promise<OpenedPackage> {
  const root = await realFolder(folder)
  const progress: OpenProgress = { readBytes: 0, writtenBytes: 0, files: 0 }
  const walk: Walk = {
    root,
    tally: createTally(options.limits),
    names: createNameRegister(),
    files: [],
    ignored: [],
    progress,
    advance(change) {
      options.signal?.throwIfAborted()
      Object.assign(progress, change)
      options.onProgress?.(progress)
    },
  }
  walk.advance({})
  await walkFolder(walk, '')
  return openedPackage(root, walk.files, walk.ignored)
}

async function realFolder(folder: string): Promise<string> {
  try {
    const root = await realpath(folder)
    if ((await lstat(root)).isDirectory()) return root
  } catch (error) {
    throw unreadable(folder, error)
  }
  throw archiveError('ARCHIVE_UNREADABLE', { file: folder, detail: 'it is not a folder' })
}

const unreadable = (file: string, error: unknown): Error =>
  archiveError('ARCHIVE_UNREADABLE', { file, detail: (error as NodeJS.ErrnoException).code ?? 'error' }, error)

async function walkFolder(walk: Walk, folder: string): Promise<void> {
  // Names as bytes: Linux allows any, and one that is not UTF-8 could not be opened by its decoded name.
  const options = { encoding: 'buffer' as BufferEncoding }
  const listing = await opendir(path.join(walk.root, folder), options).catch((error: unknown) => {
    throw unreadable(folder, error)
  })
  for await (const { name } of listing as AsyncIterable<Dirent | { name: Buffer }>) {
    walk.tally.addEntry()
    walk.advance({})
    const raw = Buffer.concat([Buffer.from(folder === '' ? '' : `${folder}/`), Buffer.from(name)])
    await walkEntry(walk, judgeName(raw, walk.tally.limits))
  }
}

async function walkEntry(walk: Walk, file: string): Promise<void> {
  if (isLitter(file)) return void walk.ignored.push(file)
  const absolute = path.join(walk.root, file)
  const stats = await lstat(absolute).catch((error: unknown) => {
    throw unreadable(file, error)
  })
  if (stats.isSymbolicLink()) {
    const target = await readlink(absolute)
    const code = leavesPackage(file, target) ? 'ARCHIVE_LINK_OUTSIDE' : 'ARCHIVE_LINK'
    throw archiveError(code, { file, detail: JSON.stringify(target.slice(0, 200)) })
  }
  if (stats.isDirectory()) {
    walk.names.add(file, 'folder')
    return walkFolder(walk, file)
  }
  if (!stats.isFile()) throw archiveError(specialKind(stats), { file })
  walk.names.add(file, 'file')
  walk.tally.addFile(file, stats.size)
  walk.files.push(await hashFile(walk, file, stats))
  walk.advance({ files: walk.files.length })
}

function specialKind(stats: Stats): ArchiveCode {
  if (stats.isFIFO()) return 'ARCHIVE_FIFO'
  return stats.isSocket() ? 'ARCHIVE_SOCKET' : 'ARCHIVE_DEVICE'
}

// Another file could have been put in its place since it was looked at: a link isn't followed, a pipe isn't waited for, and
// what was opened must be what was judged.
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

async function hashFile(walk: Walk, file: string, seen: Stats): Promise<PackageFile> {
  const handle = await open(path.join(walk.root, file), flags).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ELOOP' ? archiveError('ARCHIVE_CHANGED', { file }, error) : unreadable(file, error)
  })
  try {
    const stats = await handle.stat()
    if (!stats.isFile() || stats.ino !== seen.ino || stats.dev !== seen.dev || stats.size !== seen.size)
      throw archiveError('ARCHIVE_CHANGED', { file })
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of handle.createReadStream({ autoClose: false, highWaterMark: 256 * 1024 })) {
      const buffer = chunk as Buffer
      bytes += buffer.length
      if (bytes > seen.size) break
      hash.update(buffer)
      walk.advance({ readBytes: walk.progress.readBytes + buffer.length })
    }
    if (bytes !== seen.size) throw archiveError('ARCHIVE_CHANGED', { file })
    return { path: file, byteSize: bytes, sha256: hash.digest('hex') }
  } finally {
    await handle.close()
  }
}
