import { touchBlob } from '@lakelens/db'
import {
  extractArchive,
  openFolder,
  packPackage,
  type OpenedPackage,
  type OpenOptions,
} from '@lakelens/folder-validator'
import type { TaskContext } from '@lakelens/jobs'
import type { StoredBlob } from '@lakelens/media'
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { Lake } from '../lake'
import { storeBlob } from '../uploads/storeBlob'
import { errors } from './errors'
import { resolveImportPath, type ImportPath } from './importPath'
import { withScratch } from './scratch'
import type { StoredSource } from './source'

export interface ReadPackage {
  opened: OpenedPackage
  /** Puts the package as it came (a folder: packed) into the store, where an inference service can have it. */
  store(signal: AbortSignal): Promise<StoredBlob>
}

/** How much of a job is done when each of its steps begins, for people: about as long as each takes for a large graph. */
export const shares = { checking: 0.3, keeping: 0.3, opening: 0.5, storing: 0.9, preparing: 0.9 } as const

/**
 * Reads a package and lends it to `work`: archives unpacked in the scratch folder, which is empty again afterwards; folders
 * where they lie. Nothing holds more of it in memory than a few chunks.
 */
export async function withPackage<T>(
  lake: Lake,
  job: { id: string; source: StoredSource },
  { signal, report }: TaskContext,
  work: (read: ReadPackage) => Promise<T>,
): Promise<T> {
  const options = (totalBytes: number | null): OpenOptions => ({
    limits: { maxCompressedBytes: lake.limits.maxModelBytes },
    signal,
    onProgress: ({ readBytes }) =>
      report('reading the package', totalBytes ? (shares.checking * readBytes) / totalBytes : null),
  })
  const { source } = job
  if (source.kind === 'UPLOAD') {
    const { digest, byteSize } = source
    // Its upload may end while a job waits for an inference service that is away.
    await touchBlob(lake.db, { digest, byteSize })
    return withScratch(lake, job.id, async (into) => {
      const opened = await extractArchive(await lake.blobs.open(digest), into, options(byteSize))
      return work({ opened, store: () => Promise.resolve({ digest, byteSize }) })
    })
  }
  const found = await resolveImportPath(lake.models, source.path)
  if (found.isFolder) {
    const opened = await openFolder(found.real, options(null))
    return work({ opened, store: (until) => storePacked(lake, opened, until) })
  }
  return withScratch(lake, job.id, async (into) => {
    const archive = readArchive(found)
    const opened = await extractArchive(archive.stream, into, options(found.byteSize))
    const blob = archive.read()
    return work({ opened, store: (until) => storeArchive(lake, found, blob, until) })
  })
}

// What it is packed in takes a header and some padding a file, on top of the files.
const packedMost = (opened: OpenedPackage): number => opened.unpackedBytes + (opened.files.length + 2) * 4096

const storePacked = (lake: Lake, opened: OpenedPackage, signal: AbortSignal): Promise<StoredBlob> =>
  storeBlob(lake, packPackage(opened), { maxBytes: packedMost(opened), signal })

/** Held to what was read and checked: somebody may write to the import folder meanwhile. */
async function storeArchive(
  lake: Lake,
  { real, relative }: ImportPath,
  expected: StoredBlob,
  signal: AbortSignal,
): Promise<StoredBlob> {
  const stream = Readable.from(fileChunks(real), { objectMode: false })
  try {
    return await storeBlob(lake, stream, { maxBytes: expected.byteSize, expected, signal })
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (code === 'DIGEST_DIFFERS' || code === 'SIZE_DIFFERS' || code === 'BLOB_TOO_LARGE')
      throw errors.PACKAGE_CHANGED({ path: relative }, { cause: error })
    throw error
  } finally {
    stream.destroy()
  }
}

/** A file's stream that knows afterwards what went through it. */
function readArchive({ real }: ImportPath): { stream: Readable; read: () => StoredBlob } {
  const hash = createHash('sha256')
  let byteSize = 0
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of fileChunks(real)) {
      hash.update(chunk)
      byteSize += chunk.length
      yield chunk
    }
  }
  return {
    stream: Readable.from(counted(), { objectMode: false }),
    read: () => ({ digest: hash.digest('hex'), byteSize }),
  }
}

// Another file could have been put in its place since it was resolved: a link isn't followed, a pipe isn't waited for.
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

async function* fileChunks(file: string): AsyncGenerator<Buffer> {
  const handle = await open(file, flags)
  try {
    if (!(await handle.stat()).isFile()) throw errors.IMPORT_PATH_OUTSIDE()
    for await (const chunk of handle.createReadStream({ autoClose: false, highWaterMark: 256 * 1024 }))
      yield chunk as Buffer
  } finally {
    await handle.close()
  }
}
