import {
  allModels,
  countModelVersions,
  hasContent,
  listModelVersions as versionPage,
  modelVersionsByIds as versionRows,
  modelsByIds as modelRows,
  newestReadyVersions,
  statesOfModels,
  type Keyset,
  type ModelRow,
  type ModelVersionRow,
  type ModelVersionStatus,
  type ModelVersionWithContent,
} from '@lakelens/db'
import { isId } from '../ids'
import type { Lake } from '../lake'
import { readPage, type Page, type PageArgs } from '../page'
import { errors } from './errors'
import { findKnown, knownOrCatalogue, type KnownModel } from './known'
import { locateFile } from './locate'
import type { Application, RunnableApplication } from './settings'

export type ModelVersion = ModelVersionRow

/**
 * `NOT_FETCHED`: a system model whose file isn't here and that was never opened; its first use fetches it. `READY`: a version
 * is ready, or the file is here and becomes one at the first use; `currentVersion` is null until then. A model without a ready
 * version is what its versions are: VALIDATING before FAILED before ARCHIVED.
 */
export type ModelStatus = 'NOT_FETCHED' | ModelVersionStatus

export interface Model {
  /** Null until the model was first opened. */
  id: string | null
  modelId: string
  application: Application
  isSystem: boolean
  /** What `default` means for its application. */
  isDefault: boolean
  status: ModelStatus
  description: string | null
  /** The newest READY version. */
  currentVersion: ModelVersion | null
  /** SPDX id. */
  license: string | null
  /** Null for a system model that was never opened. */
  createdAt: Date | null
  createdBy: string | null
}

export interface ModelFilter {
  application?: Application | null | undefined
  status?: ModelStatus | null | undefined
  /** Part of the name, in any case. */
  query?: string | null | undefined
}

/** The catalogue, the models folder and the database as one list, by name. */
export async function listModels(lake: Lake, args: PageArgs & ModelFilter): Promise<Page<Model>> {
  lake.viewer.require('read')
  const wanted = args.query?.toLowerCase() ?? ''
  const models = (await everyModel(lake)).filter(
    (model) =>
      (args.application == null || model.application === args.application) &&
      (args.status == null || model.status === args.status) &&
      model.modelId.toLowerCase().includes(wanted),
  )
  return readPage(args, lake.limits.maxPageSize, {
    order: 'model-name',
    keyOf: (model) => model.modelId,
    rows: (keyset) => Promise.resolve(beyond(models, keyset)),
    count: () => Promise.resolve(models.length),
  })
}

/** By name, or by another name of a system model; `default` needs the application it is the default of. */
export async function getModel(
  lake: Lake,
  modelId: string,
  application?: RunnableApplication | null,
): Promise<Model | null> {
  lake.viewer.require('read')
  const models = await everyModel(lake)
  if (modelId.toLowerCase() === 'default') {
    return models.find((model) => model.isDefault && model.application === application) ?? null
  }
  const { models: known } = await knownOrCatalogue(lake)
  const named = (name: string) => models.find((model) => model.modelId === name)
  const found = named(modelId) ?? named(findKnown(known, modelId)?.name ?? modelId)
  return found && (application == null || found.application === application) ? found : null
}

/** One entry an id, in the order asked. */
export async function modelsByIds(lake: Lake, ids: readonly string[]): Promise<(Model | null)[]> {
  lake.viewer.require('read')
  const rows = await modelRows(lake.db, ids.filter(isId))
  const models = new Map((await describe(lake, rows, [])).map((model) => [model.id, model]))
  return ids.map((id) => models.get(id) ?? null)
}

/** One entry an id, in the order asked. */
export async function modelVersionsByIds(lake: Lake, ids: readonly string[]): Promise<(ModelVersion | null)[]> {
  lake.viewer.require('read')
  const found = new Map((await versionRows(lake.db, ids.filter(isId))).map((row) => [row.id, row]))
  return ids.map((id) => found.get(id) ?? null)
}

