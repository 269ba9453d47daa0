// What queries mean, in plain words: no SQL, no parser, nothing of the compiler. The generated tests hold the two against each other.
import type { LakeAnnotation, LakeItem } from './lakeItems'

export type Wild = { any: true } | { one: true }
/** A value as the generator chose it: its text, and what it stands for where that is more than a text. */
export interface AskedValue {
  text: string
  number?: number
  /** Milliseconds: from, and before. */
  range?: readonly [number, number]
  pattern?: readonly (string | Wild)[]
}
export interface AskedTest {
  kind: 'test'
  field: string
  /** Of metadata of one's own. */
  path?: readonly string[]
  operator: '=' | '!=' | '~' | '<' | '<=' | '>' | '>=' | 'in' | 'not in'
  values: readonly AskedValue[]
}
export type Asked = { kind: 'and' | 'or'; of: readonly Asked[] } | { kind: 'not' | 'group'; of: Asked } | AskedTest

export type Fold = (text: string) => string

export function meets(asked: Asked, item: LakeItem, fold: Fold): boolean {
  switch (asked.kind) {
    case 'and':
      return asked.of.every((part) => meets(part, item, fold))
    case 'or':
      return asked.of.some((part) => meets(part, item, fold))
    case 'not':
      return !meets(asked.of, item, fold)
    case 'group': {
      const rejectedToo = mentionsReview(asked.of)
      return live(item, rejectedToo).some((annotation) => annotationMeets(asked.of, annotation, fold))
    }
    case 'test': {
      if (asked.operator === '!=') return !meets({ ...asked, operator: '=' }, item, fold)
      if (asked.operator === 'not in') return !meets({ ...asked, operator: 'in' }, item, fold)
      return itemMeets(asked, item, fold)
    }
  }
}

const live = (item: LakeItem, rejectedToo: boolean): LakeAnnotation[] =>
  item.annotations.filter((one) => !one.isSuperseded && (rejectedToo || one.review !== 'REJECTED'))

function mentionsReview(asked: Asked): boolean {
  if (asked.kind === 'test') return asked.field === 'annotation.review'
  return 'some' in asked.of ? asked.of.some(mentionsReview) : mentionsReview(asked.of)
}

function annotationMeets(asked: Asked, annotation: LakeAnnotation, fold: Fold): boolean {
  if (asked.kind === 'and') return asked.of.every((part) => annotationMeets(part, annotation, fold))
  if (asked.kind === 'or') return asked.of.some((part) => annotationMeets(part, annotation, fold))
  if (asked.kind === 'not') return !annotationMeets(asked.of, annotation, fold)
  if (asked.kind !== 'test') throw new Error('no group in a group')
  if (asked.operator === '!=') return !annotationMeets({ ...asked, operator: '=' }, annotation, fold)
  if (asked.operator === 'not in') return !annotationMeets({ ...asked, operator: 'in' }, annotation, fold)
  return holds(asked, annotationValues(asked.field, annotation), fold)
}

/** What an annotation, or an item, has under a field: texts (case folded), numbers, or models. */
type Had = string | number | { name: string; version: number } | null

function annotationValues(field: string, one: LakeAnnotation): Had[] {
  switch (field) {
    case 'annotation.label':
      return [one.label]
    case 'annotation.confidence':
      return [one.confidence === null ? null : Math.fround(one.confidence)]
    case 'annotation.type':
      return [one.source]
    case 'annotation.model':
      return [one.model]
    case 'annotation.kind':
      return [one.kind]
    case 'annotation.review':
      return [one.review]
    case 'annotation.frame':
      return [one.frame]
    default:
      return [one.by]
  }
}

function itemMeets(asked: AskedTest, item: LakeItem, fold: Fold): boolean {
  if (asked.field === 'metadata') return metadataMeets(asked, item, fold)
  if (asked.field.startsWith('annotation.')) {
    const counted = live(item, asked.field === 'annotation.review')
    if (asked.field === 'annotation.type' && counted.length === 0)
      return asked.values.some((value) => value.text.toLowerCase() === 'raw')
    return counted.some((one) => holds(asked, annotationValues(asked.field, one), fold))
  }
  return holds(asked, itemValues(asked.field, item), fold)
}

