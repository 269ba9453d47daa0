import type { Db } from './db'
import { keysetWords, type Keyset } from './keyset'

export type ModelApplication = 'AUTO_TAGGING' | 'AUTO_ANNOTATION' | 'EMBEDDING'
export type ModelVersionStatus = 'VALIDATING' | 'READY' | 'FAILED' | 'ARCHIVED'
export type ModelRuntime = 'ONNX' | 'PYTHON' | 'REMOTE' | 'EXTERNAL'
export type ModelOrigin = 'PUBLISHER' | 'LOCAL' | 'REGISTERED' | 'EXTERNAL' | 'BUNDLED'

export interface ModelRow {
  id: string
  name: string
  application: ModelApplication
  isSystem: boolean
  description: string | null
  createdBy: string | null
  createdAt: Date
}

export interface ModelTensor {
  name: string
  type: string
  /** -1 for a free dimension. */
  shape: number[]
}

export interface ModelVersionRow {
  id: string
  modelId: string
  modelName: string
  application: ModelApplication
  version: number
  status: ModelVersionStatus
  /** Null while it is being checked, and when the checks failed before it was known; so are `sha256` and `byteSize`. */
  runtime: ModelRuntime | null
  origin: ModelOrigin
  /** In training order. */
  labels: string[]
  vectorDimension: number | null
  /** Empty until the graph was first opened. */
  inputs: ModelTensor[]
  outputs: ModelTensor[]
  /** Null when the graph takes any size that is a multiple of `stride`. */
  fixedResolution: { width: number; height: number } | null
  stride: number | null
  sha256: string | null
  byteSize: number | null
  license: string | null
  manifest: Record<string, unknown>
  warmupMs: number | null
  /** What the checks of a registered version found; null for system models, and until they have ended. */
  validation: ValidationReport | null
  /** How the requirements of `inference.py` were installed; null before the first use. */
  installLog: string | null
  createdBy: string | null
  registeredAt: Date
}

/** A version that has its content: every one that is READY or ARCHIVED. */
export type ModelVersionWithContent = ModelVersionRow & { sha256: string; byteSize: number; runtime: ModelRuntime }

export const hasContent = (version: ModelVersionRow): version is ModelVersionWithContent =>
  version.sha256 !== null && version.byteSize !== null && version.runtime !== null

/** As stored; who writes it knows its checks. */
export interface ValidationReport {
  ok: boolean
  checks: {
    code: string
    name: string
    outcome: 'PASSED' | 'WARNING' | 'FAILED' | 'SKIPPED'
    message: string | null
    file: string | null
    line: number | null
    hint: string | null
  }[]
  durationMs: number
}

/** What decides the answers of a version, and what opening it told. */
export interface ModelVersionContent {
  runtime: ModelRuntime
  sha256: string
  byteSize: number
  packageDigest: string
  license: string | null
  manifest: Record<string, unknown>
  labels: string[]
  vectorDimension: number | null
  inputs: ModelTensor[]
  outputs: ModelTensor[]
  fixedResolution: { width: number; height: number } | null
  stride: number | null
  warmupMs: number | null
}

export interface NewModelVersion extends ModelVersionContent {
  modelId: string
  status: ModelVersionStatus
  origin: ModelOrigin
}

const modelColumns = `m.id, m.name, m.application, m.is_system as "isSystem", m.description, m.created_by as "createdBy", m.created_at as "createdAt"`

// A file's size fits a double exactly; as bigint it would come back as text.
const versionColumns = `v.id, v.model_id as "modelId", m.name as "modelName", m.application, v.version, v.status, v.runtime, v.origin,
  v.labels, v.vector_dimension as "vectorDimension", coalesce(v.inputs, '[]') as inputs, coalesce(v.outputs, '[]') as outputs,
  case when v.fixed_width is not null then jsonb_build_object('width', v.fixed_width, 'height', v.fixed_height) end as "fixedResolution",
  v.stride, v.sha256, v.byte_size::double precision as "byteSize", v.license, v.manifest,
  v.warmup_ms::double precision as "warmupMs", v.validation, v.install_log as "installLog", v.created_by as "createdBy",
  v.registered_at as "registeredAt"`

const versionTables = `model_version v join model m on m.id = v.model_id`

export async function modelByName(db: Db, name: string): Promise<ModelRow | null> {
  const { rows } = await db.query<ModelRow>(`select ${modelColumns} from model m where m.name = $1`, [name])
  return rows[0] ?? null
}

/** In no particular order; ids that don't exist are left out. */
export async function modelsByIds(db: Db, ids: readonly string[]): Promise<ModelRow[]> {
  const { rows } = await db.query<ModelRow>(`select ${modelColumns} from model m where m.id = any ($1::bigint[])`, [
    ids,
  ])
  return rows
}

