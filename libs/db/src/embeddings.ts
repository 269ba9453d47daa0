import type { Db } from './db'
import { readVector, vectorArrayParameter, vectorColumn } from './vector'

export type EmbeddingSource = 'GENERATED' | 'INSERTED'

/** Stores one vector an item, replacing what the model version had of it. The partition must exist. */
export async function upsertEmbeddings(
  tx: Db,
  modelVersionId: string,
  embeddings: readonly { itemId: string; vector: Float32Array }[],
  from: { source: EmbeddingSource; jobId: string | null },
): Promise<void> {
  if (embeddings.length === 0) return
  const vectors = await vectorArrayParameter(
    tx,
    embeddings.map((embedding) => embedding.vector),
  )
  await tx.query(
    `insert into embedding (model_version_id, item_id, embedding, source, job_id)
     select $1, id, vector, $4, $5 from unnest($2::bigint[], $3::vector[]) as new (id, vector)
     on conflict (model_version_id, item_id) do update
       set embedding = excluded.embedding, source = excluded.source, job_id = excluded.job_id, created_at = now()`,
    [modelVersionId, embeddings.map((embedding) => embedding.itemId), vectors, from.source, from.jobId],
  )
}

/**
 * The version reading means: the one asked for, else the newest that holds vectors and that no unfinished job is filling,
 * else the newest that holds any. Null when no version of the name has a vector.
 */
export async function embeddingVersionToRead(
  db: Db,
  modelName: string,
  version: number | null,
): Promise<{ id: string; version: number } | null> {
  const { rows } = await db.query<{ id: string; version: number }>(
    `select v.id, v.version from model_version v join model m on m.id = v.model_id
     where m.name = $1 and ($2::integer is null or v.version = $2)
       and exists (select from embedding e where e.model_version_id = v.id)
     order by exists (select from job j where j.model_version_id = v.id and j.status in ('QUEUED', 'IN_PROGRESS', 'PAUSED')), v.version desc
     limit 1`,
    [modelName, version],
  )
  return rows[0] ?? null
}

export interface EmbeddingRow {
  itemId: string
  vector: Float32Array
  source: EmbeddingSource
  createdAt: Date
}

/** In no particular order; items without a vector are left out. */
export async function readEmbeddings(
  db: Db,
  modelVersionId: string,
  itemIds: readonly string[],
): Promise<EmbeddingRow[]> {
  const { rows } = await db.query<Omit<EmbeddingRow, 'vector'> & { stored: Buffer }>(
    `select item_id as "itemId", ${vectorColumn('embedding')} as stored, source, created_at as "createdAt"
     from embedding where model_version_id = $1 and item_id = any ($2::bigint[])`,
    [modelVersionId, itemIds],
  )
  return rows.map(({ stored, ...row }) => ({ ...row, vector: readVector(stored) }))
}

/** Names of the models each item has a vector of. */
export async function embeddingModelsOfItems(
  db: Db,
  itemIds: readonly string[],
): Promise<{ itemId: string; modelName: string }[]> {
  const { rows } = await db.query<{ itemId: string; modelName: string }>(
    `select distinct e.item_id as "itemId", m.name as "modelName"
     from embedding e join model_version v on v.id = e.model_version_id join model m on m.id = v.model_id
     where e.item_id = any ($1::bigint[]) order by 2`,
    [itemIds],
  )
  return rows
}
