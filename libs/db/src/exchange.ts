import { annotationColumns, type AnnotationRow, type AnnotationSource, type ReviewStatus } from './annotations'
import type { ContentType } from './collections'
import type { Db } from './db'
import type { ItemSelection } from './itemSelection'
import { itemWhere } from './itemWhere'
import { Parameters } from './parameters'
import { storableOnly } from './storable'

/** What an annotation file says of the thing it is about. */
export interface ExchangeItem {
  id: string
  uniqueName: string
  name: string
  contentType: ContentType
  width: number | null
  height: number | null
  frameCount: number | null
  frameRate: number | null
}

/** Of a row `i` of `item`. */
export const exchangeItemColumns = `i.id, i.unique_name as "uniqueName", i.name, i.content_type as "contentType", i.width, i.height,
  i.frame_count as "frameCount", i.frame_rate as "frameRate"`

/** The selected items after an id, by id. */
export async function exportedItems(
  db: Db,
  selection: ItemSelection,
  range: { after: string; upTo: string; limit: number },
): Promise<ExchangeItem[]> {
  const parameters = new Parameters()
  const where = itemWhere(selection, parameters)
  const { rows } = await db.query<ExchangeItem>(
    `select ${exchangeItemColumns} from item i
     where ${where} and i.id > ${parameters.add(range.after, 'bigint')} and i.id <= ${parameters.add(range.upTo, 'bigint')}
     order by i.id limit ${parameters.add(range.limit)}`,
    parameters.values,
  )
  return rows
}

export interface ExportFilter {
  /** Of machine annotations; people's have none and always pass. */
  minConfidence: number | null
  /** Null: all but rejected ones. */
  review: readonly ReviewStatus[] | null
  sources: readonly AnnotationSource[] | null
}

/** The place of an annotation among those of its items: item, frame (-1: none), id. */
export interface ExportPosition {
  itemId: string
  frame: number
  id: string
}

/** Live annotations of these items by item, frame and id, behind a place. */
export async function exportedAnnotations(
  db: Db,
  itemIds: readonly string[],
  filter: ExportFilter,
  range: { after: ExportPosition | null; limit: number },
): Promise<(AnnotationRow & { modelName: string | null })[]> {
  const { rows } = await db.query<AnnotationRow & { modelName: string | null }>(
    `select ${annotationColumns}, m.name || ':' || v.version as "modelName"
     from annotation a
     left join model_version v on v.id = a.model_version_id
     left join model m on m.id = v.model_id
     where a.item_id = any ($1::bigint[]) and a.superseded_at is null
       and ($2::float8 is null or a.confidence is null or a.confidence >= $2::real)
       and (case when $3::text[] is null then a.review <> 'REJECTED' else a.review = any ($3::text[]) end)
       and ($4::text[] is null or a.source = any ($4::text[]))
       and ($5::bigint is null or (a.item_id, coalesce(a.frame, -1), a.id) > ($5::bigint, $6::integer, $7::bigint))
     order by a.item_id, coalesce(a.frame, -1), a.id limit $8`,
    [
      itemIds,
      filter.minConfidence,
      filter.review,
      filter.sources,
      range.after?.itemId ?? null,
      range.after?.frame ?? null,
      range.after?.id ?? null,
      range.limit,
    ],
  )
  return rows
}

/**
 * The items of a collection that files call by these names: their name, else their unique name, else, where asked for, their name
 * without its ending. A stem that several have is nobody's. One entry a name that was found.
 */
export async function itemsCalled(
  db: Db,
  collectionId: string,
  names: readonly string[],
  options: { stems: boolean },
): Promise<Map<string, ExchangeItem>> {
  const { rows } = await db.query<ExchangeItem & { called: string; rank: number }>(
    // Two look-ups by index; `or` between them would read the whole collection for each name.
    `select distinct on (called) * from (
       select n.called, 1 as rank, ${exchangeItemColumns}
       from unnest($2::text[]) as n (called) join item i on i.collection_id = $1 and i.name = n.called
       union all
       select n.called, 2 as rank, ${exchangeItemColumns}
       from unnest($2::text[]) as n (called) join item i on i.unique_name = n.called and i.collection_id = $1) as found
     order by called, rank`,
    [collectionId, storableOnly(names)],
  )
  const found = new Map(rows.map(({ called, rank: _, ...item }) => [called, item]))
  const rest = names.filter((name) => !found.has(name))
  if (options.stems && rest.length > 0)
    for (const [stem, item] of await itemsOfStems(db, collectionId, rest)) found.set(stem, item)
  return found
}

/**
 * What is called `<stem>.…` lies between `<stem>.` and `<stem>/` by bytes, which is a range of the index, where a pattern that
 * comes from a row would be none; `offset 0` keeps the exact comparison, which no index serves, behind it.
 */
async function itemsOfStems(db: Db, collectionId: string, stems: readonly string[]): Promise<[string, ExchangeItem][]> {
  const { rows } = await db.query<ExchangeItem & { called: string; count: number }>(
    `select n.called, ${exchangeItemColumns}, count(*) over (partition by n.called)::integer as count
     from unnest($2::text[]) as n (called)
     cross join lateral (
       select * from item i
       where i.collection_id = $1 and lower(i.name) ~>=~ (lower(n.called) || '.') and lower(i.name) ~<~ (lower(n.called) || '/')
       offset 0) as i
     where regexp_replace(i.name, '\\.[^.]*$', '') = n.called`,
    [collectionId, storableOnly(stems)],
  )
  return rows.flatMap(({ called, count, ...item }) => (count === 1 ? [[called, item] as [string, ExchangeItem]] : []))
}
