import { readFile, stat } from 'node:fs/promises'
import { messageOf } from '@lakelens/kernel'
import { errors } from '../errors'

type Fields = Record<string, unknown>

/** What files of metadata say: fields for every file, and fields of one file, which go before. */
export interface GivenMetadata {
  /** Undefined: nothing is said of this file. */
  of(name: string): Fields | undefined
  /** Names that were listed and never asked for. */
  unused(): string[]
}

const maxBytes = 64 * 1024 * 1024

/**
 * Reads JSON files of metadata: an object is for every file; a list `[{"file": "a/b.jpg", "metadata": {…}}, …]`, as LayerNext
 * writes it, says something of each. Throws METADATA_FILE_INVALID.
 */
export async function readMetadataFiles(paths: readonly string[]): Promise<GivenMetadata> {
  let forAll: Fields = {}
  const perFile = new Map<string, Fields>()
  for (const path of paths) {
    const content = await readJson(path)
    if (isObject(content)) forAll = { ...forAll, ...content }
    else addEntries(path, content, perFile)
  }
  const asked = new Set<string>()
  return {
    of(name) {
      asked.add(name)
      const own = perFile.get(name)
      const given = { ...forAll, ...own }
      return Object.keys(given).length === 0 ? undefined : given
    },
    unused: () => [...perFile.keys()].filter((name) => !asked.has(name)),
  }
}

function addEntries(path: string, content: unknown, perFile: Map<string, Fields>): void {
  const refuse = (reason: string) => errors.METADATA_FILE_INVALID({ path, reason })
  if (!Array.isArray(content)) throw refuse('it holds neither an object nor a list')
  content.forEach((entry: unknown, index) => {
    if (!isObject(entry) || typeof entry['file'] !== 'string' || !isObject(entry['metadata']))
      throw refuse(`entry ${index} is no {"file": "…", "metadata": {…}}`)
    // An item of a sub-folder is called by its path.
    const name = entry['file'].normalize('NFC').replace(/^\.\//, '').replaceAll('/', '_')
    perFile.set(name, { ...perFile.get(name), ...entry['metadata'] })
  })
}

async function readJson(path: string): Promise<unknown> {
  const refuse = (reason: string, cause?: unknown) => errors.METADATA_FILE_INVALID({ path, reason }, { cause })
  try {
    const { size } = await stat(path)
    if (size > maxBytes) throw refuse(`it has ${size} bytes, and ${maxBytes} is the limit`)
    return JSON.parse((await readFile(path, 'utf8')).replace(/^\ufeff/, '')) as unknown
  } catch (error) {
    if (error instanceof SyntaxError) throw refuse(`it is no JSON: ${error.message}`, error)
    if ((error as NodeJS.ErrnoException).code?.startsWith('E') && 'errno' in (error as object))
      throw refuse(`it can't be read (${(error as NodeJS.ErrnoException).code ?? messageOf(error)})`, error)
    throw error
  }
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
