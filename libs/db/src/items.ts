import type { ContentType } from './collections'
import type { Db } from './db'
import { keysetWords, type Keyset } from './keyset'

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
>

// A file's size fits a double exactly (2^53 bytes), and bigint would come back as text.
const columns = `id, collection_id as "collectionId", unique_name as "uniqueName", name, content_type as "contentType",
  media_type as "mediaType", digest, byte_size::float8 as "byteSize", width, height, thumbnail_digest as "thumbnailDigest",
  created_at as "createdAt", updated_at as "updatedAt"`

/** Inserts what isn't there yet by unique name, in the order given, and returns the rows that are new. */
export async function insertItems(db: Db, items: readonly NewItemRow[], createdBy: string): Promise<ItemRow[]> {
  const { rows } = await db.query<ItemRow>(
    `insert into item (collection_id, unique_name, name, content_type, media_type, digest, byte_size, width, height, thumbnail_digest, created_by)
     select "collectionId", "uniqueName", name, "contentType", "mediaType", digest, "byteSize", width, height, "thumbnailDigest", $2
     from jsonb_to_recordset($1::jsonb) as new ("collectionId" bigint, "uniqueName" text, name text, "contentType" text, "mediaType" text,
       digest text, "byteSize" bigint, width integer, height integer, "thumbnailDigest" text)
     on conflict do nothing
     returning ${columns}`,
    [JSON.stringify(items), createdBy],
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
    uniqueNames,
  ])
  return rows
}

/** Which items are meant: all of a collection, these ids, or (both null) the whole lake. */
export interface ItemSelection {
  collectionId: string | null
  itemIds: readonly string[] | null
}

const selected = `($1::bigint is null or collection_id = $1) and ($2::bigint[] is null or id = any ($2))`

/** Ordered by creation (ids grow with it) or by unique name. */
export async function listItems(
  db: Db,
  selection: ItemSelection,
  by: 'id' | 'name',
  keyset: Keyset,
): Promise<ItemRow[]> {
  const { beyond, order } = keysetWords(keyset)
  const key = by === 'id' ? { column: 'id', type: 'bigint' } : { column: 'unique_name', type: 'text' }
  const { rows } = await db.query<ItemRow>(
    `select ${columns} from item
     where ${selected} and ($3::${key.type} is null or ${key.column} ${beyond} $3)
     order by ${key.column} ${order} limit $4`,
    [selection.collectionId, selection.itemIds, keyset.key, keyset.limit],
  )
  return rows
}

export async function countItems(db: Db, selection: ItemSelection): Promise<number> {
  const { rows } = await db.query<{ count: number }>(`select count(*)::integer as count from item where ${selected}`, [
    selection.collectionId,
    selection.itemIds,
  ])
  return rows[0]?.count ?? 0
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
