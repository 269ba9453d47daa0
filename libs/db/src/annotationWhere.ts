import type { AnnotationPredicate, ModelTest } from './itemPredicate'
import type { Parameters } from './parameters'
import { anyText, decimalWhere, textWhere, wholeWhere } from './testWhere'

/** The condition on a row `a` of `annotation`. Negations go down to the tests, as for items. */
export function annotationWhere(predicate: AnnotationPredicate, parameters: Parameters, negated = false): string {
  if (predicate.kind === 'not') return annotationWhere(predicate.of, parameters, !negated)
  if ('of' in predicate) {
    const isAnd = (predicate.kind === 'and') !== negated
    if (predicate.of.length === 0) return isAnd ? 'true' : 'false'
    return `(${predicate.of.map((part) => annotationWhere(part, parameters, negated)).join(isAnd ? ' and ' : ' or ')})`
  }
  const sql = leaf(predicate, parameters)
  return negated ? `(${sql}) is not true` : sql
}

function leaf(predicate: Exclude<AnnotationPredicate, { kind: 'and' | 'or' | 'not' }>, parameters: Parameters): string {
  switch (predicate.kind) {
    case 'label':
      return textWhere('a.label', predicate.test, parameters)
    case 'by':
      return textWhere('a.created_by', predicate.test, parameters)
    case 'confidence':
      return decimalWhere('a.confidence', predicate.test, parameters, 'real')
    case 'frame':
      return wholeWhere('a.frame', predicate.test, parameters)
    case 'source':
      return anyText('a.source', predicate.in, parameters)
    case 'shape':
      return anyText('a.kind', predicate.in, parameters)
    case 'review':
      return anyText('a.review', predicate.in, parameters)
    case 'model':
      return `a.model_version_id = ${anyVersion(predicate.model, parameters)}`
  }
}

/** The condition on a row `a` that it counts at all, and meets `where` (null: whatever it is). */
export function annotatedBy(where: AnnotationPredicate | null, rejectedToo: boolean, parameters: Parameters): string {
  const conditions = ['a.superseded_at is null']
  if (!rejectedToo) conditions.push(`a.review <> 'REJECTED'`)
  if (where !== null) conditions.push(annotationWhere(where, parameters))
  return conditions.join(' and ')
}

/**
 * `any (…)` of the versions that are meant. As an array it is made once and then looked up in the index of each partition of vectors;
 * as a subquery it was joined with all vectors there are.
 */
export const anyVersion = (test: ModelTest, parameters: Parameters): string =>
  `any (array(${modelVersions(test, parameters)}))`

function modelVersions(test: ModelTest, parameters: Parameters): string {
  const from = 'select v.id from model_version v join model m on m.id = v.model_id'
  if (test.op === 'like') return `${from} where ${textWhere('m.name', test, parameters)}`
  const names = parameters.add(
    test.models.map((model) => model.name),
    'text[]',
  )
  const versions = parameters.add(
    test.models.map((model) => model.version),
    'integer[]',
  )
  return `${from} join unnest(${names}, ${versions}) as meant (name, version)
    on lower(meant.name) = lower(m.name) and (meant.version is null or meant.version = v.version)`
}
