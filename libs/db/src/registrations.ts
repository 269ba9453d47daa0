import type { Db } from './db'
import type { ModelApplication, ModelVersionContent, ModelVersionStatus, ValidationReport } from './models'
import { storableJson, storableText } from './storable'

const storableLog = (log: string | null): string | null => log && storableText(log)

/**
 * Whether nothing of this name was ever ready or is being checked now: its row is left over from attempts that failed.
 * Call with the model locked.
 */
export async function isModelUnused(tx: Db, modelId: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    `select 1 from model_version where model_id = $1 and (package_digest is not null or status = 'VALIDATING') limit 1`,
    [modelId],
  )
  return rowCount === 0
}

export async function setModelApplication(tx: Db, modelId: string, application: ModelApplication): Promise<void> {
  await tx.query(`update model set application = $2 where id = $1`, [modelId, application])
}

export async function setModelDescription(tx: Db, modelId: string, description: string): Promise<void> {
  await tx.query(`update model set description = $2 where id = $1`, [modelId, description])
}

/**
 * A version that is being checked, with the next number. An earlier attempt from the same source that never got a content is
 * made this one. Call with the model locked. Returns its id.
 */
export async function startVersion(
  tx: Db,
  version: { modelId: string; sourceKey: string; createdBy: string },
): Promise<string> {
  const values = [version.modelId, version.sourceKey, version.createdBy]
  const again = await tx.query<{ id: string }>(
    `update model_version v
     set status = 'VALIDATING', created_by = $3, registered_at = now(), validation = null, install_log = null, runtime = null,
       version = (select coalesce(max(o.version), 0) + 1 from model_version o where o.model_id = $1 and o.id <> v.id)
     where v.id = (
       select id from model_version
       where model_id = $1 and source_key = $2 and status = 'FAILED' and package_digest is null order by version desc limit 1)
     returning v.id`,
    values,
  )
  if (again.rows[0]) return again.rows[0].id
  const { rows } = await tx.query<{ id: string }>(
    `insert into model_version (model_id, version, status, origin, source_key, created_by, manifest)
     select $1::bigint, coalesce(max(version), 0) + 1, 'VALIDATING', 'REGISTERED', $2::text, $3::text, '{}'
     from model_version where model_id = $1::bigint
     returning id`,
    values,
  )
  return (rows[0] as { id: string }).id
}

