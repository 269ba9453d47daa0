import type { Db } from './db'
import { keysetWords, type Keyset } from './keyset'
import { storableJson } from './storable'

export type ContentType = 'IMAGE' | 'VIDEO' | 'OTHER'

export interface CollectionRow {
  id: string
  name: string
  contentType: ContentType
  /** Given to every item that is added, under what the item says itself; without the tags. */
  metadata: Record<string, unknown>
  tags: string[]
  /** A job is taking it away: nothing is added any more. */
  deleting: boolean
  createdBy: string
  createdAt: Date
  updatedAt: Date
}

const columns = `id, name, content_type as "contentType", metadata, tags, deleting, created_by as "createdBy", created_at as "createdAt", updated_at as "updatedAt"`

/** Null when the name is taken. */
export async function insertCollection(
  db: Db,
  collection: Pick<CollectionRow, 'name' | 'contentType' | 'createdBy'> &
    Partial<Pick<CollectionRow, 'metadata' | 'tags'>>,
): Promise<CollectionRow | null> {
  const { rows } = await db.query<CollectionRow>(
    `insert into collection (name, content_type, created_by, metadata, tags) values ($1, $2, $3, $4::jsonb, $5::text[])
     on conflict (name) do nothing returning ${columns}`,
    [
      collection.name,
      collection.contentType,
      collection.createdBy,
      storableJson(collection.metadata ?? {}),
      collection.tags ?? [],
    ],
  )
  return rows[0] ?? null
}

/**
 * Holds a collection as it is until the transaction ends: what changes or deletes it waits, and those who add to it don't
 * wait for each other. Null when there is none.
 */
export async function holdCollection(tx: Db, id: string): Promise<CollectionRow | null> {
  const { rows } = await tx.query<CollectionRow>(`select ${columns} from collection where id = $1 for share`, [id])
  return rows[0] ?? null
}

/** As `holdCollection`, for who is about to change it. */
export async function lockCollection(tx: Db, id: string): Promise<CollectionRow | null> {
  const { rows } = await tx.query<CollectionRow>(`select ${columns} from collection where id = $1 for no key update`, [
    id,
  ])
  return rows[0] ?? null
}

export async function setCollectionMetadata(
  tx: Db,
  id: string,
  described: Pick<CollectionRow, 'metadata' | 'tags'>,
): Promise<CollectionRow | null> {
  const { rows } = await tx.query<CollectionRow>(
    `update collection set metadata = $2::jsonb, tags = $3::text[], updated_at = now() where id = $1 returning ${columns}`,
    [id, storableJson(described.metadata), described.tags],
  )
  return rows[0] ?? null
}

/** From the commit on nothing is added to it. */
export async function markCollectionDeleting(tx: Db, id: string): Promise<void> {
  await tx.query(`update collection set deleting = true, updated_at = now() where id = $1 and not deleting`, [id])
}

/** False while it still holds items. */
export async function deleteEmptyCollection(tx: Db, id: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    `delete from collection where id = $1 and not exists (select from item where collection_id = $1)`,
    [id],
  )
  return rowCount > 0
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
