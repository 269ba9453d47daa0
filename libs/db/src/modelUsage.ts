import type { Db } from './db'
import type { ModelVersionStatus } from './models'

export interface ModelUsageRow {
  modelId: string
  jobs: number
  items: number
  lastUsedAt: Date | null
}

/** What runs of these kinds have done with each model, from the jobs alone: counting results would read every one of them. */
export async function usageOfModels(
  db: Db,
  modelIds: readonly string[],
  kinds: readonly string[],
): Promise<ModelUsageRow[]> {
  const { rows } = await db.query<ModelUsageRow>(
    `select model_id as "modelId", count(*)::integer as jobs, sum(succeeded)::float8 as items, max(started_at) as "lastUsedAt"
     from job where model_id = any ($1::bigint[]) and kind = any ($2::text[]) group by model_id`,
    [modelIds, kinds],
  )
  return rows
}

/** Which states the versions of each model are in; models without one are left out. */
export async function statesOfModels(
  db: Db,
  modelIds: readonly string[],
): Promise<{ modelId: string; states: ModelVersionStatus[] }[]> {
  const { rows } = await db.query<{ modelId: string; states: ModelVersionStatus[] }>(
    `select model_id as "modelId", array_agg(distinct status) as states
     from model_version where model_id = any ($1::bigint[]) group by model_id`,
    [modelIds],
  )
  return rows
}