/** Gives a version that was being checked its content. False: it isn't being checked any more. */
export async function finishVersion(
  tx: Db,
  versionId: string,
  content: ModelVersionContent,
  found: { validation: ValidationReport; installLog: string | null },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update model_version
     set status = 'READY', runtime = $2, sha256 = $3, package_digest = $4, byte_size = $5::bigint, license = $6, manifest = $7,
       labels = $8::text[], vector_dimension = $9, inputs = $10, outputs = $11, fixed_width = $12, fixed_height = $13, stride = $14,
       warmup_ms = $15, validation = $16, install_log = $17
     where id = $1 and status = 'VALIDATING'`,
    [
      versionId,
      content.runtime,
      content.sha256,
      content.packageDigest,
      content.byteSize,
      content.license,
      JSON.stringify(content.manifest),
      content.labels,
      content.vectorDimension,
      JSON.stringify(content.inputs),
      JSON.stringify(content.outputs),
      content.fixedResolution?.width ?? null,
      content.fixedResolution?.height ?? null,
      content.stride,
      content.warmupMs,
      storableJson(found.validation),
      storableLog(found.installLog),
    ],
  )
  return rowCount > 0
}

/** Ends the checks of a version without a content. */
export async function failVersion(
  tx: Db,
  versionId: string,
  found: { validation: ValidationReport; installLog: string | null },
): Promise<void> {
  await tx.query(
    `update model_version set status = 'FAILED', validation = $2, install_log = $3 where id = $1 and status = 'VALIDATING'`,
    [versionId, storableJson(found.validation), storableLog(found.installLog)],
  )
}

/** Removes a version that turned out to be one there is already. */
export async function dropValidatingVersion(tx: Db, versionId: string): Promise<void> {
  await tx.query(`delete from model_version where id = $1 and status = 'VALIDATING'`, [versionId])
}

/**
 * A version that was put away, or whose requirements failed, is ready again: its content has just been checked anew. What a
 * failed install said is no longer so: the next one has its say.
 */
export async function reviveVersion(
  tx: Db,
  versionId: string,
  found: { validation: ValidationReport; installLog: string | null },
): Promise<void> {
  await tx.query(
    `update model_version
     set status = 'READY', validation = $2, install_log = coalesce($3, case when status = 'ARCHIVED' then install_log end)
     where id = $1 and status in ('ARCHIVED', 'FAILED')`,
    [versionId, storableJson(found.validation), storableLog(found.installLog)],
  )
}

/** Keeps how the requirements were installed the first time. */
export async function noteInstallLog(db: Db, versionId: string, log: string): Promise<void> {
  await db.query(`update model_version set install_log = $2 where id = $1 and install_log is null`, [
    versionId,
    storableText(log),
  ])
}

/** The dimension of a version whose package didn't say it, as its first use told. */
export async function noteVectorDimension(db: Db, versionId: string, dimension: number): Promise<void> {
  await db.query(`update model_version set vector_dimension = $2 where id = $1 and vector_dimension is null`, [
    versionId,
    dimension,
  ])
}

/** A version whose requirements can't be installed is not ready, whatever its checks said. */
export async function failInstalledVersion(db: Db, versionId: string, log: string | null): Promise<void> {
  await db.query(
    `update model_version set status = 'FAILED', install_log = coalesce($2, install_log) where id = $1 and status = 'READY'`,
    [versionId, storableLog(log)],
  )
}

/**
 * The status a version has now, held until the transaction ends: who puts a version away waits for those who are about to use it,
 * and the other way round. Null: there is none of this id.
 */
export async function holdVersion(tx: Db, versionId: string): Promise<ModelVersionStatus | null> {
  const { rows } = await tx.query<{ status: ModelVersionStatus }>(
    `select status from model_version where id = $1 for share`,
    [versionId],
  )
  return rows[0]?.status ?? null
}

/** The versions of a model, or one of them, locked against whoever wants to use them. Call with the model locked. */
export async function lockVersions(
  tx: Db,
  modelId: string,
  version: number | null,
): Promise<{ id: string; version: number; status: ModelVersionStatus }[]> {
  const { rows } = await tx.query<{ id: string; version: number; status: ModelVersionStatus }>(
    `select id, version, status from model_version
     where model_id = $1 and ($2::integer is null or version = $2) order by version for update`,
    [modelId, version],
  )
  return rows
}

/** Puts versions away; aliases that mean them go. */
export async function archiveVersions(tx: Db, versionIds: readonly string[]): Promise<void> {
  await tx.query(`delete from model_alias where version_id = any ($1::bigint[])`, [versionIds])
  await tx.query(`update model_version set status = 'ARCHIVED' where id = any ($1::bigint[]) and status = 'READY'`, [
    versionIds,
  ])
}

/** Unfinished jobs that run or check one of these versions, or will: by what they were asked with. At most `limit`. */
export async function unfinishedJobsOf(
  tx: Db,
  of: { versionIds: readonly string[]; references: readonly string[]; limit: number },
): Promise<{ id: string; name: string }[]> {
  const { rows } = await tx.query<{ id: string; name: string }>(
    `select id, name from job
     where status in ('QUEUED', 'IN_PROGRESS', 'PAUSED')
       and (model_version_id = any ($1::bigint[]) or (model_version_id is null and payload ->> 'model' = any ($2::text[])))
     order by id limit $3`,
    [of.versionIds, of.references, of.limit],
  )
  return rows
}
