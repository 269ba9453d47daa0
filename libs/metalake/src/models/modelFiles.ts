import { isLakeError, type LakeError } from '@lakelens/kernel'
import { errors } from './errors'
import type { FetchOptions } from './fetchModel'
import { fetchModel } from './fetchModel'
import { closest, findKnown, knownModels, type KnownModel } from './known'
import { requireLicense } from './license'
import { locateFile, verifyFile, type Place } from './locate'
import { absent } from './obtain'
import { fetchedFolder, type Application, type ModelSettings } from './settings'

/** A model as its file: what can be said without a database. */
export interface ModelFile {
  name: string
  application: Application
  license: string | null
  place: Place | null
  path: string | null
  /** Of the file that is here, else of the publisher's or the bundled one. */
  byteSize: number | null
  address: string | null
  /** False when nobody has fetched from the address yet; null when there is none. */
  addressVerified: boolean | null
  /** Why it can't be used, as far as looking at names tells. */
  fault: LakeError | null
}

/** Every system model and every entry of models.json, by name. */
export async function listModelFiles(settings: ModelSettings): Promise<ModelFile[]> {
  const { models, folder } = await knownModels(settings)
  const files = await Promise.all(models.map((known) => describe(settings, known, folder)))
  return files.sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function describe(settings: ModelSettings, known: KnownModel, folder: string | null): Promise<ModelFile> {
  const located = await locateFile(settings, known, folder)
  const publisher = known.system?.publisher ?? null
  return {
    name: known.name,
    application: known.application,
    license: known.license,
    place: located?.place ?? null,
    path: located?.path ?? null,
    byteSize: located?.byteSize ?? publisher?.byteSize ?? known.system?.bundled?.byteSize ?? null,
    address: publisher?.address ?? null,
    addressVerified: publisher?.address == null ? null : publisher.verified,
    fault: known.fault ?? deniedLicense(settings, known),
  }
}

function deniedLicense(settings: ModelSettings, known: KnownModel): LakeError | null {
  try {
    requireLicense(settings, known.name, known.license)
    return null
  } catch (error) {
    if (isLakeError(error)) return error
    throw error
  }
}

/** Fetches the publisher's file of a system model, unless the model's file is here already. Returns where it is. */
export async function fetchModelFile(
  settings: ModelSettings,
  name: string,
  options: FetchOptions,
): Promise<{ path: string; fetched: boolean }> {
  const { models, folder, faults } = await knownModels(settings)
  const known = findKnown(models, name)
  if (!known)
    throw (
      faults.get(name) ??
      errors.MODEL_NOT_FOUND({
        modelId: name,
        suggestions: closest(
          name,
          models.map((model) => model.name),
        ),
      })
    )
  if (known.fault) throw known.fault
  requireLicense(settings, known.name, known.license)
  const located = await locateFile(settings, known, folder)
  if (located) {
    await verifyFile(known.name, located, fetchedFolder(settings), options.signal)
    return { path: located.path, fetched: false }
  }
  if (!known.system?.publisher) throw absent(settings, known)
  return { path: await fetchModel(settings, known.system, options), fetched: true }
}

export interface VerifiedFile {
  name: string
  path: string
  sha256: string | null
  /** Null: the file is the one its list, the catalogue or the record names. */
  fault: LakeError | null
}

/** Computes the digest of every file that is here and holds it to what is expected of it. */
export async function* verifyModelFiles(settings: ModelSettings, signal: AbortSignal): AsyncGenerator<VerifiedFile> {
  const { models, folder, faults } = await knownModels(settings)
  for (const [name, fault] of faults) yield { name, path: folder ?? '', sha256: null, fault }
  for (const known of models) {
    if (known.fault) {
      yield { name: known.name, path: folder ?? '', sha256: null, fault: known.fault }
      continue
    }
    const located = await locateFile(settings, known, folder)
    if (!located) continue
    try {
      yield {
        name: known.name,
        path: located.path,
        sha256: await verifyFile(known.name, located, fetchedFolder(settings), signal),
        fault: null,
      }
    } catch (error) {
      if (!isLakeError(error)) throw error
      yield { name: known.name, path: located.path, sha256: null, fault: error }
    }
  }
}
