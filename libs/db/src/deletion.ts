import type { ContentType } from './collections'
import type { Db } from './db'
import type { ItemSelection } from './itemSelection'
import { itemWhere } from './itemWhere'
import { Parameters } from './parameters'

/** What goes with the items of a selection. */
export interface DeletionCount {
  items: number
  /** Live ones. */
  annotations: number
  vectors: number
  /** Of the distinct files. */
  bytes: number
  /** Of these files, those that other items have, too: those files stay. */
  shared: number
}

/** Exact, in one statement. */
export async function countDeletion(db: Db, selection: ItemSelection): Promise<DeletionCount> {
  const parameters = new Parameters()
  const { rows } = await db.query<DeletionCount>(
    `with matched as materialized (select i.id, i.digest, i.byte_size from item i where ${itemWhere(selection, parameters)}),
       files as materialized (select digest, max(byte_size) as byte_size, count(*) as items from matched group by digest)
     select (select count(*) from matched)::integer as items,
       (select count(*) from annotation a where a.superseded_at is null and a.item_id in (select id from matched))::integer as annotations,
       (select count(*) from embedding e where e.item_id in (select id from matched))::integer as vectors,
       (select coalesce(sum(byte_size), 0) from files)::float8 as bytes,
       (select count(*) from (
          select from files join item i on i.digest = files.digest
          group by files.digest, files.items having count(*) > files.items) kept)::integer as shared`,
    parameters.values,
  )
  return rows[0] ?? { items: 0, annotations: 0, vectors: 0, bytes: 0, shared: 0 }
}

/**
 * The items to delete in the next stretch. It looks at `window` items of the scope, however few of them match, so that no
 * statement is long. `last`: the last item looked at; null: there is nothing behind `after`.
 */
export async function planDeletion(
  db: Db,
  selection: ItemSelection,
  range: { after: string; upTo: string; window: number },
): Promise<{ found: { id: string; contentType: ContentType }[]; last: string | null }> {
  const parameters = new Parameters()
  const scope = itemWhere({ ...selection, predicate: null }, parameters)
  const matches = itemWhere(selection, parameters)
  const { rows } = await db.query<{ ids: string[]; types: ContentType[]; last: string | null }>(
    `with looked as materialized (
       select i.id from item i
       where ${scope} and i.id > ${parameters.add(range.after, 'bigint')} and i.id <= ${parameters.add(range.upTo, 'bigint')}
       order by i.id limit ${parameters.add(range.window, 'integer')}),
     matching as (select i.id, i.content_type from item i where i.id in (select id from looked) and ${matches})
     select coalesce(array_agg(id order by id), '{}') as ids, coalesce(array_agg(content_type order by id), '{}') as types,
       (select max(id) from looked) as last
     from matching`,
    parameters.values,
  )
  const { ids, types, last } = rows[0] ?? { ids: [], types: [], last: null }
  return { found: ids.map((id, index) => ({ id, contentType: types[index] ?? 'OTHER' })), last }
}

/** Every table that refers to items: what is in them goes with the items. */
export const itemReferences = [
  'annotation',
  'item_tag',
  'item_result',
  'embedding',
  'job_failure',
  'import_image',
] as const

/**
 * Deletes items with all that is said of them, and returns the unique names of those that were still there, by id. What refers to
 * them goes first and set by set: left to the foreign keys it would go row by row. Their files get their grace time anew; whether
 * anything else refers to them only the sweep that comes after it asks.
 */
export async function deleteItems(tx: Db, ids: readonly string[]): Promise<string[]> {
  // In the order that everybody locks items in, and at once as strongly as deleting needs: raising a lock later is how two wait
  // for each other.
  const { rows } = await tx.query<{ id: string; uniqueName: string }>(
    `select id, unique_name as "uniqueName" from item where id = any ($1::bigint[]) order by id for update`,
    [ids],
  )
  const present = rows.map((row) => row.id)
  if (present.length === 0) return []
  for (const table of itemReferences)
    await tx.query(`delete from ${table} where item_id = any ($1::bigint[])`, [present])
  await tx.query(
    `with wanted as (
       select digest from blob
       where digest in (
         select digest from item where id = any ($1::bigint[])
         union select thumbnail_digest from item where id = any ($1::bigint[]))
       order by digest for no key update)
     update blob set touched_at = now() from wanted where blob.digest = wanted.digest`,
    [present],
  )
  await tx.query(`delete from item where id = any ($1::bigint[])`, [present])
  return rows.map((row) => row.uniqueName)
}
