import { hasContent, modelVersionByNumber, newestReadyVersions, type ModelVersionWithContent } from '@lakelens/db'
import type { Lake } from '../lake'
import { errors } from './errors'
import { knownModels, resolveModel, type KnownModel, type Resolved } from './known'
import { requireLicense } from './license'
import { locateFile } from './locate'
import { requireObtainable } from './obtain'
import type { RunnableApplication } from './settings'

/**
 * Whether a model can be run, without fetching or hashing anything: the name is known, it is for this application, its
 * licence is allowed, and its file is here or may be fetched. Returns the name to prepare it by; throws the typed error.
 */
export async function checkModel(
  lake: Lake,
  modelId: string,
  application: RunnableApplication,
): Promise<{ name: string; version?: number }> {
  lake.viewer.require('run')
  const resolved = await resolveFor(lake, modelId, application)
  await chooseSource(lake, resolved)
  return reference(resolved)
}

/**
 * Which model a name means for reading what it made: known, and of this application. Whether it could run now doesn't matter:
 * its vectors can be read when its file is gone and its licence refused.
 */
export async function resolveModelName(
  lake: Lake,
  modelId: string,
  application: RunnableApplication,
): Promise<{ name: string; version?: number }> {
  lake.viewer.require('read')
  return reference(await resolveFor(lake, modelId, application))
}

const reference = ({ name, version }: Resolved): { name: string; version?: number } => ({
  name,
  ...(version === null ? {} : { version }),
})

/** Resolves a model id and judges what can be judged by name. */
export async function resolveFor(lake: Lake, modelId: string, application: RunnableApplication): Promise<Resolved> {
  const resolved = await resolveModel(lake.db, lake.models, modelId, application)
  const { name, application: actual } = resolved
  if (actual !== application) throw errors.MODEL_APPLICATION_MISMATCH({ modelId: name, expected: application, actual })
  return resolved
}

export type ModelSource = { stored: ModelVersionWithContent } | { known: KnownModel }

/**
 * Where a model is to be taken from. A bare name means, in this order: the file that is here; the newest READY version whose
 * file is in the blob store, which other machines may have put there; the publisher's file. Throws when there is none.
 */
export async function chooseSource(lake: Lake, resolved: Resolved): Promise<ModelSource> {
  const { known, name, version } = resolved
  if (version !== null) return { stored: await askedVersion(lake, resolved, version) }
  if (known) {
    const { folder } = await knownModels(lake.models)
    requireLicense(lake.models, name, known.license)
    if (await locateFile(lake.models, known, folder)) return { known }
  }
  const [newest] = resolved.row ? await newestReadyVersions(lake.db, [resolved.row.id]) : []
  if (newest && (await lake.blobs.stat(newest.sha256))) {
    requireLicense(lake.models, name, newest.license)
    return { stored: newest }
  }
  if (!known) {
    if (newest) throw errors.MODEL_FILE_LOST({ modelId: name, version: newest.version })
    throw errors.MODEL_WITHOUT_VERSION({ modelId: name })
  }
  requireObtainable(lake.models, known)
  return { known }
}

async function askedVersion(lake: Lake, { row, name }: Resolved, version: number): Promise<ModelVersionWithContent> {
  const asked = row && (await modelVersionByNumber(lake.db, row.id, version))
  if (!asked) throw errors.MODEL_VERSION_NOT_FOUND({ modelId: name, version })
  if (asked.status !== 'READY' || !hasContent(asked))
    throw errors.MODEL_NOT_READY({ modelId: name, version, status: asked.status })
  requireLicense(lake.models, name, asked.license)
  if (!(await lake.blobs.stat(asked.sha256))) throw errors.MODEL_FILE_LOST({ modelId: name, version })
  return asked
}
