import { allModels, modelByName, versionOfAlias, type Db, type ModelRow } from '@lakelens/db'
import type { LakeError } from '@lakelens/kernel'
import type { Lake } from '../lake'
import { systemModels, type SystemModel } from './catalogue'
import { errors } from './errors'
import { isModelName, readModelsFolder, type LocalModel, type ModelsFolder } from './modelsFile'
import { defaultVariables, type Application, type ModelSettings, type RunnableApplication } from './settings'

/** A model by name, with everything that is known of it without opening a file. */
export interface KnownModel {
  name: string
  application: Application
  license: string | null
  description: string | null
  system: SystemModel | null
  local: LocalModel | null
  /** Its entry in models.json, when that can't be used. */
  fault: LakeError | null
}

export interface KnownModels {
  models: readonly KnownModel[]
  folder: string | null
  /** Entries of models.json that can't be used and name no system model. */
  faults: ReadonlyMap<string, LakeError>
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()
const isSystemName = (system: SystemModel, name: string): boolean =>
  [system.name, ...system.aliases].some((known) => same(known, name))

/** The catalogue and the models folder together. A name of the folder that the catalogue has is that system model. */
export async function knownModels(settings: ModelSettings): Promise<KnownModels> {
  const folder = await readModelsFolder(settings)
  const models = merge(settings, folder)
  const faults = [...(folder?.faults ?? [])].filter(([, fault]) => !models.some((model) => model.fault === fault))
  return { models, folder: folder?.folder ?? null, faults: new Map(faults) }
}

/** A models folder that can't be read is an error for whoever runs a model; a list shows what there is without it. */
export async function knownOrCatalogue(
  lake: Pick<Lake, 'models' | 'log'>,
): Promise<{ models: readonly KnownModel[]; folder: string | null }> {
  try {
    return await knownModels(lake.models)
  } catch (error) {
    lake.log.warn({ err: error }, 'models folder unusable')
    return { models: merge(lake.models, null), folder: null }
  }
}

/** Exact names first, then the names of system models in any case. */
export const findKnown = (models: readonly KnownModel[], name: string): KnownModel | null =>
  models.find((model) => model.name === name) ??
  models.find(({ system }) => system !== null && isSystemName(system, name)) ??
  null

export function merge(settings: ModelSettings, folder: ModelsFolder | null): KnownModel[] {
  const known = new Map<string, KnownModel>()
  for (const system of settings.catalogue ?? systemModels)
    known.set(system.name, { ...system, system, local: null, fault: null })
  const canonical = (name: string): string =>
    [...known.values()].find(({ system }) => system && isSystemName(system, name))?.name ?? name
  for (const local of folder?.models ?? []) {
    const name = canonical(local.name)
    const system = known.get(name)?.system ?? null
    known.set(name, {
      name,
      application: system?.application ?? local.application,
      license: local.license ?? system?.license ?? null,
      description: local.description ?? system?.description ?? null,
      system,
      local,
      fault: system && system.application !== local.application ? otherApplication(folder, local, system) : null,
    })
  }
  for (const [named, fault] of folder?.faults ?? []) {
    if (!isModelName(named)) continue
    const name = canonical(named)
    const model = known.get(name)
    if (model) known.set(name, { ...model, fault })
  }
  return [...known.values()]
}

const otherApplication = (folder: ModelsFolder | null, local: LocalModel, system: SystemModel): LakeError =>
  errors.MODELS_ENTRY_INVALID({
    path: `${folder?.folder}/models.json`,
    entry: JSON.stringify(local.name),
    reason: `application is ${local.application}, and the system model of this name is for ${system.application}`,
  })

export interface Resolved {
  name: string
  version: number | null
  known: KnownModel | null
  row: ModelRow | null
  application: Application
  license: string | null
}

/**
 * What a model id means: `default`, `name`, `name:version` or `name@alias`. Exact names first, then those of system models
 * without case.
 * Throws MODEL_ID_INVALID, MODEL_NOT_FOUND, MODEL_ALIAS_NOT_FOUND, MODEL_DEFAULT_UNKNOWN, or the fault of its entry in models.json.
 */
export async function resolveModel(
  db: Db,
  settings: ModelSettings,
  modelId: string,
  application: RunnableApplication,
): Promise<Resolved> {
  const isDefault = same(modelId, 'default')
  const reference = parseReference(isDefault ? settings.defaults[application] : modelId)
  const { models, faults } = await knownModels(settings)
  const found = await find(db, models, reference.name)
  if (!found) {
    const registered = (await allModels(db)).filter((row) => !row.isSystem)
    const candidates = [...models, ...registered].filter((model) => model.application === application)
    const suggestions = closest(reference.name, [...new Set(candidates.map((model) => model.name))])
    if (isDefault)
      throw errors.MODEL_DEFAULT_UNKNOWN({
        variable: defaultVariables[application],
        value: reference.name,
        suggestions,
      })
    // A name that only a broken entry of models.json has is told why, not that it doesn't exist.
    throw faults.get(reference.name) ?? errors.MODEL_NOT_FOUND({ modelId: reference.name, suggestions })
  }
  if (found.known?.fault) throw found.known.fault
  return { ...found, version: reference.version ?? (await aliased(db, found, reference.alias)) }
}

/** At once a number: moving the alias later changes nothing for who was told. */
async function aliased(db: Db, { name, row }: Omit<Resolved, 'version'>, alias: string | null): Promise<number | null> {
  if (alias === null) return null
  const version = row && (await versionOfAlias(db, row.id, alias))
  if (version === null) throw errors.MODEL_ALIAS_NOT_FOUND({ modelId: name, alias })
  return version
}

async function find(db: Db, models: readonly KnownModel[], name: string): Promise<Omit<Resolved, 'version'> | null> {
  const registered = await modelByName(db, name)
  // Once registered, a name means that model for good: also when a later catalogue or models.json has it too.
  const known = registered && !registered.isSystem ? null : findKnown(models, name)
  const row = known && known.name !== name ? await modelByName(db, known.name) : registered
  if (!known && !row) return null
  const { application } = known ?? (row as ModelRow)
  return { name: known?.name ?? name, known, row, application, license: known?.license ?? null }
}

interface Reference {
  name: string
  version: number | null
  alias: string | null
}

export function parseReference(modelId: string): Reference {
  const [, name, version, alias] = /^([^:@]*)(?::([^:@]*)|@([^:@]*))?$/.exec(modelId) ?? []
  if (name === undefined) throw errors.MODEL_ID_INVALID({ reason: 'it has more than one `:` or `@`' })
  if (!isModelName(name))
    throw errors.MODEL_ID_INVALID({ reason: 'a name is letters, digits, `.`, `_` and `-`, at most 128 of them' })
  if (version !== undefined && !/^[1-9]\d{0,8}$/.test(version))
    throw errors.MODEL_ID_INVALID({ reason: 'a version is a whole number from 1' })
  if (alias !== undefined && !isModelName(alias))
    throw errors.MODEL_ID_INVALID({ reason: 'an alias is written like a name' })
  return { name, version: version === undefined ? null : Number(version), alias: alias ?? null }
}

/** At most three names a typing error or two away, best first; also those that begin alike. */
export function closest(name: string, candidates: readonly string[]): string[] {
  const wanted = name.toLowerCase()
  return candidates
    .map((candidate) => ({ candidate, distance: distanceTo(wanted, candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(2, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

function distanceTo(wanted: string, candidate: string): number {
  if (wanted !== candidate && wanted.length >= 3 && (candidate.startsWith(wanted) || wanted.startsWith(candidate)))
    return 1
  return editDistance(wanted, candidate)
}

/** Levenshtein's distance, one row at a time; names are at most 128 long. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