/** Throws MODEL_VERSION_GONE: for whoever holds an id that once was one, as a job does. */
export async function modelVersionById(lake: Lake, id: string): Promise<ModelVersionWithContent> {
  const [version] = await modelVersionsByIds(lake, [id])
  if (!version || !hasContent(version)) throw errors.MODEL_VERSION_GONE({ id })
  return version
}

/** The newest first. A model that was never opened has none. */
export async function listModelVersions(
  lake: Lake,
  model: Pick<Model, 'id'>,
  args: PageArgs,
): Promise<Page<ModelVersion>> {
  lake.viewer.require('read')
  const { id } = model
  return readPage<ModelVersion>(args, lake.limits.maxPageSize, {
    order: `model-${id}-version-id`,
    descending: true,
    keyOf: (version) => String(version.version),
    rows: (keyset) => (id === null ? Promise.resolve([]) : versionPage(lake.db, id, keyset)),
    count: () => (id === null ? Promise.resolve(0) : countModelVersions(lake.db, id)),
  })
}

function beyond(models: readonly Model[], { key, descending, limit }: Keyset): Model[] {
  const side = models.filter(({ modelId }) => key === null || (descending ? modelId < key : modelId > key))
  return (descending ? side.reverse() : side).slice(0, limit)
}

async function everyModel(lake: Lake): Promise<Model[]> {
  const { models: known } = await knownOrCatalogue(lake)
  const models = await describe(lake, await allModels(lake.db), known)
  // By code unit, as the keyset compares: a locale's order would lose rows between pages.
  return models.sort((a, b) => (a.modelId < b.modelId ? -1 : 1))
}

async function describe(lake: Lake, rows: readonly ModelRow[], listed: readonly KnownModel[]): Promise<Model[]> {
  const { models, folder } = await knownOrCatalogue(lake)
  const ids = rows.map((row) => row.id)
  const versions = new Map((await newestReadyVersions(lake.db, ids)).map((version) => [version.modelId, version]))
  const states = new Map((await statesOfModels(lake.db, ids)).map((row) => [row.modelId, row.states]))
  const byName = new Map(models.map((known) => [known.name, known]))
  const names = new Set([...rows.map((row) => row.name), ...listed.map((known) => known.name)])
  const rowOf = new Map(rows.map((row) => [row.name, row]))
  return Promise.all(
    [...names].map(async (name): Promise<Model> => {
      const row = rowOf.get(name) ?? null
      // A name that was registered is that model, whatever the catalogue or models.json came to list later.
      const known = row && !row.isSystem ? null : (byName.get(name) ?? null)
      const currentVersion = (row && versions.get(row.id)) ?? null
      const isHere =
        currentVersion !== null || (known !== null && (await locateFile(lake.models, known, folder)) !== null)
      const application = (row ?? known)?.application as Application
      return {
        id: row?.id ?? null,
        modelId: name,
        application,
        isSystem: row?.isSystem ?? true,
        isDefault: isDefault(lake, name, application, known),
        status: isHere ? 'READY' : statusOf(row !== null && !row.isSystem ? (states.get(row.id) ?? []) : null),
        description: row?.description ?? known?.description ?? null,
        currentVersion,
        license: known?.license ?? currentVersion?.license ?? null,
        createdAt: row?.createdAt ?? null,
        createdBy: row?.createdBy ?? null,
      }
    }),
  )
}

/** Of a model without a ready version; null: it isn't a registered one. */
const statusOf = (states: readonly ModelVersionStatus[] | null): ModelStatus =>
  states === null
    ? 'NOT_FETCHED'
    : ((['VALIDATING', 'FAILED', 'ARCHIVED'] as const).find((status) => states.includes(status)) ?? 'FAILED')

function isDefault(lake: Lake, name: string, application: Application, known: KnownModel | null): boolean {
  if (application === 'AUTO_ANNOTATION') return false
  const wanted = lake.models.defaults[application].split(/[:@]/)[0] as string
  const names = known?.system ? [name, ...known.system.aliases] : []
  return wanted === name || names.some((other) => other.toLowerCase() === wanted.toLowerCase())
}
