import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { defaultLimits } from '@lakelens/folder-validator'
import { isLakeError, messageOf } from '@lakelens/kernel'
import { errors } from './errors'

/** A model's file, as a caller describes it. */
export interface ModelFile {
  name: string
  sha256: string
  byteSize: number
  url: string
}

export interface ModelFiles {
  /** The path of the verified file, fetched first when it isn't there. Callers asking at once share one download. */
  find(file: ModelFile): Promise<string>
  /** Forgets a file, once what was in it is kept in another form. */
  remove(file: ModelFile): Promise<void>
}

/** A protobuf message cannot be longer, so neither can an ONNX file that holds its own weights. */
export const maxModelBytes = 2 ** 31 - 1
/** A package may hold weights of any format. */
export const maxPackageBytes = defaultLimits.maxCompressedBytes
const stalledAfterMs = 30_000
const connectWithinMs = 30_000

/** Refuses a reference that names no file that could be fetched and verified. */
export function requireFile({ sha256, byteSize }: ModelFile, maxBytes: number): void {
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw errors.REQUEST_INVALID({ field: 'model.sha256', reason: 'must be 64 lower-case hexadecimal digits' })
  if (!(byteSize > 0 && byteSize <= maxBytes))
    throw errors.REQUEST_INVALID({ field: 'model.byteSize', reason: `must be 1 to ${maxBytes}` })
}

/** Keeps model files by digest in `folder`. A file is trusted once its digest was checked in this process's life. */
export async function openModelFiles(folder: string): Promise<ModelFiles> {
  await mkdir(folder, { recursive: true })
  await removeLeftovers(folder)
  const finding = new Map<string, Promise<string>>()
  return {
    async find(file) {
      const known = finding.get(file.sha256)
      // Whoever clears the folder while the service runs costs a download, not the model.
      if (known && (await exists(known))) return known
      if (known && finding.get(file.sha256) === known) finding.delete(file.sha256)
      const others = finding.get(file.sha256)
      if (others) return others
      const found = findFile(folder, file).catch((error: unknown) => {
        // Failures are not remembered: the next caller may bring a fresh address.
        finding.delete(file.sha256)
        throw error
      })
      finding.set(file.sha256, found)
      return found
    },
    async remove({ sha256 }) {
      finding.delete(sha256)
      await rm(join(folder, `${sha256}.onnx`), { force: true })
    },
  }
}

const exists = (finding: Promise<string>): Promise<boolean> =>
  finding
    .then((path) => stat(path))
    .then(
      () => true,
      () => false,
    )

// Of a process that died in the middle of a download. Two services on one folder: a young file may be the other's.
export async function removeLeftovers(folder: string): Promise<void> {
  const anHourAgo = Date.now() - 3_600_000
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.part')) continue
    const path = join(folder, name)
    const facts = await stat(path).catch(() => undefined)
    if (facts && facts.mtimeMs < anHourAgo) await rm(path, { recursive: true, force: true })
  }
}

async function findFile(folder: string, file: ModelFile): Promise<string> {
  const path = join(folder, `${file.sha256}.onnx`)
  if ((await digestOf(path)) === file.sha256) return path
  const temporary = `${path}.${process.pid}.part`
  try {
    await download(file, temporary)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw downloadError(error, file, folder)
  }
  return path
}

async function digestOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(path), hash)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  return hash.digest('hex')
}

async function download(file: ModelFile, temporary: string): Promise<void> {
  const stalled = new AbortController()
  const giveUp = (reason: string): void => stalled.abort(new Error(reason))
  let timer = setTimeout(giveUp, connectWithinMs, `no answer within ${connectWithinMs / 1000} s`)
  const hash = createHash('sha256')
  let received = 0
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      clearTimeout(timer)
      timer = setTimeout(giveUp, stalledAfterMs, `nothing received for ${stalledAfterMs / 1000} s`)
      received += chunk.length
      hash.update(chunk)
      // Stops at the size announced: an address that never ends must not fill the disk.
      if (received > file.byteSize) done(errors.MODEL_SIZE_MISMATCH({ name: file.name, expected: file.byteSize }))
      else done(null, chunk)
    },
  })
  try {
    const response = await fetch(file.url, { signal: stalled.signal })
    if (!response.ok || !response.body) throw new Error(`the address answered ${response.status}`)
    await pipeline(Readable.fromWeb(response.body), check, createWriteStream(temporary), { signal: stalled.signal })
  } catch (error) {
    throw stalled.signal.aborted ? (stalled.signal.reason as Error) : error
  } finally {
    clearTimeout(timer)
  }
  if (received !== file.byteSize) throw errors.MODEL_SIZE_MISMATCH({ name: file.name, expected: file.byteSize })
  const actual = hash.digest('hex')
  if (actual !== file.sha256) throw errors.MODEL_DIGEST_MISMATCH({ name: file.name, expected: file.sha256, actual })
  await syncToDisk(temporary)
}

// Renamed before its bytes are on the disk, a file could be whole in name and empty after a power cut.
async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, 'r+')
  await handle.sync().finally(() => handle.close())
}

function downloadError(error: unknown, { name }: ModelFile, folder: string): Error {
  if (isLakeError(error)) return error
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOSPC' || code === 'EDQUOT') return errors.MODEL_STORE_FULL({ name, folder }, { cause: error })
  // fetch says only "fetch failed"; why is in its cause. The address stays out of it: it carries a signature.
  const cause = (error as Error).cause
  return errors.MODEL_DOWNLOAD_FAILED({ name, reason: messageOf(cause ?? error) }, { cause: error })
}
