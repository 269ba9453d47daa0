import { archiveError, type ArchiveCode } from './errors'
import { maxNameBytes, type PackageLimits } from './limits'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
// C0, DEL, C1, and what reorders or breaks a line where the name is shown.
const unshowable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/

/**
 * The path of an entry inside the package, `/` between folders; '' for the folder that was packed itself (`./`). Throws for
 * a name that is not UTF-8, that leaves the package, or that some file system would take for another.
 */
export function judgeName(raw: Buffer, limits: Pick<PackageLimits, 'maxPathBytes' | 'maxDepth'>): string {
  const shown = raw.toString('utf8')
  const refuse = (code: ArchiveCode, detail?: string): Error =>
    archiveError(code, { file: shown, ...(detail === undefined ? {} : { detail }) })
  let name: string
  try {
    name = utf8.decode(raw)
  } catch (error) {
    throw archiveError('ARCHIVE_NAME_ENCODING', { file: shown }, error)
  }
  if (unshowable.test(name)) throw refuse('ARCHIVE_NAME_CONTROL')
  if (name.startsWith('/')) throw refuse('ARCHIVE_PATH_ABSOLUTE')
  if (name.includes('\\')) throw refuse('ARCHIVE_PATH_BACKSLASH')
  if (/^[A-Za-z]:/.test(name)) throw refuse('ARCHIVE_PATH_DRIVE')
  const path = name.replace(/^(\.\/)+/, '').replace(/\/$/, '')
  if (path === '.' || (path === '' && name !== '')) return ''
  const segments = path.split('/')
  if (segments.includes('..')) throw refuse('ARCHIVE_PATH_TRAVERSAL')
  if (segments.some((segment) => segment === '' || segment === '.')) throw refuse('ARCHIVE_NAME_EMPTY')
  if (segments.some((segment) => Buffer.byteLength(segment) > maxNameBytes))
    throw refuse('ARCHIVE_NAME_TOO_LONG', `longer than ${maxNameBytes} bytes`)
  if (Buffer.byteLength(path) > limits.maxPathBytes)
    throw refuse('ARCHIVE_NAME_TOO_LONG', `longer than ${limits.maxPathBytes} bytes with its folders`)
  if (segments.length > limits.maxDepth) throw refuse('ARCHIVE_TOO_DEEP', `deeper than ${limits.maxDepth} folders`)
  return path
}

/** Refuses a second entry of a name, under the rules of the strictest file system there is. */
export interface NameRegister {
  add(path: string, kind: 'file' | 'folder'): void
}

export function createNameRegister(): NameRegister {
  const taken = new Map<string, { path: string; kind: 'file' | 'folder' }>()

  function addOne(path: string, kind: 'file' | 'folder', named: boolean): void {
    const key = foldName(path)
    const other = taken.get(key)
    if (!other) return void taken.set(key, { path, kind })
    if (other.path !== path) {
      const sameText = other.path.normalize('NFC') === path.normalize('NFC')
      const code = sameText ? 'ARCHIVE_UNICODE_COLLISION' : 'ARCHIVE_CASE_COLLISION'
      throw archiveError(code, { file: path, detail: JSON.stringify(other.path) })
    }
    if (other.kind !== kind) throw archiveError('ARCHIVE_FILE_AND_FOLDER', { file: path })
    if (kind === 'file' && named) throw archiveError('ARCHIVE_DUPLICATE', { file: path })
  }

  return {
    add(path, kind) {
      const segments = path.split('/')
      for (let depth = 1; depth < segments.length; depth++) addOne(segments.slice(0, depth).join('/'), 'folder', false)
      addOne(path, kind, true)
    },
  }
}

// Upper, then lower: each alone leaves pairs apart that file systems fold (ß and SS, the Kelvin sign and k).
const foldName = (path: string): string => path.normalize('NFD').toUpperCase().toLowerCase().normalize('NFC')

/** Whether a link at `path` that says `target` points out of the package. */
export function leavesPackage(path: string, target: string): boolean {
  if (target.startsWith('/') || target.includes('\\') || /^[A-Za-z]:/.test(target)) return true
  let depth = path.split('/').length - 1
  for (const segment of target.split('/')) {
    if (segment === '..') depth--
    else if (segment !== '' && segment !== '.') depth++
    if (depth < 0) return true
  }
  return false
}
