import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { fileDigest } from './digest'
import { download, downloadLimits, type DownloadLimits, type DownloadProgress } from './download'
import { holdToDigest } from './recordedDigests'

export interface FetchRequest {
  address: string
  folder: string
  file: string
  /** Null: recorded now, unless it is on record already. */
  sha256: string | null
  byteSize: number | null
  signal: AbortSignal
  onProgress?: ((progress: DownloadProgress) => void) | undefined
  limits?: Partial<DownloadLimits> | undefined
  /** Makes the error for content whose digest isn't the expected one. */
  mismatch: (expected: string, actual: string) => Error
}

const here = hostname().replace(/[^A-Za-z0-9-]/g, '_')
// Parts this process writes to now. Everything else that carries its number was left by an earlier process of that number.
const partsInUse = new Set<string>()
const abandonedMs = 10 * 60_000

/**
 * Fetches a file into a folder and returns its path: complete and of the right digest, or not there at all.
 * Each attempt writes to a part of its own, so that any number of processes may fetch at once; what a dead one left is
 * taken over by renaming it, which only one can.
 */
export async function fetchFile(request: FetchRequest): Promise<string> {
  const { folder, file } = request
  await mkdir(folder, { recursive: true })
  const part = path.join(folder, `${file}.${here}.${process.pid}.${randomUUID()}.part`)
  partsInUse.add(path.basename(part))
  try {
    await takeOver(folder, file, part)
    const inherited = await receivePart(request, part)
    let digests = await judge(request, part)
    if (digests.actual !== digests.expected && inherited > 0) {
      // The beginning came from an earlier attempt and may be what is wrong: once more, from nothing.
      await discard(part)
      await receivePart(request, part)
      digests = await judge(request, part)
    }
    if (digests.actual !== digests.expected) {
      await discard(part)
      throw request.mismatch(digests.expected, digests.actual)
    }
    const target = path.join(folder, file)
    await rename(part, target)
    return target
  } finally {
    partsInUse.delete(path.basename(part))
    // What was received stays for the next attempt.
    const left = await stat(part).catch(() => null)
    if (!left || left.size === 0) await discard(part)
  }
}

async function judge(
  { folder, file, sha256, signal }: FetchRequest,
  part: string,
): Promise<{ expected: string; actual: string }> {
  const actual = await fileDigest(part, signal)
  return { actual, expected: sha256 ?? (await holdToDigest(folder, file, actual)) }
}

/** Returns how many of the bytes were there before. */
async function receivePart(request: FetchRequest, part: string): Promise<number> {
  const note = `${part}.json`
  const target = await open(part, 'a+').then(async (created) => {
    await created.close()
    return open(part, 'r+')
  })
  try {
    const { size } = await target.stat()
    const etag = await readNote(note, request.address)
    const known = etag !== null || request.sha256 !== null
    // A part that is already as long as the whole can only be judged by its digest; a request beyond its end is an error.
    const whole = known && request.byteSize !== null && size === request.byteSize
    if (whole) return size
    const fits = known && (request.byteSize === null || size < request.byteSize)
    await download({
      address: request.address,
      target,
      file: request.file,
      resume: fits ? { receivedBytes: size, etag } : { receivedBytes: 0, etag: null },
      byteSize: request.byteSize,
      pinned: request.sha256 !== null,
      limits: { ...downloadLimits, ...request.limits },
      signal: request.signal,
      onProgress: request.onProgress,
      onValidator: (validator) => writeFile(note, JSON.stringify({ address: request.address, etag: validator })),
    })
    await target.sync()
    return fits ? size : 0
  } finally {
    await target.close()
  }
}

/** The validator of a part's bytes, if they are of this address. */
async function readNote(note: string, address: string): Promise<string | null> {
  try {
    const content = JSON.parse(await readFile(note, 'utf8')) as { address?: unknown; etag?: unknown }
    return content.address === address && typeof content.etag === 'string' ? content.etag : null
  } catch {
    return null
  }
}

/** Makes the longest part nobody writes to this one's beginning. */
async function takeOver(folder: string, file: string, part: string): Promise<void> {
  const left: { name: string; size: number }[] = []
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${file}.`) || !name.endsWith('.part') || partsInUse.has(name)) continue
    const stats = await stat(path.join(folder, name)).catch(() => null)
    if (stats?.isFile() && isAbandoned(name.slice(file.length + 1), stats.mtimeMs))
      left.push({ name, size: stats.size })
  }
  left.sort((a, b) => b.size - a.size)
  for (const [index, { name }] of left.entries()) {
    const old = path.join(folder, name)
    if (index > 0) await discard(old)
    else await adopt(old, part)
  }
}

async function adopt(old: string, part: string): Promise<void> {
  // The note first: bytes without their note are begun again, a note without its bytes would vouch for others.
  await rename(`${old}.json`, `${part}.json`).catch(() => undefined)
  await rename(old, part).catch(() => rm(`${part}.json`, { force: true }))
  const now = new Date()
  await utimes(part, now, now).catch(() => undefined)
}

/** `<host>.<process>.<unique>.part`. On another host only time can tell. */
function isAbandoned(rest: string, changedMs: number): boolean {
  const [host, pid] = rest.split('.')
  if (host !== here) return Date.now() - changedMs > abandonedMs
  return Number(pid) === process.pid || !isAlive(Number(pid))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function discard(part: string): Promise<void> {
  await rm(part, { force: true })
  await rm(`${part}.json`, { force: true })
}
