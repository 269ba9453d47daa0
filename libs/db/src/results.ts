import type { Db } from './db'
import type { ItemSelection } from './items'

/** What makes two results comparable: the same model version under the same parameters. */
export interface ResultKey {
  modelVersionId: string
  parametersDigest: string
}

/** The next stretch of a job's items by id, each with whether it is done under this key. */
export async function planItems(
  db: Db,
  selection: ItemSelection,
  key: ResultKey,
  range: { after: string; upTo: string; limit: number },
): Promise<{ id: string; done: boolean }[]> {
  const { rows } = await db.query<{ id: string; done: boolean }>(
    `select i.id, exists (
       select from item_result r
       where r.item_id = i.id and r.model_version_id = $3 and r.parameters_digest = $4 and r.superseded_at is null) as done
     from item i
     where ($1::bigint is null or i.collection_id = $1) and ($2::bigint[] is null or i.id = any ($2))
       and i.id > $5 and i.id <= $6 and i.content_type = 'IMAGE'
     order by i.id limit $7`,
    [
      selection.collectionId,
      selection.itemIds,
      key.modelVersionId,
      key.parametersDigest,
      range.after,
      range.upTo,
      range.limit,
    ],
  )
  return rows
}

/** Of these items, those that are done under this key. */
export async function doneItems(db: Db, itemIds: readonly string[], key: ResultKey): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>(
    `select item_id as id from item_result
     where item_id = any ($1::bigint[]) and model_version_id = $2 and parameters_digest = $3 and superseded_at is null`,
    [itemIds, key.modelVersionId, key.parametersDigest],
  )
  return new Set(rows.map((row) => row.id))
}

/** Whatever this model version said of these items counts no longer: the marks of every digest end here. */
export async function supersedeResults(
  tx: Db,
  itemIds: readonly string[],
  modelVersionId: string,
  jobId: string,
): Promise<void> {
  await tx.query(
    `update item_result set superseded_at = now(), superseded_by = $3
     where item_id = any ($1::bigint[]) and model_version_id = $2 and superseded_at is null`,
    [itemIds, modelVersionId, jobId],
  )
}

export async function markDone(tx: Db, itemIds: readonly string[], key: ResultKey, jobId: string): Promise<void> {
  await tx.query(
    `insert into item_result (item_id, model_version_id, parameters_digest, job_id)
     select id, $2, $3, $4 from unnest($1::bigint[]) as id`,
    [itemIds, key.modelVersionId, key.parametersDigest, jobId],
  )
}
