import { createHash } from 'node:crypto'
import { type Logger, messageOf } from '@lakelens/kernel'
import { type EffectiveManifest, effectiveManifest, parseManifest, requireRunnable } from '@lakelens/vision'
import { abortable } from './abortable'
import { chooseToClose } from './chooseToClose'
import { errors } from './errors'
import { type ModelFile, type ModelFiles, maxModelBytes, requireFile } from './modelFiles'
import type { ThreadPool } from './pool'
import { taskOf } from './tasks'
import type { OpenedModel } from './threadProtocol'

/** A model as a caller names it: by content, with what is needed to fetch and to read it. */
export interface ModelReference extends ModelFile {
  manifestJson: string
  labels: readonly string[]
}

export interface LoadedModel {
  key: string
  name: string
  manifest: EffectiveManifest
  labels: readonly string[]
  opened: OpenedModel
}

export interface Models {
  /** Calls `use` with the model open on every thread; it stays open at least until `use` has settled. */
  using<T>(reference: ModelReference, signal: AbortSignal, use: (model: LoadedModel) => Promise<T>): Promise<T>
}

interface Entry {
  cost: number
  users: number
  lastUsed: number
  loaded: Promise<LoadedModel>
}

/**
 * Every thread has weights of its own: sessions cannot be shared between threads. A session that had run took 1.2 times its
 * file (ResNet50, 97 MB) to 2 times (YOLOv8n, 12 MB, with its activations at 320), so a model is counted as twice its file
 * on each thread. The allocator keeps what a closed model leaves for the next one: closing ends growth, it does not shrink.
 */
const memoryFactor = 2
// Of a graph without weights: the session's own structures.
const leastCost = 1024 * 1024

const MiB = 1024 * 1024

export interface ModelsOptions {
  files: ModelFiles
  pool: ThreadPool
  memoryMiB: number
  log: Logger
}

/** Opens models on demand and closes the least recently used when they outweigh `memoryMiB`. */
export function createModels({ files, pool, memoryMiB, log }: ModelsOptions): Models {
  const entries = new Map<string, Entry>()
  const limit = memoryMiB * MiB

  const makeRoom = (name: string, needed: number): void => {
    if (needed > limit) throw errors.MODEL_TOO_LARGE({ name, needed, limit })
    const closing = chooseToClose(entries, needed, limit)
    // Nothing is closed for a model that would not fit all the same.
    if (!closing) throw errors.MODEL_MEMORY_BUSY({ name, needed, limit })
    for (const [key, { cost }] of closing) {
      entries.delete(key)
      pool.close(key)
      log.info({ key, cost }, 'closed the least recently used model')
    }
  }

  const load = async (key: string, reference: ModelReference, manifest: EffectiveManifest): Promise<LoadedModel> => {
    const { name, labels } = reference
    const started = performance.now()
    const path = await files.find(reference)
    const opened = await pool.open({ key, name, path, manifest, classes: labels.length })
    log.info({ model: name, sha256: reference.sha256, ms: Math.round(performance.now() - started) }, 'opened a model')
    // As the graph completed it: what a format leaves to its graph is known only now.
    return { key, name, manifest: opened.manifest, labels, opened }
  }

  const entryFor = (reference: ModelReference): Entry => {
    const manifest = readManifest(reference)
    const key = keyOf(reference)
    const known = entries.get(key)
    if (known) return known
    const cost = Math.max(leastCost, reference.byteSize * memoryFactor) * pool.size
    makeRoom(reference.name, cost)
    const entry: Entry = { cost, users: 0, lastUsed: Date.now(), loaded: load(key, reference, manifest) }
    entries.set(key, entry)
    entry.loaded.catch((error: unknown) => {
      if (entries.get(key) === entry) entries.delete(key)
      log.warn({ model: reference.name, reason: messageOf(error) }, 'a model could not be opened')
    })
    return entry
  }

  return {
    async using(reference, signal, use) {
      const entry = entryFor(reference)
      entry.users++
      try {
        return await use(await abortable(entry.loaded, signal))
      } finally {
        entry.users--
        entry.lastUsed = Date.now()
      }
    },
  }
}

// The same file under another manifest is another session: which tensor is read, and how pictures are packed, differ.
const keyOf = ({ sha256, manifestJson, labels }: ModelReference): string =>
  `${sha256}-${createHash('sha256')
    .update(JSON.stringify([manifestJson, labels]))
    .digest('hex')
    .slice(0, 16)}`

function readManifest(reference: ModelReference): EffectiveManifest {
  const { name, manifestJson, labels } = reference
  requireFile(reference, maxModelBytes)
  let content: unknown
  try {
    content = JSON.parse(manifestJson || '{}')
  } catch (error) {
    throw errors.REQUEST_INVALID({ field: 'model.manifestJson', reason: 'is not JSON' }, { cause: error })
  }
  const manifest = effectiveManifest(parseManifest(content))
  requireRunnable(manifest)
  if (taskOf(manifest).does !== 'embedding' && labels.length === 0) {
    throw errors.MODEL_NOT_SUPPORTED({
      name,
      reason: 'it names what it finds and no labels come with it; add label_list.yaml',
    })
  }
  return manifest
}
