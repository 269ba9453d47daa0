import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { PublishedModel } from './catalogue'
import { fileDigest } from './digest'
import { errors } from './errors'
import type { KnownModel } from './known'
import { holdToDigest, recordedDigest } from './recordedDigests'
import { fetchedFolder, type ModelSettings } from './settings'

/** Where a file was found: `BUNDLED` for one that comes with LakeLens. */
export type Place = 'MODELS_DIR' | 'DATA' | 'BUNDLED'

/** A file with how it is to be read. Its digest is not checked yet. */
export interface LocatedFile {
  place: Place
  path: string
  byteSize: number
  /** Null: nothing is pinned, what is on record decides. */
  sha256: string | null
  /** What names the digest, for messages. */
  digestOf: string
  manifest: Readonly<Record<string, unknown>>
  labels: readonly string[]
}

/**
 * The file of a model, by presence only: what `models.json` lists; then the one that comes with LakeLens, or the publisher's,
 * put by hand into the models folder or fetched into `LAKELENS_DATA/models`. Null when none of them is there. A listed file that is absent is passed
 * over, because lists travel further than weights; one that is there and wrong is an error when its digest is checked.
 */
export async function locateFile(
  settings: ModelSettings,
  known: KnownModel,
  folder: string | null,
): Promise<LocatedFile | null> {
  if (known.local) {
    const found = await regularFile(known.local.path)
    if (found) return { ...found, place: 'MODELS_DIR', digestOf: 'models.json', ...pick(known.local) }
  }
  if (!known.system) return null
  if (known.system.bundled) {
    const found = await regularFile(known.system.bundled.path)
    return (
      found && {
        ...found,
        place: 'BUNDLED',
        digestOf: 'the catalogue',
        ...pick({ ...known.system, ...known.system.bundled }),
      }
    )
  }
  const { publisher } = known.system
  const inFolder = folder === null ? null : await regularFile(path.join(folder, publisher.file))
  // A listed file of the same name has its own digest and manifest: it isn't the publisher's.
  if (inFolder && inFolder.path !== known.local?.path) return publishers(known.system, inFolder, 'MODELS_DIR')
  const fetched = await regularFile(path.join(fetchedFolder(settings), publisher.file))
  return fetched && publishers(known.system, fetched, 'DATA')
}

const pick = ({
  sha256,
  manifest,
  labels,
}: {
  sha256: string
  manifest: Readonly<Record<string, unknown>>
  labels: readonly string[]
}) => ({ sha256, manifest, labels })

const publishers = (system: PublishedModel, found: { path: string; byteSize: number }, place: Place): LocatedFile => ({
  ...found,
  place,
  digestOf: system.publisher.sha256 === null ? 'digests.json' : 'the catalogue',
  sha256: system.publisher.sha256,
  manifest: system.manifest,
  labels: system.labels,
})

async function regularFile(file: string): Promise<{ path: string; byteSize: number } | null> {
  const stats = await stat(file).catch(() => null)
  return stats?.isFile() ? { path: file, byteSize: stats.size } : null
}

/** Throws MODEL_DIGEST_MISMATCH unless the file is the one its list, the catalogue or the record names. Returns its SHA-256. */
export async function verifyFile(
  name: string,
  file: LocatedFile,
  folder: string,
  signal?: AbortSignal,
): Promise<string> {
  const actual = await fileDigest(file.path, signal)
  const base = path.basename(file.path)
  const expected =
    file.sha256 ??
    (file.place === 'DATA'
      ? await holdToDigest(folder, base, actual)
      : ((await recordedDigest(folder, base)) ?? actual))
  if (actual !== expected)
    throw errors.MODEL_DIGEST_MISMATCH({ modelId: name, file: file.path, expected, actual, source: file.digestOf })
  return actual
}
