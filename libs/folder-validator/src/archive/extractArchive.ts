import { isLakeError } from '@lakelens/kernel'
import { createHash } from 'node:crypto'
import { mkdir, open, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { createByteReader, type ByteReader } from './byteReader'
import { archiveError, sizeText, type ArchiveCode } from './errors'
import { gunzip } from './gunzip'
import type { PackageLimits } from './limits'
import { isLitter } from './litter'
import { createNameRegister, judgeName, leavesPackage } from './names'
import { openedPackage, type OpenedPackage, type OpenOptions, type OpenProgress, type PackageFile } from './opened'
import { requireTar, sniffArchive } from './sniff'
import { createTally } from './tally'
import { blockBytes } from './tarHeader'
import { readTar, type EntryKind, type TarEntry } from './tarReader'

/**
 * Streams a .tar or .tar.gz, told by its bytes, into `into`, a folder that it makes and that must not exist yet. Every entry
 * is judged before anything of it is written; files are written as new ones, readable by this user alone, whatever modes the
 * archive says, and hashed on the way. Memory is that of a few chunks, however large the archive.
 *
 * Throws a LakeError ARCHIVE_* (facts: check, file, fact, hint), the source's own error, or the signal's reason; then nothing
 * of `into` is left and the source is destroyed.
 */
export async function extractArchive(
  source: Readable,
  into: string,
  options: OpenOptions = {},
): Promise<OpenedPackage> {
  const { signal } = options
  // A stalled source would never notice the signal by itself.
  const onAbort = (): void => void source.destroy(signal?.reason as Error)
  source.on('error', ignore) // it reaches us through the iteration, unless that has ended
  try {
    signal?.throwIfAborted()
    signal?.addEventListener('abort', onAbort, { once: true })
    await makeFolder(into)
    try {
      return await extractInto(source, into, options)
    } catch (error) {
      await rm(into, { recursive: true, force: true })
      throw error
    }
  } catch (error) {
    signal?.throwIfAborted()
    throw storageError(error)
  } finally {
    signal?.removeEventListener('abort', onAbort)
    source.destroy()
  }
}

const ignore = (): void => undefined

async function makeFolder(into: string): Promise<void> {
  await mkdir(path.dirname(into), { recursive: true })
  try {
    await mkdir(into, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw archiveError('ARCHIVE_TARGET_EXISTS', { file: into }, error)
  }
}

function storageError(error: unknown): unknown {
  const code = isLakeError(error) ? undefined : (error as NodeJS.ErrnoException | null)?.code
  return code === 'ENOSPC' || code === 'EDQUOT' ? archiveError('ARCHIVE_STORAGE_FULL', { detail: code }, error) : error
}

async function extractInto(source: Readable, into: string, options: OpenOptions): Promise<OpenedPackage> {
  const tally = createTally(options.limits)
  const names = createNameRegister()
  const progress: OpenProgress = { readBytes: 0, writtenBytes: 0, files: 0 }
  const advance = (change: Partial<OpenProgress>): void => {
    options.signal?.throwIfAborted()
    Object.assign(progress, change)
    options.onProgress?.(progress)
  }
  const files: PackageFile[] = []
  const ignored: string[] = []
  const tar = await openTar(
    counted(source, tally.limits, (readBytes) => advance({ readBytes })),
    tally.limits,
    progress,
  )
  for await (const entry of readTar(tar)) {
    tally.addEntry()
    const file = judgeName(entry.name, tally.limits)
    // Its announced size counts too: what is skipped is still unpacked.
    tally.addFile(file, entry.size)
    if (file === '' && entry.kind === 'folder') continue
    if (isLitter(file)) {
      ignored.push(file)
      continue
    }
    requirePlain(entry, file)
    names.add(file, entry.kind)
    if (entry.kind === 'folder') continue
    const sha256 = await writeFile(path.join(into, file), entry, file, (bytes) =>
      advance({ writtenBytes: progress.writtenBytes + bytes }),
    )
    files.push({ path: file, byteSize: entry.size, sha256 })
    advance({ files: files.length })
  }
  return openedPackage(path.resolve(into), files, ignored)
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  { maxCompressedBytes }: PackageLimits,
  onRead: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of source) {
    bytes += chunk.length
    if (bytes > maxCompressedBytes) throw archiveError('ARCHIVE_TOO_LARGE', { detail: sizeText(maxCompressedBytes) })
    onRead(bytes)
    yield chunk
  }
}

/** The bytes of the tar itself, unpacked where they are compressed. */
async function openTar(
  source: AsyncIterable<Uint8Array>,
  limits: PackageLimits,
  progress: Readonly<OpenProgress>,
): Promise<ByteReader> {
  const reader = createByteReader(source)
  const first = await reader.exactly(blockBytes)
  reader.unread(first)
  if (sniffArchive(first) === 'tar') return reader
  const inner = createByteReader(limited(gunzip(reader), limits, progress))
  const block = await inner.exactly(blockBytes)
  requireTar(block, 'What the gzip file holds')
  inner.unread(block)
  return inner
}

async function* limited(
  unpacked: AsyncIterable<Buffer>,
  { maxRatio, ratioFloorBytes, maxUnpackedBytes, maxFiles }: PackageLimits,
  progress: Readonly<OpenProgress>,
): AsyncGenerator<Buffer> {
  let bytes = 0
  // Headers and padding take a few blocks an entry beside the files themselves.
  const most = maxUnpackedBytes + maxFiles * 4 * blockBytes
  for await (const chunk of unpacked) {
    bytes += chunk.length
    if (bytes > ratioFloorBytes && bytes > maxRatio * progress.readBytes)
      throw archiveError('ARCHIVE_RATIO', { detail: String(maxRatio) })
    if (bytes > most) throw archiveError('ARCHIVE_UNPACKED_TOO_LARGE', { detail: sizeText(maxUnpackedBytes) })
    yield chunk
  }
}

const refusals: Readonly<Record<Exclude<EntryKind, 'file' | 'folder' | 'symbolicLink'>, ArchiveCode>> = {
  hardLink: 'ARCHIVE_HARD_LINK',
  device: 'ARCHIVE_DEVICE',
  fifo: 'ARCHIVE_FIFO',
  sparse: 'ARCHIVE_SPARSE',
  unknown: 'ARCHIVE_ENTRY_TYPE',
}

function requirePlain(entry: TarEntry, file: string): asserts entry is TarEntry & { kind: 'file' | 'folder' } {
  const { kind, type, linkName } = entry
  if (file === '') throw archiveError('ARCHIVE_NAME_EMPTY', { file: entry.name.toString('utf8') })
  if (kind === 'file' || kind === 'folder') return
  const target = linkName.toString('utf8')
  const detail = kind === 'unknown' ? `type ${JSON.stringify(type)}` : JSON.stringify(target.slice(0, 200))
  // A hard link's target counts from the top of the archive, a symbolic link's from where it lies.
  if (kind === 'symbolicLink' || kind === 'hardLink') {
    const outside = leavesPackage(kind === 'hardLink' ? '' : file, target)
    if (outside) throw archiveError('ARCHIVE_LINK_OUTSIDE', { file, detail })
  }
  throw archiveError(kind === 'symbolicLink' ? 'ARCHIVE_LINK' : refusals[kind], { file, detail })
}

/** Returns the SHA-256 of what was written. */
async function writeFile(
  target: string,
  { body }: TarEntry,
  file: string,
  onWritten: (bytes: number) => void,
): Promise<string> {
  await mkdir(path.dirname(target), { recursive: true, mode: 0o700 })
  const hash = createHash('sha256')
  // `wx` neither follows a link nor opens what is there already: should two names fold to one here and not in `names`, the
  // second is refused and not written over the first.
  const handle = await open(target, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') throw archiveError('ARCHIVE_DUPLICATE', { file }, error)
    if (error.code === 'ENAMETOOLONG')
      throw archiveError('ARCHIVE_NAME_TOO_LONG', { file, detail: 'too long for this file system' }, error)
    throw error
  })
  try {
    for await (const chunk of body) {
      hash.update(chunk)
      for (let at = 0; at < chunk.length;) at += (await handle.write(chunk, at)).bytesWritten
      onWritten(chunk.length)
    }
  } finally {
    await handle.close()
  }
  return hash.digest('hex')
}