/** Every model there is: people name them one by one, so they are few. */
export async function allModels(db: Db): Promise<ModelRow[]> {
  const { rows } = await db.query<ModelRow>(`select ${modelColumns} from model m order by m.name`)
  return rows
}

/**
 * The row of this name, made if there is none, and locked until the transaction ends: whoever numbers a version next waits.
 * A row that exists is returned as it is, whatever its application.
 */
export async function lockModel(
  tx: Db,
  model: {
    name: string
    application: ModelApplication
    isSystem: boolean
    description: string | null
    createdBy: string | null
  },
): Promise<ModelRow> {
  await tx.query(
    `insert into model (name, application, is_system, description, created_by) values ($1, $2, $3, $4, $5) on conflict (name) do nothing`,
    [model.name, model.application, model.isSystem, model.description, model.createdBy],
  )
  const { rows } = await tx.query<ModelRow>(`select ${modelColumns} from model m where m.name = $1 for update`, [
    model.name,
  ])
  return rows[0] as ModelRow
}

/**
 * The version of this model with this package, made with the next number if there is none. Call with the model locked.
 * A version that exists is returned as it is: a version never changes.
 */
export async function insertModelVersion(tx: Db, version: NewModelVersion): Promise<ModelVersionWithContent> {
  await tx.query(
    `insert into model_version (model_id, version, status, runtime, origin, sha256, package_digest, byte_size, license, manifest, labels,
       vector_dimension, inputs, outputs, fixed_width, fixed_height, stride, warmup_ms)
     select $1::bigint, coalesce(max(version), 0) + 1, $2::text, $3::text, $4::text, $5::text, $6::text, $7::bigint, $8::text, $9::jsonb,
       $10::text[], $11::integer, $12::jsonb, $13::jsonb, $14::integer, $15::integer, $16::integer, $17::real
     from model_version where model_id = $1::bigint
     on conflict (model_id, package_digest) do nothing`,
    [
      version.modelId,
      version.status,
      version.runtime,
      version.origin,
      version.sha256,
      version.packageDigest,
      version.byteSize,
      version.license,
      JSON.stringify(version.manifest),
      version.labels,
      version.vectorDimension,
      JSON.stringify(version.inputs),
      JSON.stringify(version.outputs),
      version.fixedResolution?.width ?? null,
      version.fixedResolution?.height ?? null,
      version.stride,
      version.warmupMs,
    ],
  )
  return (await modelVersionByPackage(tx, version.modelId, version.packageDigest)) as ModelVersionWithContent
}

export async function modelVersionByPackage(
  db: Db,
  modelId: string,
  packageDigest: string,
): Promise<ModelVersionWithContent | null> {
  const { rows } = await db.query<ModelVersionWithContent>(
    `select ${versionColumns} from ${versionTables} where v.model_id = $1 and v.package_digest = $2`,
    [modelId, packageDigest],
  )
  return rows[0] ?? null
}

/** In no particular order; ids that don't exist are left out. */
export async function modelVersionsByIds(db: Db, ids: readonly string[]): Promise<ModelVersionRow[]> {
  const { rows } = await db.query<ModelVersionRow>(
    `select ${versionColumns} from ${versionTables} where v.id = any ($1::bigint[])`,
    [ids],
  )
  return rows
}

export async function modelVersionByNumber(db: Db, modelId: string, version: number): Promise<ModelVersionRow | null> {
  const { rows } = await db.query<ModelVersionRow>(
    `select ${versionColumns} from ${versionTables} where v.model_id = $1 and v.version = $2`,
    [modelId, version],
  )
  return rows[0] ?? null
}

/** The newest READY version of each model; models without one are left out. */
export async function newestReadyVersions(db: Db, modelIds: readonly string[]): Promise<ModelVersionWithContent[]> {
  const { rows } = await db.query<ModelVersionWithContent>(
    `select distinct on (v.model_id) ${versionColumns}
     from ${versionTables}
     where v.model_id = any ($1::bigint[]) and v.status = 'READY'
     order by v.model_id, v.version desc`,
    [modelIds],
  )
  return rows
}

/** The keyset's key is a version number. */
export async function listModelVersions(db: Db, modelId: string, keyset: Keyset): Promise<ModelVersionRow[]> {
  const { beyond, order } = keysetWords(keyset)
  const { rows } = await db.query<ModelVersionRow>(
    `select ${versionColumns} from ${versionTables}
     where v.model_id = $1 and ($2::bigint is null or v.version ${beyond} $2)
     order by v.version ${order} limit $3`,
    [modelId, keyset.key, keyset.limit],
  )
  return rows
}

export async function countModelVersions(db: Db, modelId: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::integer as count from model_version where model_id = $1`,
    [modelId],
  )
  return rows[0]?.count ?? 0
}
