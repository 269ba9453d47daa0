import { createHash } from 'node:crypto'
import { type Logger, messageOf } from '@lakelens/kernel'
import { type Manifest, parseManifest } from '@lakelens/vision'
import { abortable } from '../abortable'
import { type Weighed, chooseToClose } from '../chooseToClose'
import { errors } from '../errors'
import { maxPackageBytes, requireFile } from '../modelFiles'
import type { ModelReference } from '../models'
import { confinedRunner } from './confined'
import type { FoundFacilities } from './facilities'
import type { Application } from './packages'
import { startProcess } from './process'
import { type PythonModel, openPythonModel } from './pythonModel'
import { type EffectivePython, effectivePython } from './settings'

export interface PythonReference extends ModelReference {
  application: string
}

export interface OpenedPythonModel extends PythonModel {
  name: string
  application: Application
  /** How its requirements were installed; null: it has none. */
  installLog: string | null
}

export interface PythonModels {
  /** Calls `use` with the model's process running; it is not stopped before `use` has settled. */
  using<T>(reference: PythonReference, signal: AbortSignal, use: (model: OpenedPythonModel) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface PythonModelsOptions {
  found: Promise<FoundFacilities>
  /** What all of them may take together, by their manifests. */
  memoryMiB: number
  idleMs: number
  log: Logger
}

interface Entry extends Weighed {
  opened: Promise<OpenedPythonModel>
}

interface Read {
  application: Application
  manifest: Manifest
  python: EffectivePython
}

const applications: readonly string[] = ['AUTO_TAGGING', 'AUTO_ANNOTATION', 'EMBEDDING'] satisfies Application[]
// Loading torch and a few hundred megabytes of weights takes half a minute on a slow disk.
const leastStartMs = 120_000
const startPerRequest = 2
const MiB = 1024 * 1024

/** One process a version: started when first needed, kept warm, stopped when idle or when another needs its memory. */
export function createPythonModels({ found, memoryMiB, idleMs, log }: PythonModelsOptions): PythonModels {
  const entries = new Map<string, Entry>()
  let closing = false

  const stop = (key: string, { opened }: Entry, why: string): Promise<void> => {
    entries.delete(key)
    return opened.then(
      async (model) => {
        log.info({ model: model.name, why }, 'stopping the process of a model')
        await model.stop()
      },
      () => undefined,
    )
  }

  const open = async (
    reference: PythonReference,
    { application, manifest, python }: Read,
  ): Promise<OpenedPythonModel> => {
    const { name, labels } = reference
    const { interpreter, sandbox, environments, packages } = (await found).facilitiesFor(name)
    const { root, requirements } = await packages.find(reference, application)
    const environment = await environments.find(name, requirements)
    const confined = confinedRunner({ sandbox, interpreter, root, environment: environment.folder }, python)
    const start = () =>
      startProcess({
        ...{ sandbox, confined, log },
        memoryMiB: python.memoryMiB,
        startWithinMs: Math.max(leastStartMs, startPerRequest * python.timeoutMs),
        answerWithinMs: python.timeoutMs,
      })
    const model = await openPythonModel({ name, application, manifest, labels, python, start, log })
    log.info({ model: name, sha256: reference.sha256, ms: Math.round(model.startMs) }, 'started the process of a model')
    return { ...model, name, application, installLog: environment.log }
  }

  const entryFor = (reference: PythonReference): Entry => {
    const read = readReference(reference, memoryMiB)
    const key = keyOf(reference)
    const known = entries.get(key)
    if (known) return known
    const cost = read.python.memoryMiB
    const toStop = chooseToClose(entries, cost, memoryMiB)
    if (!toStop) throw errors.MODEL_MEMORY_BUSY({ name: reference.name, needed: cost * MiB, limit: memoryMiB * MiB })
    const stopped = Promise.all(toStop.map(([other, entry]) => stop(other, entry, 'another needs its memory')))
    const opened = stopped.then(() => open(reference, read))
    const entry: Entry = { cost, users: 0, lastUsed: Date.now(), opened }
    entries.set(key, entry)
    opened.catch((error: unknown) => {
      if (entries.get(key) === entry) entries.delete(key)
      log.warn({ model: reference.name, reason: messageOf(error) }, 'a model could not be started')
    })
    return entry
  }

  const sweep = setInterval(
    () => {
      for (const [key, entry] of entries)
        if (entry.users === 0 && Date.now() - entry.lastUsed >= idleMs) void stop(key, entry, 'it was idle')
    },
    Math.min(5_000, idleMs / 4),
  )
  sweep.unref()

  return {
    async using(reference, signal, use) {
      if (closing) throw errors.SERVICE_CLOSING()
      const entry = entryFor(reference)
      entry.users++
      try {
        return await use(await abortable(entry.opened, signal))
      } finally {
        entry.users--
        entry.lastUsed = Date.now()
      }
    },
    async close() {
      closing = true
      clearInterval(sweep)
      await Promise.all([...entries].map(([key, entry]) => stop(key, entry, 'the service is closing')))
    },
  }
}

// The same package under another manifest is read otherwise, and gets other pictures.
const keyOf = ({ sha256, manifestJson, labels, application }: PythonReference): string =>
  `${sha256}-${createHash('sha256')
    .update(JSON.stringify([manifestJson, labels, application]))
    .digest('hex')
    .slice(0, 16)}`

function readReference(reference: PythonReference, memoryMiB: number): Read {
  const { name, manifestJson, labels, application } = reference
  requireFile(reference, maxPackageBytes)
  if (!applications.includes(application)) {
    throw errors.REQUEST_INVALID({
      field: 'model.application',
      reason: `is ${JSON.stringify(application)}; it must be ${applications.join(', ')}`,
    })
  }
  let content: unknown
  try {
    content = JSON.parse(manifestJson || '{}')
  } catch (error) {
    throw errors.REQUEST_INVALID({ field: 'model.manifestJson', reason: 'is not JSON' }, { cause: error })
  }
  const manifest = parseManifest(content)
  if (application === 'AUTO_TAGGING' && labels.length === 0)
    throw errors.MODEL_NOT_SUPPORTED({ name, reason: 'it tags and no labels come with it; add label_list.yaml' })
  return { application: application as Application, manifest, python: effectivePython(name, manifest, memoryMiB) }
}
