import { messageOf } from '@lakelens/kernel'
import { realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import type { ModelSettings } from '../models/settings'
import { errors } from './errors'

export interface ImportPath {
  /** Absolute, every link followed. */
  real: string
  /** From the import folder, links followed: what a worker resolves again. */
  relative: string
  isFolder: boolean
  byteSize: number
}

/**
 * A folder or file below LAKELENS_IMPORT_DIR, named relative to it or absolutely. Whatever lies outside is refused alike,
 * there or not: an answer that told them apart would let a caller feel about in the server's files. Links inside are followed.
 */
export async function resolveImportPath(settings: ModelSettings, given: string): Promise<ImportPath> {
  if (settings.importDir === undefined) throw errors.IMPORT_DIR_UNSET({ field: 'source.path' })
  const root = await realRoot(settings.importDir)
  const outside = errors.IMPORT_PATH_OUTSIDE()
  if (given.trim() === '' || given.includes('\0')) throw outside
  const absolute = path.isAbsolute(given)
    ? path.resolve(root, path.relative(settings.importDir, given))
    : path.resolve(root, given)
  const isInside = (candidate: string): boolean =>
    candidate.startsWith(root.endsWith(path.sep) ? root : root + path.sep)
  if (!isInside(absolute)) throw outside
  const named = path.relative(root, absolute)
  const real = await realpath(absolute).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') throw errors.IMPORT_PATH_NOT_FOUND({ path: named })
    throw errors.IMPORT_PATH_UNREADABLE({ path: named, reason: `can't be read (${error.code})` }, { cause: error })
  })
  if (!isInside(real)) throw outside
  const found = await stat(real).catch((error: NodeJS.ErrnoException) => {
    throw errors.IMPORT_PATH_UNREADABLE({ path: named, reason: `can't be read (${error.code})` }, { cause: error })
  })
  // A pipe or a device would block, or never end.
  if (!found.isDirectory() && !found.isFile())
    throw errors.IMPORT_PATH_UNREADABLE({ path: named, reason: 'is neither a folder nor a file' })
  return { real, relative: path.relative(root, real), isFolder: found.isDirectory(), byteSize: found.size }
}

async function realRoot(importDir: string): Promise<string> {
  try {
    const root = await realpath(importDir)
    if (!(await stat(root)).isDirectory()) throw new Error('is not a folder')
    return root
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const reason =
      code === undefined ? messageOf(error) : code === 'ENOENT' ? 'does not exist' : `can't be read (${code})`
    throw errors.IMPORT_DIR_UNUSABLE({ reason }, { cause: error })
  }
}
