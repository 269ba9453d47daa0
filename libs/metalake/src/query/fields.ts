import type { AnnotationPredicate, ItemPredicate } from '@lakelens/db'
import {
  dateWhere,
  metadataTest,
  modelTest,
  numberTest,
  textTest,
  toBytes,
  toNumber,
  toSeconds,
  type Test,
  type ValueType,
} from './values'

/** A field of the language. `choices`: the only values there are, in any case. */
interface FieldBase {
  /** As it is written when a query is put in order. */
  path: string
  valueType: ValueType
  choices?: readonly string[]
}
export interface ItemField extends FieldBase {
  about: 'item'
  where(test: Test, path: readonly string[]): ItemPredicate
}
export interface AnnotationField extends FieldBase {
  about: 'annotation'
  where(test: Test): AnnotationPredicate
}
export type Field = ItemField | AnnotationField

const sources = ['raw', 'human', 'machine']
const shapes = ['label', 'box', 'polygon', 'mask', 'points']
const reviews = ['pending', 'accepted', 'rejected', 'edited']

/** Choices as the lake stores them. */
function chosen<T extends string>(test: Test): T[] {
  return test.op === 'in' ? test.values.map((value) => value.toUpperCase() as T) : []
}

const annotation = (
  name: string,
  valueType: ValueType,
  where: AnnotationField['where'],
  choices?: readonly string[],
): AnnotationField => ({
  about: 'annotation',
  path: `annotation.${name}`,
  valueType,
  where,
  ...(choices !== undefined && { choices }),
})

const item = (
  path: string,
  valueType: ValueType,
  where: ItemField['where'],
  choices?: readonly string[],
): ItemField => ({ about: 'item', path, valueType, where, ...(choices !== undefined && { choices }) })

type TextColumn = Extract<ItemPredicate, { kind: 'text' }>['column']
type NumberColumn = Extract<ItemPredicate, { kind: 'number' }>['column']
const textOf =
  (column: TextColumn): ItemField['where'] =>
  (test) => ({ kind: 'text', column, test: textTest(test) })
const numberOf =
  (column: NumberColumn, read: (text: string) => number | null = toNumber): ItemField['where'] =>
  (test) => ({ kind: 'number', column, test: numberTest(test, read) })

/** Metadata of one's own: any name, any depth. */
export const metadataField: ItemField = item('metadata.<field>', 'ANY', (test, path) => ({
  kind: 'metadata',
  path,
  test: metadataTest(test),
}))

export const embeddingField: ItemField = item('analytics.embeddingModel', 'MODEL', (test) => ({
  kind: 'embedding',
  model: modelTest(test),
}))

/** Every field but metadata of one's own. */
export const fields: readonly Field[] = [
  annotation('label', 'TEXT', (test) => ({ kind: 'label', test: textTest(test) })),
  annotation('confidence', 'FRACTION', (test) => ({ kind: 'confidence', test: numberTest(test, toNumber) })),
  annotation('type', 'CHOICE', (test) => ({ kind: 'source', in: chosen(test) }), sources),
  annotation('model', 'MODEL', (test) => ({ kind: 'model', model: modelTest(test) })),
  annotation('kind', 'CHOICE', (test) => ({ kind: 'shape', in: chosen(test) }), shapes),
  annotation('review', 'CHOICE', (test) => ({ kind: 'review', in: chosen(test) }), reviews),
  annotation('frame', 'NUMBER', (test) => ({ kind: 'frame', test: numberTest(test, toNumber) })),
  annotation('by', 'TEXT', (test) => ({ kind: 'by', test: textTest(test) })),
  item('tag.label', 'TEXT', (test) => ({ kind: 'derivedTag', test: textTest(test) })),
  item('metadata.Tags', 'TEXT', (test) => ({ kind: 'customTag', test: textTest(test) })),
  item('metadata.name', 'TEXT', textOf('name')),
  embeddingField,
  item('item.name', 'TEXT', textOf('name')),
  item('item.uniqueName', 'TEXT', textOf('uniqueName')),
  item('item.width', 'NUMBER', numberOf('width')),
  item('item.height', 'NUMBER', numberOf('height')),
  item('item.size', 'BYTES', numberOf('byteSize', toBytes)),
  item('item.duration', 'SECONDS', numberOf('durationSeconds', toSeconds)),
  item('item.frames', 'NUMBER', numberOf('frameCount')),
  item('item.frameRate', 'NUMBER', numberOf('frameRate')),
  item('item.type', 'CHOICE', (test) => ({ kind: 'contentType', in: chosen(test) }), ['image', 'video']),
  item('item.mediaType', 'TEXT', textOf('mediaType')),
  item('item.digest', 'TEXT', textOf('digest')),
  item('collection.name', 'TEXT', (test) => ({ kind: 'collection', test: textTest(test) })),
  item('date', 'DATE', (test) => dateWhere('createdAt', test)),
  item('updated', 'DATE', (test) => dateWhere('updatedAt', test)),
]

const byPath = new Map(fields.map((field) => [field.path.toLowerCase(), field]))

/** Group and field in any case. */
export const fieldOf = (path: string): Field | undefined => byPath.get(path.toLowerCase())

/** Its name inside `annotation(…)`. */
export const shortName = (field: AnnotationField): string => field.path.slice('annotation.'.length)
