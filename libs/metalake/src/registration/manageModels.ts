import {
  allModels,
  archiveVersions,
  lockModel,
  lockVersions,
  modelByName,
  modelVersionByNumber,
  newestReadyVersions,
  setModelAlias as pointAlias,
  unfinishedJobsOf,
  type Db,
  type ModelRow,
} from '@lakelens/db'
import type { LakeError } from '@lakelens/kernel'
import type { Lake } from '../lake'
import { errors as models } from '../models/errors'
import { closest, findKnown, knownOrCatalogue } from '../models/known'
import { getModel, type Model } from '../models/listModels'
import { isModelName } from '../models/modelsFile'
import { errors } from './errors'
import { checkAlias } from './names'

/** Points `name@alias` at a ready version; it pointed at another one before, or is new. */
export async function setModelAlias(
  lake: Lake,
  input: { modelId: string; alias: string; version: number },
): Promise<Model | null> {
  lake.viewer.require('run')
  const { modelId, version } = input
  const alias = checkAlias(input.alias) as string
  await onRegistered(lake, modelId, 'given aliases', async (tx, { id, name }) => {
    const found = await modelVersionByNumber(tx, id, version)
    if (!found) throw models.MODEL_VERSION_NOT_FOUND({ modelId: name, version }, { path: ['version'] })
    if (found.status !== 'READY')
      throw models.MODEL_NOT_READY({ modelId: name, version, status: found.status }, { path: ['version'] })
    await pointAlias(tx, id, alias, found.id)
  })
  return getModel(lake, modelId)
}

const listedJobs = 5
/** No name is longer: the rest isn't worth comparing. */
const longestName = 128

/**
 * Puts a version away, or all of them: it can't be run any more, its aliases go, what it made stays. Refused while unfinished
 * jobs use it. Registering the same content again brings it back.
 */
export async function archiveModel(
  lake: Lake,
  input: { modelId: string; version?: number | null | undefined },
): Promise<Model | null> {
  lake.viewer.require('run')
  await onRegistered(lake, input.modelId, 'archived', async (tx, model) => {
    const version = input.version ?? null
    const versions = await lockVersions(tx, model.id, version)
    if (version !== null && versions.length === 0)
      throw models.MODEL_VERSION_NOT_FOUND({ modelId: model.name, version }, { path: ['version'] })
    const [current] = await newestReadyVersions(tx, [model.id])
    const meant = versions.flatMap((each) => [
      `${model.name}:${each.version}`,
      ...(each.id === current?.id ? [model.name] : []),
    ])
    const of = { versionIds: versions.map((each) => each.id), references: meant, limit: listedJobs + 1 }
    const jobs = await unfinishedJobsOf(tx, of)
    if (jobs.length > 0) throw inUse(model.name, jobs)
    await archiveVersions(tx, of.versionIds)
  })
  return getModel(lake, input.modelId)
}

function inUse(modelId: string, jobs: readonly { name: string }[]): LakeError {
  const named = jobs.slice(0, listedJobs).map((job) => job.name)
  return errors.MODEL_IN_USE({ modelId, jobs: named, more: jobs.length > listedJobs })
}

/** Runs `change` with the row of a registered model locked: numbers, aliases and states change one after the other. */
async function onRegistered(
  lake: Lake,
  modelId: string,
  what: string,
  change: (tx: Db, model: ModelRow) => Promise<void>,
): Promise<void> {
  const path = ['modelId']
  const row = isModelName(modelId) ? await modelByName(lake.db, modelId) : null
  if (!row || row.isSystem) {
    const { models: known } = await knownOrCatalogue(lake)
    const system = findKnown(known, modelId)
    if (system || row) throw errors.SYSTEM_MODEL_FIXED({ modelId: system?.name ?? modelId, what }, { path })
    // Whoever writes `name:version` here means the name.
    const registered = (await allModels(lake.db)).filter((model) => !model.isSystem)
    const suggestions = closest(
      modelId.slice(0, longestName).replace(/[:@].*$/, ''),
      registered.map((model) => model.name),
    )
    throw models.MODEL_NOT_FOUND({ modelId, suggestions }, { path })
  }
  await lake.db.transaction(async (tx) => {
    const { name, application, isSystem, description, createdBy } = row
    await change(tx, await lockModel(tx, { name, application, isSystem, description, createdBy }))
  })
}
