import type { Db } from './db'
import { databaseErrors } from './errors'

/**
 * Makes the partition that holds the vectors of one model version, all of `dimension`, unless it is there.
 * Takes a transaction of its own kind: attaching locks `item` against writes for a moment, so call it before, not between,
 * writes. Throws PARTITION_DIMENSION when the version has vectors of another dimension.
 */
export async function ensureEmbeddingPartition(tx: Db, modelVersionId: string, dimension: number): Promise<void> {
  const id = BigInt(modelVersionId).toString()
  if (!Number.isInteger(dimension) || dimension < 1 || dimension > 16_000)
    throw new RangeError(`no vector has ${dimension} dimensions`)
  if (await isThere(tx, id, dimension)) return
  // The embedded database is one session; elsewhere two workers may need the partition at once.
  if (tx.kind === 'postgres') {
    await tx.query(`select pg_advisory_xact_lock(hashtextextended('embedding_' || $1, 0))`, [id])
    if (await isThere(tx, id, dimension)) return
  }
  // Made apart and attached: "create table ... partition of" would lock the whole embedding table against readers.
  await tx.query(
    `create table embedding_${id} (
       like embedding including defaults including constraints,
       constraint embedding_${id}_dimension_${dimension} check (vector_dims(embedding) = ${dimension})
     );
     alter table embedding attach partition embedding_${id} for values in (${id})`,
  )
}

async function isThere(tx: Db, id: string, dimension: number): Promise<boolean> {
  const { rows } = await tx.query<{ actual: number }>(
    `select substring(c.conname from '_dimension_([0-9]+)$')::int as actual
     from pg_constraint c
     where c.conrelid = to_regclass($1) and c.contype = 'c' and c.conname like '%\\_dimension\\_%'`,
    [`embedding_${id}`],
  )
  const actual = rows[0]?.actual
  if (actual === undefined) return false
  if (actual !== dimension)
    throw databaseErrors.PARTITION_DIMENSION({ modelVersionId: id, expected: actual, actual: dimension })
  return true
}
