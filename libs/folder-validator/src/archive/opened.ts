import { createHash } from 'node:crypto'
import path from 'node:path'
import { archiveError } from './errors'
import type { PackageLimits } from './limits'

export interface PackageFile {
  /** Inside the package, `/` between folders. */
  path: string
  byteSize: number
  /** Lower-case hexadecimal. */
  sha256: string
}

/** A package that was read and whose every entry was judged: plain files, and nothing else. */
export interface OpenedPackage {
  /** Absolute: the folder that holds `model.onnx` or `code/`; one folder around everything is stripped. */
  root: string
  /** Sorted by path, by UTF-16 code units. */
  files: PackageFile[]
  /** What operating systems and tools left lying there, and what was left out of `files`. */
  ignored: string[]
  /** SHA-256 over paths and digests of the files: the same content packed twice is the same package. */
  contentDigest: string
  unpackedBytes: number
}

export interface OpenProgress {
  /** Of the archive. */
  readBytes: number
  writtenBytes: number
  files: number
}

export interface OpenOptions {
  limits?: Partial<PackageLimits>
  signal?: AbortSignal
  /** Called often, at least once a chunk; whoever shows it throttles it. */
  onProgress?: (progress: OpenProgress) => void
}

/** `folder`: what the paths of `files` begin in. */
export function openedPackage(
  folder: string,
  files: readonly PackageFile[],
  ignored: readonly string[],
): OpenedPackage {
  if (files.length === 0) throw archiveError('ARCHIVE_NO_FILES')
  const top = wrapper(files)
  const inside = files
    .map((file) => ({ ...file, path: file.path.slice(top === null ? 0 : top.length + 1) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  return {
    root: top === null ? folder : path.join(folder, top),
    files: inside,
    ignored: [...ignored].sort(),
    contentDigest: digestOf(inside),
    unpackedBytes: inside.reduce((sum, file) => sum + file.byteSize, 0),
  }
}

/**
 * The one folder everything lies in, as `tar -czf model.tar.gz model/` packs it. `code` is no wrapper but half a package,
 * unless it holds the package's own landmarks.
 */
function wrapper(files: readonly PackageFile[]): string | null {
  const [top = ''] = (files[0]?.path ?? '').split('/')
  if (!files.every((file) => file.path.startsWith(`${top}/`))) return null
  const landmark = files.some(({ path: file }) =>
    /^(code\/|model\.onnx$|model\.yaml$)/.test(file.slice(top.length + 1)),
  )
  return top.toLowerCase() === 'code' && !landmark ? null : top
}

function digestOf(files: readonly PackageFile[]): string {
  const hash = createHash('sha256')
  // A path holds no control characters, so no two lists of files give one text.
  for (const { path: file, sha256 } of files) hash.update(`${sha256}  ${file}\n`)
  return hash.digest('hex')
}
