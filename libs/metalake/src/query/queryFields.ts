import { exampleMetadata, exampleValues, type ExampleSource, type ItemSelection } from '@lakelens/db'
import { errors as lakeErrors } from '../errors'
import { resolveSelection, selectionOf, type Scope } from '../items/selection'
import type { Lake } from '../lake'
import { resolve } from './check'
import { fields, metadataField, type Field } from './fields'
import { metadataPath, printText } from './print'
import { Scanner } from './scan'
import type { Operator } from './syntax'
import { valueTypes, type ValueType } from './values'

export interface QueryField {
  path: string
  valueType: ValueType
  operators: readonly Operator[]
  /** Values of this lake, written as in a query: in quotes where they need them. */
  examples: string[]
}

const exampleLimit = 10
const maxPrefix = 1_000

const sources: Readonly<Record<string, ExampleSource>> = {
  'annotation.label': 'label',
  'annotation.model': 'taggingModel',
  'annotation.by': 'by',
  'tag.label': 'derivedTag',
  'metadata.Tags': 'customTag',
  'metadata.name': 'name',
  'analytics.embeddingModel': 'embeddingModel',
  'item.name': 'name',
  'item.uniqueName': 'uniqueName',
  'item.width': 'width',
  'item.height': 'height',
  'item.size': 'byteSize',
  'item.duration': 'durationSeconds',
  'item.frames': 'frameCount',
  'item.frameRate': 'frameRate',
  'item.mediaType': 'mediaType',
  'collection.name': 'collection',
  date: 'createdAt',
  updated: 'updatedAt',
}
/** Of the whole lake these are found by an index on how they begin, where all others come from a sample. */
const whole: Partial<Record<ExampleSource, ExampleSource>> = { name: 'wholeName' }
/** Inside a scope these look at the items of the scope alone. */
const scoped: Partial<Record<ExampleSource, ExampleSource>> = {
  label: 'scopedLabel',
  derivedTag: 'scopedTag',
  collection: 'scopedCollection',
}

/**
 * Fields whose path begins with `prefix` (`metadata.Ca`), or the one field of a begun comparison with the values that begin so
 * (`annotation.label=Bi`). Examples come from indexes and from a sample of the scope's items: the work doesn't grow with the lake.
 */
export async function queryFields(
  lake: Lake,
  { scope, prefix }: { scope?: Scope | null; prefix?: string | null },
): Promise<QueryField[]> {
  lake.viewer.require('read')
  const asked = prefix ?? ''
  if (asked.length > maxPrefix || /[\u0000\p{Cs}]/u.test(asked)) {
    const reason = `is a text of at most ${maxPrefix} characters, without NUL and halves of surrogate pairs`
    throw lakeErrors.PARAMETER_INVALID({ field: 'prefix', reason }, { path: ['prefix'] })
  }
  const selection = selectionOf(await resolveSelection(lake, { scope: scope ?? null }, { unknownNames: 'leaveOut' }))
  const begun = begunComparison(asked)
  if (begun) return [await describeBegun(lake, selection, begun)]
  const start = asked.trim().toLowerCase()
  const found: QueryField[] = []
  for (const field of fields)
    if (field.path.toLowerCase().startsWith(start))
      found.push(describe(field, field.path, await examplesOf(lake, selection, field, '')))
  return [...found, ...(await ownMetadata(lake, selection, start))]
}

const describe = ({ valueType }: Field, path: string, examples: readonly string[]): QueryField => ({
  path,
  valueType,
  operators: valueTypes[valueType].operators,
  examples: examples.map(printText),
})

interface Begun {
  field: Field
  path: string[]
  value: string
}

/** A field, an operator, and what there is of a value; null: no operator yet, or no such field. */
function begunComparison(prefix: string): Begun | null {
  const scanner = new Scanner(prefix)
  try {
    const position = scanner.at
    const path = scanner.path()
    const end = scanner.at
    const operator = scanner.operator()
    const found = operator && resolve({ kind: 'term', position, end, path, operator, values: [] }, false)
    if (!operator || !found) return null
    const rest = prefix.slice(scanner.at)
    const begun = operator.name.endsWith('in')
      ? rest.slice(Math.max(rest.lastIndexOf(','), rest.indexOf('(')) + 1)
      : rest
    return { ...found, value: begun.trim().replace(/^["']/, '') }
  } catch {
    // A name that isn't finished is no fault here.
    return null
  }
}

async function describeBegun(lake: Lake, selection: ItemSelection, { field, path, value }: Begun): Promise<QueryField> {
  if (field !== metadataField) return describe(field, field.path, await examplesOf(lake, selection, field, value))
  const [known] = await exampleMetadata(lake.db, { selection, startsWith: value, limit: exampleLimit, path })
  return describe(field, metadataPath(path), known?.values ?? [])
}

async function examplesOf(
  lake: Lake,
  selection: ItemSelection,
  field: Field,
  startsWith: string,
): Promise<readonly string[]> {
  if (field.choices) return field.choices.filter((choice) => choice.startsWith(startsWith.toLowerCase()))
  const source = sources[field.path]
  if (source === undefined) return []
  const everything = selection.collectionId === null && selection.itemIds === null && selection.contentType === null
  const from = (everything ? whole : scoped)[source] ?? source
  return exampleValues(lake.db, from, { selection, startsWith, limit: exampleLimit })
}

/** Custom fields that items of the lake have, or the row that stands for all of them where there are none. */
async function ownMetadata(lake: Lake, selection: ItemSelection, start: string): Promise<QueryField[]> {
  if (!'metadata.'.startsWith(start) && !start.startsWith('metadata.')) return []
  const known = await exampleMetadata(lake.db, { selection, startsWith: '', limit: exampleLimit, path: null })
  const found = known
    .map(({ path, values }) => describe(metadataField, metadataPath(path), values))
    .filter(({ path }) => path.toLowerCase().startsWith(start))
  const isAny = metadataField.path.startsWith(start)
  return found.length === 0 && isAny ? [describe(metadataField, metadataField.path, [])] : found
}
