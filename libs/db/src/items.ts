import { isLakeError } from '@lakelens/kernel'
import type { ContentType } from './collections'
import type { Database, Db } from './db'
import type { ItemOrderKey, ItemSelection } from './itemSelection'
import { itemWhere } from './itemWhere'
import { pageWhere } from './pageWhere'
import { keysetWords, type Keyset } from './keyset'
import { Parameters } from './parameters'
import { storableJson, storableOnly, storableText } from './storable'

export interface ItemRow {
  id: string
  collectionId: string
  uniqueName: string
  name: string
  contentType: ContentType
  mediaType: string
  digest: string
  byteSize: number
  /** Pixels as people see the picture: after EXIF orientation. */
  width: number | null
  height: number | null
  thumbnailDigest: string | null
  /** Of a video; null for pictures. */
  durationSeconds: number | null
  frameCount: number | null
  /** Frames a second, on average. */
  frameRate: number | null
  /** What people say of it: values by field, without the tags. */
  metadata: Record<string, unknown>
  /** Custom tags, as they were written. */
  tags: string[]
  createdAt: Date
  updatedAt: Date
}

export type NewItemRow = Pick<
  ItemRow,
  | 'collectionId'
  | 'uniqueName'
  | 'name'
  | 'contentType'
  | 'mediaType'
  | 'digest'
  | 'byteSize'
  | 'width'
  | 'height'
  | 'thumbnailDigest'
> &
  Partial<Pick<ItemRow, 'durationSeconds' | 'frameCount' | 'frameRate' | 'metadata' | 'tags'>>

// A file's size fits a double exactly (2^53 bytes), and bigint would come back as text.
const columns = `id, collection_id as "collectionId", unique_name as "uniqueName", name, content_type as "contentType",
  media_type as "mediaType", digest, byte_size::float8 as "byteSize", width, height, thumbnail_digest as "thumbnailDigest",
  duration_seconds as "durationSeconds", frame_count as "frameCount", frame_rate as "frameRate", metadata, tags,
  created_at as "createdAt", updated_at as "updatedAt"`

/** Inserts what isn't there yet by unique name, in the order given, and returns the rows that are new. */
export async function insertItems(db: Db, items: readonly NewItemRow[], createdBy: string): Promise<ItemRow[]> {
  const { rows } = await db.query<ItemRow>(
    `insert into item (collection_id, unique_name, name, content_type, media_type, digest, byte_size, width, height, thumbnail_digest,
       duration_seconds, frame_count, frame_rate, metadata, tags, created_by)
     select "collectionId", "uniqueName", name, "contentType", "mediaType", digest, "byteSize", width, height, "thumbnailDigest",
       "durationSeconds", "frameCount", "frameRate", coalesce(metadata, '{}'), coalesce(tags, '{}'), $2
     from jsonb_to_recordset($1::jsonb) as new ("collectionId" bigint, "uniqueName" text, name text, "contentType" text, "mediaType" text,
       digest text, "byteSize" bigint, width integer, height integer, "thumbnailDigest" text, "durationSeconds" float8, "frameCount" integer, "frameRate" float8,
       metadata jsonb, tags text[])
     on conflict do nothing
     returning ${columns}`,
    [storableJson(items), createdBy],
  )
  return rows
}

/** In no particular order; unknown ones are left out. */
export async function itemsByIds(db: Db, ids: readonly string[]): Promise<ItemRow[]> {
  const { rows } = await db.query<ItemRow>(`select ${columns} from item where id = any ($1::bigint[])`, [ids])
  return rows
}

/** In no particular order; unknown ones are left out. */
export async function itemsByUniqueNames(db: Db, uniqueNames: readonly string[]): Promise<ItemRow[]> {
  const { rows } = await db.query<ItemRow>(`select ${columns} from item where unique_name = any ($1::text[])`, [
    storableOnly(uniqueNames),
  ])
  return rows
}

/** A row of a list, with the key that says where in the order it stands. */
export type ListedItemRow = ItemRow & { sortKey: string }

interface ListOrder {
  /** What is ordered by, unique as a whole; each with an index. */
  columns: readonly string[]
  types: readonly string[]
  /** The same as one text, exact: a Date would cut microseconds off, and the next page would begin with the same row. */
  key: string
}
const at = (column: string): ListOrder => ({
  columns: [column, 'i.id'],
  types: ['timestamptz', 'bigint'],
  key: `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || ' ' || i.id`,
})
const listOrders: Record<ItemOrderKey, ListOrder> = {
  id: { columns: ['i.id'], types: ['bigint'], key: 'i.id' },
  createdAt: at('i.created_at'),
  updatedAt: at('i.updated_at'),
  name: { columns: ['i.unique_name'], types: ['text'], key: 'i.unique_name' },
  byteSize: { columns: ['i.byte_size', 'i.id'], types: ['bigint', 'bigint'], key: `i.byte_size || ' ' || i.id` },
}

