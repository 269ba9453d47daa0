import { annotatedBy, anyVersion } from './annotationWhere'
import type { Db } from './db'
import type { ItemPredicate } from './itemPredicate'
import type { ItemOrderKey, ItemSelection } from './itemSelection'
import { itemWhere } from './itemWhere'
import { keysetWords, type Keyset } from './keyset'
import { Parameters } from './parameters'
import { textWhere } from './testWhere'

/** Up to so many items, reading and sorting all of them is a matter of a few milliseconds. */
const fewItems = 3_000

/**
 * `itemWhere` for one page of a list, so put that the page is found by an index where one serves.
 *
 * Postgres takes every label it has no statistics of for about as frequent as the others, and with a limit it hopes to come upon
 * matches soon: for a rare label's 10 items among 200,000 it read all 200,000 (169 ms where 0.1 would do). So what an index on labels
 * answers is asked for there: alone in order of ids it *is* the list, and where it has few items they are all there is to look at.
 */
export async function pageWhere(
  db: Db,
  selection: ItemSelection,
  by: ItemOrderKey,
  keyset: Keyset,
  parameters: Parameters,
): Promise<string> {
  const { predicate } = selection
  const conditions = predicate === null ? [] : predicate.kind === 'and' ? predicate.of : [predicate]
  const lookups = conditions.filter(isLookup)
  const [first] = lookups
  if (first && by === 'id' && isAlone(selection, conditions) && placesOf(first) === 1)
    return `i.id = any (array(${pageOfIds(first, keyset, parameters)}))`
  const few = await withFewItems(db, lookups)
  if (!few) return itemWhere(selection, parameters)
  const others = conditions.filter((condition) => condition !== few)
  const where = itemWhere({ ...selection, predicate: { kind: 'and', of: others } }, parameters)
  return `i.id = any (array(${itemIds(few, parameters)})) and ${where}`
}

type Lookup = Extract<ItemPredicate, { kind: 'annotated' | 'derivedTag' | 'embedding' }>

const isAlone = (selection: ItemSelection, conditions: readonly ItemPredicate[]): boolean =>
  selection.collectionId === null &&
  selection.itemIds === null &&
  selection.contentType === null &&
  conditions.length === 1

/**
 * Of a condition that an index on annotations, tags or vectors answers with ids of items: into how many places of the index it looks.
 * Items are in order of ids at each. Null: no index does.
 */
function placesOf(condition: ItemPredicate): number | null {
  if (condition.kind === 'derivedTag') return condition.test.op === 'in' ? condition.test.values.length : null
  if (condition.kind === 'embedding') return condition.model.op === 'in' ? Infinity : null
  if (condition.kind !== 'annotated' || condition.where === null) return null
  const parts = condition.where.kind === 'and' ? condition.where.of : [condition.where]
  const places = parts.map((part) => {
    if (part.kind === 'label') return part.test.op === 'in' ? part.test.values.length : Infinity
    return part.kind === 'source' ? part.in.length : Infinity
  })
  const fewest = Math.min(...places)
  return fewest === Infinity ? null : fewest
}

const isLookup = (condition: ItemPredicate): condition is Lookup => placesOf(condition) !== null

/** A select of the ids of the items that meet the condition, some more than once. */
function itemIds(lookup: Lookup, parameters: Parameters): string {
  if (lookup.kind === 'embedding')
    return `select e.item_id from embedding e where e.model_version_id = ${anyVersion(lookup.model, parameters)}`
  return lookup.kind === 'annotated'
    ? `select a.item_id from annotation a where ${annotatedBy(lookup.where, lookup.rejectedToo, parameters)}`
    : `select t.item_id from item_tag t where ${textWhere('t.label', lookup.test, parameters)}`
}

/** The same, each once, of one page alone: read off the index on (lower(label), item_id), whichever way, and no further. */
function pageOfIds(lookup: Lookup, { key, descending, limit }: Keyset, parameters: Parameters): string {
  const { beyond, order } = keysetWords({ key, descending, limit })
  const rest = key === null ? '' : ` where found.item_id ${beyond} ${parameters.add(key, 'bigint')}`
  return `select distinct found.item_id from (${itemIds(lookup, parameters)}) as found${rest} order by found.item_id ${order} limit ${parameters.add(limit)}`
}

/**
 * Of one label the index gives items in order, so that the order makes Postgres read it entry by entry up to the limit (2 ms) and not
 * gather all of the label's first (19 ms at 118,000). Of several it would only lead it to another index.
 */
const inOrder = (lookup: Lookup): string => (placesOf(lookup) === 1 ? 'order by item_id' : '')

/** The one with the fewest items, if they are few at all. */
async function withFewItems(db: Db, lookups: readonly Lookup[]): Promise<Lookup | undefined> {
  if (lookups.length === 0) return undefined
  const parameters = new Parameters()
  const counts = lookups.map(
    (lookup) =>
      `(select count(*)::integer from (${itemIds(lookup, parameters)} ${inOrder(lookup)} limit ${fewItems + 1}) as bounded)`,
  )
  const { rows } = await db.query<{ counts: number[] }>(
    `select array[${counts.join(', ')}] as counts`,
    parameters.values,
  )
  const found = rows[0]?.counts ?? []
  const least = Math.min(...found)
  return least > fewItems ? undefined : lookups[found.indexOf(least)]
}
