import { access, constants, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { isLakeError, jitteredBackoff, messageOf, sleep } from '@lakelens/kernel'
import { apiError, type Api, type UserError } from '../api'
import { guessType } from './guessType'
import type { GivenMetadata } from './metadataFile'
import { openCollection, type ImportType } from './openCollection'
import { digestOf, putFile, type UploadTarget } from './putFile'
import { walk, type LocalFile, type WalkTally } from './walk'

export interface ImportOptions {
  folder: string
  collection: string
  /** What the collection holds; by the files unless given. */
  type?: ImportType | undefined
  recursive: boolean
  /** What each file is given, by its name in the collection; those that are there already keep what they have. */
  metadata?: GivenMetadata | undefined
  tags?: readonly string[] | undefined
  /** Uploads at once. */
  concurrency: number
  signal: AbortSignal
  onProgress?(summary: ImportSummary): void
  /** Called once a refused file. */
  onRefusal?(refusal: Refusal): void
}

/** A file that is not in the collection, and why. */
export interface Refusal {
  file: string
  code: string
  message: string
}

export interface ImportSummary extends WalkTally {
  collectionId: string
  /** Files looked at. */
  seen: number
  added: number
  /** In the collection already, under the same name with the same bytes. */
  present: number
  refused: number
}

/**
 * Few enough that an interruption costs at most two batches of uploads, many enough that the look-ups don't show
 * (`addItems` takes 100).
 */
const batchSize = 50
const maxUniqueNameLength = 256
/** With the waits between them long enough for a gateway to be restarted, some ten seconds. */
const attempts = 8

/**
 * Brings the files of a folder into a collection. Where it stopped is never written down: what the collection holds
 * already, by name and digest, is the state, so that any machine can go on and nothing can disagree with the lake.
 * Uploading a batch overlaps with the server's decoding of the batch before it.
 */
export async function importFolder(api: Api, options: ImportOptions): Promise<ImportSummary> {
  const type = options.type
    ? { asked: options.type }
    : { guessed: await guessType(walk(options.folder, options.recursive, { dotFiles: 0, others: 0 })) }
  const collection = await openCollection(api, options.collection, type, options.signal)
  const summary: ImportSummary = {
    collectionId: collection.id,
    seen: 0,
    added: 0,
    present: 0,
    refused: 0,
    dotFiles: 0,
    others: 0,
  }
  const run: Run = {
    ...options,
    collection: collection.name,
    api,
    summary,
    refuse(file, error) {
      summary.refused++
      options.onRefusal?.({ file: file.path, code: error.code, message: error.message })
    },
  }
  let adding: Promise<void> = Promise.resolve()
  for await (const batch of batches(walk(options.folder, options.recursive, summary), batchSize)) {
    options.signal.throwIfAborted()
    const missing = await withoutPresent(run, batch)
    const uploads = await uploadAll(run, missing)
    await adding
    adding = addItems(run, uploads)
    adding.catch(() => undefined) // thrown by the next turn's await, or the last one below
  }
  await adding
  return summary
}

interface Run extends ImportOptions {
  api: Api
  summary: ImportSummary
  refuse(file: LocalFile, error: { code: string; message: string }): void
}

interface Uploaded {
  file: LocalFile
  uploadId: string
}

async function* batches<T>(source: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = []
  for await (const entry of source) {
    batch.push(entry)
    if (batch.length === size) {
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}

function settled(run: Run, files = 1): void {
  run.summary.seen += files
  run.onProgress?.(run.summary)
}

/** Asks for a batch of names at once; only files whose name is taken are read for their digest. */
async function withoutPresent(run: Run, batch: LocalFile[]): Promise<LocalFile[]> {
  const named = batch.filter((file) => {
    const length = [...uniqueNameOf(run, file)].length
    if (length <= maxUniqueNameLength) return true
    const message = `The unique name would have ${length} characters; ${maxUniqueNameLength} are allowed. Rename the file.`
    run.refuse(file, { code: 'INVALID_INPUT', message })
    settled(run)
    return false
  })
  if (named.length === 0) return []
  const data = await retrying(run, () =>
    run.api.request<{ items: { nodes: { uniqueName: string; digest: string }[] } }>(
      `query Present($uniqueNames: [String!]!) {
         items(scope: { uniqueNames: $uniqueNames }, first: 100) { nodes { uniqueName digest } }
       }`,
      { uniqueNames: named.map((file) => uniqueNameOf(run, file)) },
      { signal: run.signal },
    ),
  )
  const digests = new Map(data.items.nodes.map((item) => [item.uniqueName, item.digest]))
  const missing: LocalFile[] = []
  for (const file of named) {
    const digest = digests.get(uniqueNameOf(run, file))
    if (digest === undefined) missing.push(file)
    else await judgeTaken(run, file, digest)
  }
  return missing
}

const uniqueNameOf = (run: Run, file: LocalFile): string => `${run.collection}_${file.name}`

async function judgeTaken(run: Run, file: LocalFile, digest: string): Promise<void> {
  const own = await digestOf(file.path, run.signal).catch((error: unknown) => {
    run.signal.throwIfAborted()
    run.refuse(file, unreadable(error))
    return undefined
  })
  if (own === digest) run.summary.present++
  else if (own !== undefined) {
    run.refuse(file, {
      code: 'ALREADY_EXISTS',
      message: `${uniqueNameOf(run, file)} is in the collection with other bytes. Rename the file, or import into another collection.`,
    })
  }
  settled(run)
}

/** Uploads with `concurrency` at once; a file the server won't have is refused alone. */
async function uploadAll(run: Run, files: LocalFile[]): Promise<Uploaded[]> {
  const uploads: Uploaded[] = []
  const queue = files.values()
  // One iterator shared by all lanes: each takes the next file when it is free. The first failure stops the others.
  const stop = new AbortController()
  const signal = AbortSignal.any([run.signal, stop.signal])
  const lane = async (): Promise<void> => {
    for (const file of queue) {
      signal.throwIfAborted()
      const uploadId = await uploadOrRefuse({ ...run, signal }, file)
      if (uploadId === undefined) settled(run)
      else uploads.push({ file, uploadId })
    }
  }
  const lanes = Array.from({ length: Math.min(run.concurrency, files.length) }, () =>
    lane().catch((error: unknown) => {
      stop.abort(error)
      throw error
    }),
  )
  await Promise.allSettled(lanes)
  await Promise.all(lanes)
  return uploads
}

async function uploadOrRefuse(run: Run, file: LocalFile): Promise<string | undefined> {
  try {
    return await retrying(run, () => upload(run, file))
  } catch (error) {
    run.signal.throwIfAborted()
    if (!isLakeError(error)) {
      run.refuse(file, unreadable(error))
    } else {
      if (stopsEverything(error.code)) throw error
      run.refuse(file, error)
    }
    return undefined
  }
}

async function upload(run: Run, file: LocalFile): Promise<string> {
  await access(file.path, constants.R_OK)
  const { size } = await stat(file.path)
  const { upload: target } = await run.api.mutate<{ upload: UploadTarget; userErrors: UserError[] }>(
    `mutation Upload($input: CreateUploadInput!) {
       createUpload(input: $input) {
         upload { id url method headers { name value } }
         userErrors { code message path }
       }
     }`,
    { input: { fileName: basename(file.path), byteSize: size, purpose: 'ITEM' } },
    run.signal,
  )
  await putFile(target, file.path, size, run.signal)
  return target.id
}

async function addItems(run: Run, uploads: Uploaded[]): Promise<void> {
  if (uploads.length === 0) return
  const data = await retrying(run, () =>
    run.api.request<{ addItems: { items: { id: string }[]; userErrors: UserError[] } }>(
      `mutation Add($input: AddItemsInput!) {
         addItems(input: $input) { items { id } userErrors { code message path } }
       }`,
      {
        input: {
          collectionId: run.summary.collectionId,
          items: uploads.map(({ file, uploadId }) => ({
            source: { uploadId },
            name: file.name,
            metadata: run.metadata?.of(file.name),
            tags: run.tags,
          })),
        },
      },
      { signal: run.signal },
    ),
  )
  for (const refusal of data.addItems.userErrors) {
    const upload = refusal.path?.[0] === 'items' ? uploads[Number(refusal.path[1])] : undefined
    if (upload === undefined || stopsEverything(refusal.code)) throw apiError(refusal.code, refusal.message)
    run.refuse(upload.file, refusal)
  }
  run.summary.added += data.addItems.items.length
  settled(run, uploads.length)
}

/** Errors that every further file would meet too. */
const stopsEverything = (code: string): boolean =>
  [
    'UNAUTHENTICATED',
    'FORBIDDEN',
    'STORAGE_FULL',
    'NOT_FOUND',
    'NOT_SUPPORTED',
    'API_NOT_LAKELENS',
    'API_UNREACHABLE',
    'UPLOAD_FAILED',
    'UNAVAILABLE',
    'INTERNAL',
    'INTERNAL_SERVER_ERROR',
  ].includes(code)

/** Repeats what failed for reasons that pass: the network, a restarting server. Every step may be repeated freely. */
async function retrying<T>(run: Run, step: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await step()
    } catch (error) {
      const passing = isLakeError(error) && error.category === 'UNAVAILABLE' && error.code !== 'API_NOT_LAKELENS'
      if (!passing || attempt + 1 >= attempts) throw error
      await sleep(250 + jitteredBackoff(attempt, 500, 4_000), run.signal)
    }
  }
}

const unreadable = (error: unknown): { code: string; message: string } => ({
  code: 'FILE_UNREADABLE',
  message: `The file can't be read (${(error as NodeJS.ErrnoException).code ?? messageOf(error)}).`,
})
