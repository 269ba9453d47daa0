import type { Db } from './db'
import type { ItemSelection } from './itemSelection'
import { itemWhere } from './itemWhere'
import { Parameters } from './parameters'

/** Where examples of a field's values come from. */
export type ExampleSource = keyof typeof sampled | keyof typeof named | 'label' | 'derivedTag' | 'wholeName'

export interface ExampleQuestion {
  selection: ItemSelection
  /** Case is folded; empty: any. */
  startsWith: string
  limit: number
}

// Newest and oldest: what a lake began with is often not what is added now. 2,000 rows by an index are a few milliseconds.
const sampleEnd = 1_000
/** So many different labels are looked at; each is one step of an index. */
const looseSteps = 500
const longestExample = 120

/** Rows `i` of both ends of a selection; work doesn't grow with the lake. */
function sample(selection: ItemSelection, parameters: Parameters): string {
  const end = (order: 'asc' | 'desc') =>
    `(select * from item i where ${itemWhere(selection, parameters)} order by i.id ${order} limit ${sampleEnd})`
  return `(${end('desc')} union ${end('asc')}) as i`
}

const startOf = (text: string): string => `${text.replace(/[\\%_]/g, '\\$&')}%`

/** By the index of items, item by item: some have thousands of annotations, and a join might read all there are. */
function perItem(select: string): string {
  return `select found.value from picked i cross join lateral (${select} limit 100) as found`
}

/** Texts of sampled items, as SQL over their rows `i`. */
const sampled = {
  customTag: 'select tag as value from picked i, unnest(i.tags) as tag',
  by: perItem(`select a.created_by as value from annotation a where a.item_id = i.id and a.superseded_at is null`),
  scopedLabel: perItem(
    `select a.label as value from annotation a where a.item_id = i.id and a.superseded_at is null and a.review <> 'REJECTED'`,
  ),
  scopedTag: perItem('select t.label as value from item_tag t where t.item_id = i.id'),
  scopedCollection: 'select c.name as value from picked i join collection c on c.id = i.collection_id',
  name: 'select i.name as value from picked i',
  uniqueName: 'select i.unique_name as value from picked i',
  mediaType: 'select i.media_type as value from picked i',
  width: 'select i.width::text as value from picked i',
  height: 'select i.height::text as value from picked i',
  byteSize: 'select i.byte_size::text as value from picked i',
  durationSeconds: 'select i.duration_seconds::text as value from picked i',
  frameCount: 'select i.frame_count::text as value from picked i',
  frameRate: 'select i.frame_rate::text as value from picked i',
  createdAt: `select to_char(i.created_at at time zone 'UTC', 'YYYY-MM-DD') as value from picked i`,
  updatedAt: `select to_char(i.updated_at at time zone 'UTC', 'YYYY-MM-DD') as value from picked i`,
} as const

/** Small tables of their own. */
const named = {
  taggingModel: `select name as value from model where application <> 'EMBEDDING'`,
  embeddingModel: `select name as value from model where application = 'EMBEDDING'`,
  collection: 'select name as value from collection',
} as const

/** Values of this lake, the most frequent (or the first by name) first. */
export async function exampleValues(db: Db, source: ExampleSource, question: ExampleQuestion): Promise<string[]> {
  if (source === 'label') return loose(db, 'annotation', 'superseded_at is null', question)
  if (source === 'derivedTag') return loose(db, 'item_tag', 'true', question)
  const parameters = new Parameters()
  const from =
    source === 'wholeName'
      ? `select i.name as value from item i where lower(i.name) like lower(${parameters.add(startOf(question.startsWith), 'text')}) limit ${2 * sampleEnd}`
      : source in named
        ? named[source as keyof typeof named]
        : `with picked as (select i.* from ${sample(question.selection, parameters)}) ${sampled[source as keyof typeof sampled]}`
  const { rows } = await db.query<{ value: string }>(
    `select min(value) as value from (${from}) as found
     where lower(value) like lower(${parameters.add(startOf(question.startsWith), 'text')}) and length(value) <= ${longestExample}
     group by lower(value) order by count(*) desc, lower(value) limit ${parameters.add(question.limit)}`,
    parameters.values,
  )
  return rows.map((row) => row.value)
}

/** Different labels by a loose scan of the index on lower(label): a step a label, however many rows have it. */
async function loose(
  db: Db,
  table: 'annotation' | 'item_tag',
  where: string,
  { startsWith, limit }: ExampleQuestion,
): Promise<string[]> {
  const step = (after: string) =>
    `select lower(label) as folded, label from ${table} where ${where} and lower(label) ${after} order by lower(label) limit 1`
  const { rows } = await db.query<{ label: string }>(
    `with recursive found as (
       select 1 as n, * from (${step('>= lower($1::text)')}) as first
       union all
       select found.n + 1, next.* from found, lateral (${step('> found.folded')}) as next where found.n < ${looseSteps}
     )
     select label from found where folded like lower($2::text) and length(label) <= ${longestExample} limit $3`,
    [startsWith, startOf(startsWith), limit],
  )
  return rows.map((row) => row.label)
}

/** Fields of one's own in the metadata of sampled items, each with values, the most frequent first; objects are walked into. */
export async function exampleMetadata(
  db: Db,
  { selection, startsWith, limit, path }: ExampleQuestion & { path: readonly string[] | null },
): Promise<{ path: string[]; values: string[] }[]> {
  const parameters = new Parameters()
  const picked = sample(selection, parameters)
  const only = path === null ? 'true' : `path = ${parameters.add(path, 'text[]')}`
  const { rows } = await db.query<{ path: string[]; values: string[] }>(
    `with recursive walk as (
       select array[field.key] as path, field.value, 1 as depth from ${picked}, jsonb_each(i.metadata) as field
       union all
       select path || field.key, field.value, depth + 1 from walk,
         jsonb_each(case when jsonb_typeof(walk.value) = 'object' then walk.value else '{}' end) as field
       where depth < 8
     ), scalars as (
       select path, scalar #>> '{}' as value, count(*) as times from walk,
         jsonb_array_elements(case when jsonb_typeof(walk.value) = 'array' then walk.value else jsonb_build_array(walk.value) end) as part (scalar)
       where ${only} and jsonb_typeof(scalar) in ('string', 'number', 'boolean')
       group by path, scalar #>> '{}'
     ), ranked as (
       select path, value, times, row_number() over (partition by path order by times desc, value) as place from scalars
       where lower(value) like lower(${parameters.add(startOf(startsWith), 'text')}) and length(value) <= ${longestExample}
     )
     select path, array_agg(value order by place) as values from ranked
     where place <= ${parameters.add(limit)} group by path order by sum(times) desc, path limit 200`,
    parameters.values,
  )
  return rows
}
