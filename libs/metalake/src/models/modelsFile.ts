import { parseLabelList } from '@lakelens/folder-validator'
import { isLakeError, messageOf, type LakeError } from '@lakelens/kernel'
import { parseManifest } from '@lakelens/vision'
import { constants } from 'node:fs'
import { access, open, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { errors } from './errors'
import type { Application, ModelSettings } from './settings'

/** A model of the models folder. Nothing of its file was read yet: it may be absent, or not what the digest says. */
export interface LocalModel {
  name: string
  application: Application
  license: string | null
  description: string | null
  manifest: Readonly<Record<string, unknown>>
  labels: readonly string[]
  /** Absolute, inside the folder. */
  path: string
  sha256: string
  byteSize: number | null
}

export interface ModelsFolder {
  folder: string
  models: readonly LocalModel[]
  /** Entries that can't be used, by the name they give themselves: asking for one of these throws its fault. */
  faults: ReadonlyMap<string, LakeError>
}

const listFile = 'models.json'
// Lists and label files are a few kilobytes; the limit keeps a mistaken path from being read into memory.
const maxTextBytes = 1 << 20
const maxEntries = 1000

export const modelNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/
export const isModelName = (name: string): boolean => modelNamePattern.test(name) && name.toLowerCase() !== 'default'

const applications: ReadonlyMap<string, Application> = new Map([
  ['auto_tagging', 'AUTO_TAGGING'],
  ['autotagging', 'AUTO_TAGGING'],
  ['auto_annotation', 'AUTO_ANNOTATION'],
  ['embedding', 'EMBEDDING'],
])

const entrySchema = z.object({
  name: z.string().refine(isModelName, 'must be letters, digits, `.`, `_` and `-`, at most 128, and not `default`'),
  application: z.string().transform((text, context) => {
    const application = applications.get(text.toLowerCase())
    if (application) return application
    context.addIssue({ code: 'custom', message: 'must be auto_tagging, auto_annotation or embedding' })
    return z.NEVER
  }),
  file: z.string().min(1).max(1024),
  license: z.string().trim().min(1).max(200).optional(),
  description: z.string().max(10_000).optional(),
  manifest: z.record(z.string(), z.unknown()),
  sha256: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hexadecimal digits')
    .transform((digest) => digest.toLowerCase()),
  bytes: z.int().positive().optional(),
})

/**
 * What `LAKELENS_MODELS_DIR` offers; null when it isn't set. Throws MODELS_FOLDER_INVALID when the folder or its list as a
 * whole can't be read; one bad entry is that entry's fault alone.
 */
export async function readModelsFolder(settings: ModelSettings): Promise<ModelsFolder | null> {
  if (settings.modelsDir === undefined) return null
  const folder = await realFolder(settings.modelsDir)
  const entries = await readEntries(folder)
  const models: LocalModel[] = []
  const faults = new Map<string, LakeError>()
  const taken = new Set<string>()
  for (const [index, entry] of entries.entries()) {
    const named = nameOf(entry) ?? `number ${index + 1}`
    try {
      const model = await readEntry(folder, entry, named)
      if (taken.has(model.name.toLowerCase())) throw badEntry(folder, named, 'the name is listed twice')
      models.push(model)
    } catch (error) {
      if (!isLakeError(error)) throw error
      faults.set(named, error)
    }
    taken.add(named.toLowerCase())
  }
  // A name listed twice is nobody's: which of the two is meant can't be told.
  return { folder, models: models.filter((model) => !faults.has(model.name)), faults }
}

const badEntry = (folder: string, entry: string, reason: string): LakeError =>
  errors.MODELS_ENTRY_INVALID({ path: path.join(folder, listFile), entry: JSON.stringify(entry), reason })

function nameOf(entry: unknown): string | null {
  const name: unknown = typeof entry === 'object' && entry !== null && 'name' in entry ? entry.name : null
  return typeof name === 'string' && isModelName(name) ? name : null
}

async function realFolder(given: string): Promise<string> {
  try {
    const folder = await realpath(given)
    if (!(await stat(folder)).isDirectory()) throw new Error('is not a folder')
    await access(folder, constants.R_OK | constants.X_OK)
    return folder
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const reason =
      code === 'ENOENT' ? 'does not exist' : code === undefined ? messageOf(error) : `can't be read (${code})`
    throw errors.MODELS_FOLDER_INVALID({ path: given, reason }, { cause: error })
  }
}

async function readEntries(folder: string): Promise<unknown[]> {
  const list = path.join(folder, listFile)
  const refuse = (reason: string, cause?: unknown): LakeError =>
    errors.MODELS_FOLDER_INVALID({ path: list, reason }, { cause })
  let text: string
  try {
    text = await readText(list)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw refuse(`can't be read (${messageOf(error)})`, error)
  }
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    throw refuse('is not JSON', error)
  }
  const parsed = z.object({ models: z.array(z.unknown()).max(maxEntries) }).safeParse(content)
  if (!parsed.success) throw refuse(`must be {"models": [...]} with at most ${maxEntries} entries`)
  return parsed.data.models
}

async function readEntry(folder: string, entry: unknown, named: string): Promise<LocalModel> {
  const parsed = entrySchema.safeParse(entry)
  if (!parsed.success) {
    throw badEntry(
      folder,
      named,
      parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the whole'} ${issue.message}`).join('; '),
    )
  }
  const { name, application, file, license, description, sha256, bytes, manifest: given } = parsed.data
  try {
    const manifest = parseManifest(given)
    const { labels, ...answering } = manifest
    return {
      name,
      application,
      license: license ?? manifest.license ?? null,
      description: description ?? manifest.description ?? null,
      manifest: answering,
      labels: typeof labels === 'string' ? await readLabels(await insideFolder(folder, labels)) : (labels ?? []),
      path: await insideFolder(folder, file),
      sha256,
      byteSize: bytes ?? null,
    }
  } catch (error) {
    throw badEntry(folder, named, messageOf(error).replace(/\.$/, ''))
  }
}

/** The absolute path of a file of the folder; throws when it, or what a link makes of it, lies outside. Absent files are allowed. */
async function insideFolder(folder: string, file: string): Promise<string> {
  const refused = new Error(`${JSON.stringify(file)} leaves the folder`)
  if (file.includes('\0') || path.isAbsolute(file)) throw refused
  const absolute = path.resolve(folder, file)
  const inside = (candidate: string): boolean => candidate.startsWith(folder + path.sep)
  if (!inside(absolute)) throw refused
  const real = await realpath(absolute).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return absolute
    throw error
  })
  if (!inside(real)) throw refused
  return real
}

/** Opened before it is measured, and never a pipe or a device: those would block or never end. */
async function readText(file: string): Promise<string> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const { size, isFile } = await handle.stat().then((stats) => ({ size: stats.size, isFile: stats.isFile() }))
    if (!isFile) throw new Error('it is not a regular file')
    if (size > maxTextBytes) throw new Error(`it is larger than ${maxTextBytes} bytes`)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size), 0, size, 0)
    return buffer
      .subarray(0, bytesRead)
      .toString('utf8')
      .replace(/^\uFEFF/, '')
  } finally {
    await handle.close()
  }
}

async function readLabels(file: string): Promise<string[]> {
  try {
    return parseLabelList(await readText(file))
  } catch (error) {
    throw new Error(`the labels of ${path.basename(file)} can't be read: ${messageOf(error)}`, { cause: error })
  }
}
