import type { ContentType } from './collections'
import type { Db } from './db'
import type { ItemSelection } from './itemSelection'
import { itemWhere } from './itemWhere'
import { Parameters } from './parameters'

/** What makes two results comparable: the same model version under the same parameters. */
export interface ResultKey {
  modelVersionId: string
  parametersDigest: string
}

/** The keys of a run: what is done to a video depends on which of its frames are looked at, too. */
export interface RunKeys extends ResultKey {
  videoDigest: string
}

/** The digest that a row `i` of `item` is done under. */
const digestOfItem = (keys: RunKeys, parameters: Parameters): string =>
  `case i.content_type when 'VIDEO' then ${parameters.add(keys.videoDigest, 'text')} else ${parameters.add(keys.parametersDigest, 'text')} end`

/** Why a planning step may stop: `window` items looked at, whatever matches (null: no matter how many); `todo` items to do found. */
export interface PlanLimits {
  window: number | null
  todo: number
}

export interface PlannedItems {
  /** By id. */
  todo: { id: string; contentType: ContentType }[]
  /** Items that match and are done, as far as this step came. */
  skipped: number
  /** Where the next step begins: behind the last item this one answers for. Null: there is nothing more. */
  next: string | null
}

interface PlannedRow {
  ids: string[]
  types: ContentType[]
  skipped: number
  next: string | null
}

/**
 * The next stretch of a run's items by id. With a window it looks at a bounded number of items of the scope, however few of
 * them match, so that a condition nobody knows much of is many short statements over a million items instead of one long one.
 * `again`: what is done is to do all the same.
 */
export async function planItems(
  db: Db,
  selection: ItemSelection,
  keys: RunKeys,
  range: { after: string; upTo: string; again: boolean },
  limits: PlanLimits,
): Promise<PlannedItems> {
  const parameters = new Parameters()
  const [after, upTo] = [parameters.add(range.after, 'bigint'), parameters.add(range.upTo, 'bigint')]
  const inRange = `i.id > ${after} and i.id <= ${upTo}`
  const most = parameters.add(limits.todo, 'integer')
  const matching = `select i.id, i.content_type, ${range.again ? 'false' : isDone(keys, parameters)} as done
    from item i where i.content_type <> 'OTHER' and ${itemWhere(selection, parameters)} and ${inRange}`
  const scope = (): string => `${itemWhere({ ...selection, predicate: null }, parameters)} and ${inRange}`
  const look =
    limits.window === null
      ? inOneGo(matching, upTo)
      : itemByItem(matching, scope(), parameters.add(limits.window, 'integer'))
  const { rows } = await db.query<PlannedRow>(
    `with ${look.matching},
     todo as materialized (select id, content_type from matching where not done order by id limit ${most}),
     reached as (
       select enough, case when enough then (select max(id) from todo) else ${look.last} end as last
       from (select (select count(*) from todo) = ${most} as enough) as found)
     select array(select id from todo order by id) as ids, array(select content_type from todo order by id) as types,
       (select count(*) from matching where done and id <= reached.last)::integer as skipped,
       case when enough or ${look.isCut} then reached.last end as next
     from reached`,
    parameters.values,
  )
  const { ids, types, skipped, next } = rows[0] as PlannedRow
  return { todo: ids.map((id, n) => ({ id, contentType: types[n] as ContentType })), skipped, next }
}

/**
 * Looks at a window of the scope, item by item, which `offset 0` holds Postgres to: in one go it gathered every annotation of a
 * frequent label for each step, a second for 512 items of a million instead of 20 ms.
 */
const itemByItem = (matching: string, scope: string, window: string) => ({
  matching: `looked_at as materialized (select i.id from item i where ${scope} order by i.id limit ${window}),
    matching as materialized (select found.* from looked_at l cross join lateral (${matching} and i.id = l.id offset 0) as found)`,
  last: '(select max(id) from looked_at)',
  isCut: `(select count(*) from looked_at) = ${window}`,
})

const inOneGo = (matching: string, upTo: string) => ({
  matching: `matching as materialized (${matching})`,
  last: upTo,
  isCut: 'false',
})

/** Whether a row `i` of `item` is done under its key. */
const isDone = (keys: RunKeys, parameters: Parameters): string =>
  `exists (select from item_result r where r.item_id = i.id and r.model_version_id = ${parameters.add(keys.modelVersionId, 'bigint')}
     and r.parameters_digest = ${digestOfItem(keys, parameters)} and r.superseded_at is null)`

export interface WorkCount {
  contentType: ContentType
  matched: number
  done: number
  /** By the same model version, under other parameters only. */
  doneDifferently: number
}

/** What a run would find, counted exactly, in one statement; one row a content type that occurs. */
export async function countWork(db: Db, selection: ItemSelection, keys: RunKeys): Promise<WorkCount[]> {
  const parameters = new Parameters()
  const where = itemWhere(selection, parameters)
  const version = parameters.add(keys.modelVersionId, 'bigint')
  const { rows } = await db.query<WorkCount>(
    `with i as materialized (select i.id, i.content_type from item i where i.content_type <> 'OTHER' and ${where})
     select i.content_type as "contentType", count(*)::integer as matched, count(done.item_id)::integer as done,
       (count(*) filter (where done.item_id is null and exists (
         select from item_result r where r.item_id = i.id and r.model_version_id = ${version} and r.superseded_at is null)))::integer as "doneDifferently"
     from i left join item_result done on done.item_id = i.id and done.model_version_id = ${version}
       and done.parameters_digest = ${digestOfItem(keys, parameters)} and done.superseded_at is null
     group by i.content_type order by i.content_type`,
    parameters.values,
  )
  return rows
}

/**
 * Keeps what a run under these digests can say, so that later runs know what they replace. A digest says the same for ever:
 * what is kept already is right.
 */
export async function noteResultLabels(
  db: Db,
  modelVersionId: string,
  digests: readonly string[],
  labels: readonly string[],
): Promise<void> {
  await db.query(
    `insert into result_labels (model_version_id, parameters_digest, labels)
     select $1, digest, $3 from unnest($2::text[]) as digest on conflict do nothing`,
    [modelVersionId, digests, labels],
  )
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

/**
 * Ends the marks of this model version on these items: all of them, or of the digests that can say any of `labels`. A digest
 * that nothing is known of could say everything.
 */
export async function supersedeResults(
  tx: Db,
  itemIds: readonly string[],
  modelVersionId: string,
  jobId: string,
  labels: readonly string[] | null = null,
): Promise<void> {
  await tx.query(
    `update item_result r set superseded_at = now(), superseded_by = $3
     where r.item_id = any ($1::bigint[]) and r.model_version_id = $2 and r.superseded_at is null
       and ($4::text[] is null or not exists (
         select from result_labels l where l.model_version_id = r.model_version_id and l.parameters_digest = r.parameters_digest
           and not folded(l.labels) && folded($4::text[])))`,
    [itemIds, modelVersionId, jobId, labels],
  )
}

export async function markDone(tx: Db, itemIds: readonly string[], key: ResultKey, jobId: string): Promise<void> {
  await tx.query(
    `insert into item_result (item_id, model_version_id, parameters_digest, job_id)
     select id, $2, $3, $4 from unnest($1::bigint[]) as id`,
    [itemIds, key.modelVersionId, key.parametersDigest, jobId],
  )
}
