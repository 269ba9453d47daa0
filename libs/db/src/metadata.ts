import type { Db } from './db'
import { storableJson } from './storable'

/** What changes in the metadata and tags of items. */
export interface MetadataChange {
  /** Fields that get a value, whatever they held. */
  set: Record<string, unknown>
  removeFields: readonly string[]
  /** Instead of the tags there are; null: they stay. */
  replaceTags: readonly string[] | null
  addTags: readonly string[]
  removeTags: readonly string[]
}

/**
 * Changes the metadata and tags of these items, which the caller has locked. Tags are compared without case; one that is
 * there already keeps its spelling, and new ones follow in the order given.
 */
export async function changeMetadata(tx: Db, itemIds: readonly string[], change: MetadataChange): Promise<void> {
  await tx.query(
    `update item set
       metadata = (metadata || $2::jsonb) - $3::text[],
       tags = array(
         select word
         from (select distinct on (lower(said.word)) said.word, said.n
               from unnest(coalesce($4::text[], tags) || $5::text[]) with ordinality as said (word, n)
               where lower(said.word) <> all (folded($6::text[])) or said.n > cardinality(coalesce($4::text[], tags))
               order by lower(said.word), said.n) kept
         order by n),
       updated_at = now()
     where id = any ($1::bigint[])`,
    [itemIds, storableJson(change.set), change.removeFields, change.replaceTags, change.addTags, change.removeTags],
  )
}

const keyCount = `(select count(*) from jsonb_path_query(metadata, 'strict $.** ? (@.type() == "object").keyvalue()'))`
/** Blanks that Postgres writes behind colons and commas, where JSON needs none: one a key, and one a value but the first of each list or object. */
const blankCount = `(select ${keyCount} + count(*) - 1 - count(*) filter (where jsonb_typeof(value) in ('object', 'array') and value not in ('{}', '[]'))
  from jsonb_path_query(metadata, 'strict $.**') as value)`

/** Of these items, at most ten that hold more than is allowed: fields in all, bytes of JSON without blanks, and tags. */
export async function overfullItems(
  tx: Db,
  itemIds: readonly string[],
  limits: { keys: number; bytes: number; tags: number },
): Promise<{ uniqueName: string; what: 'keys' | 'bytes' | 'tags' }[]> {
  const { rows } = await tx.query<{ uniqueName: string; what: 'keys' | 'bytes' | 'tags' }>(
    `select unique_name as "uniqueName", what
     from (select unique_name, case
             when cardinality(tags) > $4::integer then 'tags'
             when ${keyCount} > $2::integer then 'keys'
             when octet_length(metadata::text) > $3::integer and octet_length(metadata::text) - ${blankCount} > $3::integer then 'bytes'
           end as what
           from item where id = any ($1::bigint[])) judged
     where what is not null order by unique_name limit 10`,
    [itemIds, limits.keys, limits.bytes, limits.tags],
  )
  return rows
}
