import { annotatedBy, anyVersion } from './annotationWhere'
import type { ItemPredicate } from './itemPredicate'
import type { ItemSelection } from './itemSelection'
import { metadataWhere } from './metadataWhere'
import type { Parameters } from './parameters'
import { anyText, decimalWhere, textWhere, wholeWhere } from './testWhere'

/** The condition that a row `i` of `item` belongs to the selection: SQL for a `where`, its values in `parameters`. */
export function itemWhere(selection: ItemSelection, parameters: Parameters): string {
  const conditions: string[] = []
  if (selection.collectionId !== null)
    conditions.push(`i.collection_id = ${parameters.add(selection.collectionId, 'bigint')}`)
  if (selection.itemIds !== null) conditions.push(`i.id = any (${parameters.add(selection.itemIds, 'bigint[]')})`)
  if (selection.contentType !== null) conditions.push(`i.content_type = ${parameters.add(selection.contentType)}`)
  if (selection.predicate !== null) conditions.push(compile(selection.predicate, false, parameters))
  return conditions.length === 0 ? 'true' : conditions.join(' and ')
}

/**
 * `not` is pushed down to the tests: there `is not true` makes them two-valued, so that nothing above has to think of nulls, and
 * what isn't negated stays as the indexes know it. (`coalesce(…, false)` would be simpler, and no index would serve it.)
 */
function compile(predicate: ItemPredicate, negated: boolean, parameters: Parameters): string {
  if (predicate.kind === 'not') return compile(predicate.of, !negated, parameters)
  if ('of' in predicate) {
    const isAnd = (predicate.kind === 'and') !== negated
    const parts = isAnd || negated ? predicate.of : oneLook(predicate.of)
    if (parts.length === 0) return isAnd ? 'true' : 'false'
    return `(${parts.map((part) => compile(part, negated, parameters)).join(isAnd ? ' and ' : ' or ')})`
  }
  const sql = leaf(predicate, parameters)
  if (!negated) return sql
  return sql.startsWith('exists (') ? `not ${sql}` : `(${sql}) is not true`
}

/**
 * Has an annotation like this or one like that: has an annotation like this or that. Postgres makes a join of one `exists`, by index,
 * but asks several joined by `or` of every item in turn.
 */
function oneLook(parts: readonly ItemPredicate[]): readonly ItemPredicate[] {
  const annotated = (part: ItemPredicate) => part.kind === 'annotated' && part.where !== null && !part.rejectedToo
  const looks = parts.filter(annotated)
  if (looks.length < 2) return parts
  const where = {
    kind: 'or' as const,
    of: looks.flatMap((part) => (part.kind === 'annotated' && part.where ? [part.where] : [])),
  }
  return [...parts.filter((part) => !annotated(part)), { kind: 'annotated', where, rejectedToo: false }]
}

type Leaf = Exclude<ItemPredicate, { kind: 'and' | 'or' | 'not' }>

function leaf(predicate: Leaf, parameters: Parameters): string {
  switch (predicate.kind) {
    case 'text':
      return textWhere(textColumns[predicate.column], predicate.test, parameters)
    case 'number':
      return predicate.column === 'durationSeconds' || predicate.column === 'frameRate'
        ? decimalWhere(numberColumns[predicate.column], predicate.test, parameters, 'float8')
        : wholeWhere(numberColumns[predicate.column], predicate.test, parameters)
    case 'contentType':
      return anyText('i.content_type', predicate.in, parameters)
    case 'instant':
      return instantWhere(predicate, parameters)
    case 'collection':
      return `i.collection_id in (select c.id from collection c where ${textWhere('c.name', predicate.test, parameters)})`
    case 'customTag':
      // By the index on folded(tags) where values are whole.
      if (predicate.test.op === 'in')
        return `folded(i.tags) && folded(${parameters.add(predicate.test.values, 'text[]')})`
      return `exists (select from unnest(i.tags) as tag where ${textWhere('tag', predicate.test, parameters)})`
    case 'derivedTag':
      return `exists (select from item_tag t where t.item_id = i.id and ${textWhere('t.label', predicate.test, parameters)})`
    case 'embedding':
      return `exists (select from embedding e where e.item_id = i.id and e.model_version_id = ${anyVersion(predicate.model, parameters)})`
    case 'metadata':
      return metadataWhere(predicate.path, predicate.test, parameters)
    case 'annotated':
      return `exists (select from annotation a where a.item_id = i.id and ${annotatedBy(predicate.where, predicate.rejectedToo, parameters)})`
  }
}

const textColumns = {
  name: 'i.name',
  // Its own collation "C" would fold ASCII alone.
  uniqueName: 'i.unique_name collate "default"',
  mediaType: 'i.media_type',
  digest: 'i.digest',
} as const

const numberColumns = {
  width: 'i.width',
  height: 'i.height',
  byteSize: 'i.byte_size',
  durationSeconds: 'i.duration_seconds',
  frameCount: 'i.frame_count',
  frameRate: 'i.frame_rate',
} as const

function instantWhere({ column, from, before }: Extract<Leaf, { kind: 'instant' }>, parameters: Parameters): string {
  const name = column === 'createdAt' ? 'i.created_at' : 'i.updated_at'
  const ends: string[] = []
  if (from !== null) ends.push(`${name} >= ${parameters.add(from, 'timestamptz')}`)
  if (before !== null) ends.push(`${name} < ${parameters.add(before, 'timestamptz')}`)
  return ends.length === 0 ? 'true' : `(${ends.join(' and ')})`
}