/** Whether a text is a key of this order at all: keys come back from clients. */
export function isItemKey(by: ItemOrderKey, key: string): boolean {
  if (by === 'name') return storableText(key) === key
  if (by === 'id') return /^\d{1,18}$/.test(key)
  if (by === 'byteSize') return /^\d{1,18} \d{1,18}$/.test(key)
  const [, time] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})\d{3}Z \d{1,18}$/.exec(key) ?? []
  if (time === undefined || Number.isNaN(Date.parse(`${time}Z`))) return false
  // 31 February is read as a day of March here and refused by Postgres, as is the year 0.
  return !time.startsWith('0000') && new Date(`${time}Z`).toISOString() === `${time}Z`
}

export async function listItems(
  db: Db,
  selection: ItemSelection,
  by: ItemOrderKey,
  keyset: Keyset,
): Promise<ListedItemRow[]> {
  const { beyond, order } = keysetWords(keyset)
  const parameters = new Parameters()
  const { columns: orderedBy, types, key } = listOrders[by]
  const where = [await pageWhere(db, selection, by, keyset, parameters)]
  if (keyset.key !== null) {
    const parts = orderedBy.length === 1 ? [keyset.key] : keyset.key.split(' ')
    where.push(
      `(${orderedBy.join(', ')}) ${beyond} (${parts.map((part, n) => parameters.add(part, types[n])).join(', ')})`,
    )
  }
  const { rows } = await db.query<ListedItemRow>(
    `select ${columns}, ${key} as "sortKey" from item i where ${where.join(' and ')}
     order by ${orderedBy.map((column) => `${column} ${order}`).join(', ')} limit ${parameters.add(keyset.limit)}`,
    parameters.values,
  )
  return rows
}

/** Exact. */
export async function countItems(db: Db, selection: ItemSelection): Promise<number> {
  const parameters = new Parameters()
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::integer as count from item i where ${itemWhere(selection, parameters)}`,
    parameters.values,
  )
  return rows[0]?.count ?? 0
}

/** Below this many, counting costs next to nothing and the planner's word is not needed. */
const fewItems = 20_000

/** A condition that takes longer to count is left to the planner: a job must not wait for a first word about it. */
const countingMs = 1_000

/**
 * About how many items there are: the planner's own estimate where they are many, an exact count where they are few, and on the
 * embedded database always. In a millisecond or so, `withinMs` at most: for a first word about a job, not for a person's count.
 * What could not be counted is at least `fewItems`, so that nobody takes it for a handful.
 */
export async function estimateItems(db: Database, selection: ItemSelection, withinMs = countingMs): Promise<number> {
  if (db.kind === 'embedded') return countItems(db, selection)
  const parameters = new Parameters()
  const { rows } = await db.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
    `explain (format json) select from item i where ${itemWhere(selection, parameters)}`,
    parameters.values,
  )
  const estimate = rows[0]?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0
  if (estimate >= fewItems) return estimate
  // The planner takes a frequent label for a rare one at times: counting ends where it would get long.
  const counted = await countFew(db, selection, withinMs)
  return counted !== null && counted < fewItems ? counted : Math.max(estimate, fewItems)
}

/** Up to `fewItems`; null: it takes too long. */
async function countFew(db: Database, selection: ItemSelection, withinMs: number): Promise<number | null> {
  const parameters = new Parameters()
  const count = `select count(*)::integer as count from (
    select from item i where ${itemWhere(selection, parameters)} limit ${fewItems}) as found`
  try {
    return await db.transaction(async (tx) => {
      await tx.query(`select set_config('statement_timeout', $1, true)`, [String(withinMs)])
      return (await tx.query<{ count: number }>(count, parameters.values)).rows[0]?.count ?? 0
    })
  } catch (error) {
    if (isLakeError(error) && error.code === 'STATEMENT_TOO_LONG') return null
    throw error
  }
}

/** The last item there is now: a job's upper bound. "0" in an empty lake. */
export async function lastItemId(db: Db): Promise<string> {
  const { rows } = await db.query<{ id: string }>(`select coalesce(max(id), 0)::bigint as id from item`)
  return rows[0]?.id ?? '0'
}

/**
 * Locks the items of a page until the transaction ends, in one order for everybody, and returns those that still exist.
 * Two jobs writing results of the same items take turns here, so that each sees what the other wrote before it decides what it supersedes.
 */
export async function lockItems(tx: Db, ids: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `select id from item where id = any ($1::bigint[]) order by id for no key update`,
    [ids],
  )
  return rows.map((row) => row.id)
}
