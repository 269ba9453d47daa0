import type { LakeError } from '@lakelens/kernel'
import path from 'node:path'
import { errors } from './errors'
import { exclusively } from './exclusive'
import { fetchModel, requireFetchable, type FetchOptions } from './fetchModel'
import { knownModels, type KnownModel } from './known'
import { locateFile, verifyFile, type LocatedFile } from './locate'
import { requireLicense } from './license'
import { fetchedFolder, type ModelSettings } from './settings'

export interface ObtainedFile extends LocatedFile {
  sha256: string
}

/** Throws unless a file that isn't here may be fetched. */
export function requireObtainable(settings: ModelSettings, known: KnownModel): void {
  requireLicense(settings, known.name, known.license)
  if (!known.system?.publisher) throw absent(settings, known)
  requireFetchable(settings, known.system)
}

/**
 * The verified file of a model: found in the models folder or among what was fetched, else fetched now.
 * Jobs that start together wait for one another here, so that the file is fetched and hashed once.
 */
export async function obtainFile(
  settings: ModelSettings,
  known: KnownModel,
  options: FetchOptions,
): Promise<ObtainedFile> {
  requireLicense(settings, known.name, known.license)
  return exclusively(`obtain ${path.resolve(settings.dataDir)} ${known.name}`, options.signal, async () => {
    const { folder } = await knownModels(settings)
    const located = (await locateFile(settings, known, folder)) ?? (await fetched(settings, known, folder, options))
    return { ...located, sha256: await verifyFile(known.name, located, fetchedFolder(settings), options.signal) }
  })
}

async function fetched(
  settings: ModelSettings,
  known: KnownModel,
  folder: string | null,
  options: FetchOptions,
): Promise<LocatedFile> {
  if (!known.system?.publisher) throw absent(settings, known)
  await fetchModel(settings, known.system, options)
  const located = await locateFile(settings, known, folder)
  if (!located) throw absent(settings, known)
  return located
}

/** For a file that is in no place it could be in, and that nobody publishes. */
export function absent(settings: ModelSettings, { name, local, system }: KnownModel): LakeError {
  const here =
    local?.path ?? system?.bundled?.path ?? path.join(fetchedFolder(settings), system?.publisher?.file ?? name)
  return errors.MODEL_UNAVAILABLE({
    modelId: name,
    file: path.basename(here),
    address: system?.publisher?.address ?? null,
    folder: path.dirname(here),
    reason: local ? 'models.json lists it and the folder has no such file' : 'it was removed',
  })
}
