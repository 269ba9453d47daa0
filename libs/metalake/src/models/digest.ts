import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'

const known = new Map<string, string>()
// A models folder holds tens of files; more only means hashing one again.
const remembered = 256

/**
 * SHA-256 of a file, lower-case hex. Computed once for a path, size and time of change: hashing ResNet-50's 100 MB takes a
 * quarter of a second, and every job asks.
 */
export async function fileDigest(path: string, signal?: AbortSignal): Promise<string> {
  const { size, mtimeMs, ino } = await stat(path)
  const key = `${path}\0${ino}\0${size}\0${mtimeMs}`
  const found = known.get(key)
  if (found !== undefined) return found
  const digest = await hashFile(path, signal)
  known.set(key, digest)
  if (known.size > remembered) known.delete(known.keys().next().value as string)
  return digest
}

async function hashFile(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, signal ? { signal } : {})
  return hash.digest('hex')
}

/** The same value always gives the same text, whatever the order of its keys. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).filter(([, of]) => of !== undefined)
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, of]) => `${JSON.stringify(key)}:${canonicalJson(of)}`).join(',')}}`
}

// Words about a model that change nothing it answers.
const wordsOnly = new Set(['description', 'license', 'labels'])

/** Of everything that decides what a model answers: the file, the effective manifest, the labels. */
export function packageDigest(
  sha256: string,
  manifest: Readonly<Record<string, unknown>>,
  labels: readonly string[],
): string {
  const deciding = Object.fromEntries(Object.entries(manifest).filter(([key]) => !wordsOnly.has(key)))
  return createHash('sha256')
    .update(canonicalJson({ sha256, manifest: deciding, labels }))
    .digest('hex')
}
