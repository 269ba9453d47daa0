import type { AnnotationPredicate, ItemPredicate } from '@lakelens/db'
import type { Condition, Query } from './tree'
import type { Test } from './values'

/** A checked query as a condition on items. */
export function toPredicate(query: Query): ItemPredicate {
  switch (query.kind) {
    case 'and':
    case 'or':
      return { kind: query.kind, of: query.of.map(toPredicate) }
    case 'not':
      return { kind: 'not', of: toPredicate(query.of) }
    case 'oneAnnotation':
      return { kind: 'annotated', where: toAnnotation(query.of), rejectedToo: asksReview(query.of) }
    case 'condition': {
      const { test, isNegated } = testOf(query)
      const where = itemCondition(query, test)
      return isNegated ? { kind: 'not', of: where } : where
    }
  }
}

function testOf({ operator, values }: Condition): { test: Test; isNegated: boolean } {
  const isNegated = operator === '!=' || operator === 'not in'
  const [value = ''] = values
  if (operator === '~') return { test: { op: 'like', pattern: value }, isNegated }
  if (operator === '<' || operator === '<=' || operator === '>' || operator === '>=')
    return { test: { op: operator, value }, isNegated }
  return { test: { op: 'in', values }, isNegated }
}

function itemCondition({ field, path }: Condition, test: Test): ItemPredicate {
  if (field.about === 'item') return field.where(test, path)
  if (field.path === 'annotation.type') return typeCondition(test)
  return { kind: 'annotated', where: field.where(test), rejectedToo: field.path === 'annotation.review' }
}

/** `raw` is no annotation at all. */
function typeCondition(test: Test): ItemPredicate {
  const values = test.op === 'in' ? test.values.map((value) => value.toUpperCase()) : []
  const sources = (['HUMAN', 'MACHINE'] as const).filter((source) => values.includes(source))
  return typesWhere(values.includes('RAW'), sources)
}

/** Items with annotations of any of these sources, or (RAW) without any. Rejected ones count nowhere. */
export function typesWhere(isRaw: boolean, sources: readonly ('HUMAN' | 'MACHINE')[]): ItemPredicate {
  const any: ItemPredicate[] = []
  if (sources.length > 0) any.push({ kind: 'annotated', where: { kind: 'source', in: sources }, rejectedToo: false })
  if (isRaw) any.push({ kind: 'not', of: { kind: 'annotated', where: null, rejectedToo: false } })
  return any.length === 1 ? (any[0] as ItemPredicate) : { kind: 'or', of: any }
}

function toAnnotation(query: Query): AnnotationPredicate {
  switch (query.kind) {
    case 'and':
    case 'or':
      return { kind: query.kind, of: query.of.map(toAnnotation) }
    case 'not':
      return { kind: 'not', of: toAnnotation(query.of) }
    case 'condition': {
      if (query.field.about !== 'annotation') break
      const { test, isNegated } = testOf(query)
      const where = query.field.where(test)
      return isNegated ? { kind: 'not', of: where } : where
    }
  }
  throw new Error('A group holds something that is not about annotations; the check let it pass.')
}

/** Who asks for reviews means rejected annotations, too. */
function asksReview(query: Query): boolean {
  if (query.kind === 'condition') return query.field.path === 'annotation.review'
  return 'some' in query.of ? query.of.some(asksReview) : asksReview(query.of)
}