function itemValues(field: string, item: LakeItem): Had[] {
  switch (field) {
    case 'tag.label':
      return item.derivedTags
    case 'metadata.Tags':
      return item.tags
    case 'metadata.name':
    case 'item.name':
      return [item.name]
    case 'analytics.embeddingModel':
      return item.vectors
    case 'item.uniqueName':
      return [`${item.collection}_${item.name}`]
    case 'item.width':
      return [item.width]
    case 'item.height':
      return [item.height]
    case 'item.size':
      return [item.byteSize]
    case 'item.duration':
      return [item.durationSeconds]
    case 'item.frames':
      return [item.frameCount]
    case 'item.frameRate':
      return [item.frameRate]
    case 'item.type':
      return [item.contentType]
    case 'item.mediaType':
      return [item.mediaType]
    case 'item.digest':
      return [item.digest]
    case 'collection.name':
      return [item.collection]
    case 'date':
      return [Date.parse(item.createdAt)]
    default:
      return [Date.parse(item.updatedAt)]
  }
}

const holds = (asked: AskedTest, had: readonly Had[], fold: Fold): boolean =>
  had.some((one) => one !== null && asked.values.some((value) => oneHolds(asked, one, value, fold)))

function oneHolds({ operator, field }: AskedTest, had: NonNullable<Had>, value: AskedValue, fold: Fold): boolean {
  if (operator === '~') return like(fold(typeof had === 'object' ? had.name : String(had)), value.pattern ?? [], fold)
  if (value.range) return inRange(had as number, operator, value.range)
  if (typeof had === 'number') {
    const asked = value.number as number
    return compare(had - (field === 'annotation.confidence' ? Math.fround(asked) : asked), operator)
  }
  if (typeof had === 'string') return fold(had) === fold(value.text)
  const [name, version] = value.text.split(':') as [string, string | undefined]
  return fold(had.name) === fold(name) && (version === undefined || Number(version) === had.version)
}

function inRange(time: number, operator: AskedTest['operator'], [from, before]: readonly [number, number]): boolean {
  if (operator === '<') return time < from
  if (operator === '<=') return time < before
  if (operator === '>') return time >= before
  if (operator === '>=') return time >= from
  return time >= from && time < before
}

/** Of a difference. */
function compare(difference: number, operator: AskedTest['operator']): boolean {
  if (operator === '<') return difference < 0
  if (operator === '<=') return difference <= 0
  if (operator === '>') return difference > 0
  if (operator === '>=') return difference >= 0
  return difference === 0
}

function like(text: string, pattern: readonly (string | Wild)[], fold: Fold): boolean {
  const source = pattern.map((part) =>
    typeof part === 'string' ? fold(part).replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&') : 'any' in part ? '.*' : '.',
  )
  return new RegExp(source.join(''), 'su').test(text)
}

function metadataMeets({ path = [], operator, values }: AskedTest, item: LakeItem, fold: Fold): boolean {
  let at: unknown = item.metadata
  for (const key of path) {
    if (typeof at !== 'object' || at === null || Array.isArray(at) || !Object.hasOwn(at, key)) return false
    at = (at as Record<string, unknown>)[key]
  }
  const scalars = Array.isArray(at) ? (at as unknown[]) : [at]
  return scalars.some((scalar) => values.some((value) => scalarMeets(scalar, operator, value, fold)))
}

const isNumber = (text: string): boolean => {
  try {
    return typeof JSON.parse(text) === 'number' && text.trim() === text
  } catch {
    return false
  }
}

function scalarMeets(scalar: unknown, operator: AskedTest['operator'], value: AskedValue, fold: Fold): boolean {
  if (operator === '~')
    return (
      ['string', 'number', 'boolean'].includes(typeof scalar) && like(fold(String(scalar)), value.pattern ?? [], fold)
    )
  const { text } = value
  if (operator === '=' || operator === 'in') {
    if (typeof scalar === 'string') return scalar === text
    if (typeof scalar === 'number') return isNumber(text) && Number(text) === scalar
    return (typeof scalar === 'boolean' || scalar === null) && String(scalar) === text
  }
  if (typeof scalar === 'number' && isNumber(text)) return compare(scalar - Number(text), operator)
  // By code point, which is the order of UTF-8 bytes and not of JavaScript's own `<`.
  return (
    typeof scalar === 'string' &&
    !isNumber(text) &&
    compare(Buffer.compare(Buffer.from(scalar), Buffer.from(text)), operator)
  )
}
