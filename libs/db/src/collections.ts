import type { Db } from './db'
import { keysetWords, type Keyset } from './keyset'

export type ContentType = 'IMAGE' | 'VIDEO' | 'OTHER'

export interface CollectionRow {
  id: string
  name: string
  contentType: ContentType
  createdBy: string
  createdAt: Date
  updatedAt: Date
}

const columns = `id, name, content_type as "contentType", created_by as "createdBy", created_at as "createdAt", updated_at as "updatedAt"`

/** Null when the name is taken. */
export async function insertCollection(
  db: Db,
  collection: { name: string; contentType: ContentType; createdBy: string },
): Promise<CollectionRow | null> {
  const { rows } = await db.query<CollectionRow>(
    `insert into collection (name, content_type, created_by) values ($1, $2, $3) on conflict (name) do nothing returning ${columns}`,
    [collection.name, collection.contentType, collection.createdBy],
  )
  return rows[0] ?? null
}

export async function collectionByName(db: Db, name: string): Promise<CollectionRow | null> {
  const { rows } = await db.query<CollectionRow>(`select ${columns} from collection where name = $1`, [name])
  return rows[0] ?? null
}

/** In no particular order; ids that don't exist are left out. */
export async function collectionsByIds(db: Db, ids: readonly string[]): Promise<CollectionRow[]> {
  const { rows } = await db.query<CollectionRow>(`select ${columns} from collection where id = any ($1::bigint[])`, [
    ids,
  ])
  return rows
}

export async function listCollections(
  db: Db,
  contentType: ContentType | null,
  keyset: Keyset,
): Promise<CollectionRow[]> {
  const { beyond, order } = keysetWords(keyset)
  const { rows } = await db.query<CollectionRow>(
    `select ${columns} from collection
     where ($1::text is null or content_type = $1) and ($2::bigint is null or id ${beyond} $2)
     order by id ${order} limit $3`,
    [contentType, keyset.key, keyset.limit],
  )
  return rows
}

export async function countCollections(db: Db, contentType: ContentType | null): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::integer as count from collection where $1::text is null or content_type = $1`,
    [contentType],
  )
  return rows[0]?.count ?? 0
}

/** How many items each collection holds; collections without any are left out. */
export async function countItemsOfCollections(
  db: Db,
  ids: readonly string[],
): Promise<{ collectionId: string; count: number }[]> {
  const { rows } = await db.query<{ collectionId: string; count: number }>(
    `select collection_id as "collectionId", count(*)::integer as count from item
     where collection_id = any ($1::bigint[]) group by collection_id`,
    [ids],
  )
  return rows
}
