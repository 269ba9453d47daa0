import type { Db } from './db'

export interface ModelAliasRow {
  modelId: string
  name: string
  version: number
}

/** Points a name at a version; it pointed at another one before, or is new. */
export async function setModelAlias(tx: Db, modelId: string, name: string, versionId: string): Promise<void> {
  await tx.query(
    `insert into model_alias (model_id, name, version_id) values ($1, $2, $3)
     on conflict (model_id, name) do update set version_id = excluded.version_id, updated_at = now()`,
    [modelId, name, versionId],
  )
}

/** The number of the version an alias means; null when there is no such alias. */
export async function versionOfAlias(db: Db, modelId: string, name: string): Promise<number | null> {
  const { rows } = await db.query<{ version: number }>(
    `select v.version from model_alias a join model_version v on v.id = a.version_id where a.model_id = $1 and a.name = $2`,
    [modelId, name],
  )
  return rows[0]?.version ?? null
}

/** By name; models without one are left out. */
export async function aliasesOfModels(db: Db, modelIds: readonly string[]): Promise<ModelAliasRow[]> {
  const { rows } = await db.query<ModelAliasRow>(
    `select a.model_id as "modelId", a.name, v.version
     from model_alias a join model_version v on v.id = a.version_id
     where a.model_id = any ($1::bigint[]) order by a.name`,
    [modelIds],
  )
  return rows
}
