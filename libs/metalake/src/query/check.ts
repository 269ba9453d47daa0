import type { LakeError } from '@lakelens/kernel'
import { errors } from './errors'
import { embeddingField, fieldOf, fields, metadataField, shortName, type Field } from './fields'
import { suggestFields } from './suggest'
import type { Segment, Syntax, TermSyntax, Value } from './syntax'
import type { Query } from './tree'
import { valueTypes } from './values'

/** Looks every field, operator and value up. All that is wrong is told, in the order it stands; the tree is null then. */
export function check(syntax: Syntax): { query: Query | null; faults: LakeError[] } {
  const faults: LakeError[] = []
  const query = checked(syntax, false, faults)
  return { query: faults.length === 0 ? query : null, faults }
}

function checked(syntax: Syntax, inGroup: boolean, faults: LakeError[]): Query | null {
  switch (syntax.kind) {
    case 'and':
    case 'or': {
      const parts = syntax.of.map((part) => checked(part, inGroup, faults))
      return { kind: syntax.kind, of: parts.filter((part) => part !== null) }
    }
    case 'not': {
      const of = checked(syntax.of, inGroup, faults)
      return of && { kind: 'not', of }
    }
    case 'group': {
      if (inGroup) faults.push(unknown(syntax.position, 'annotation(…)', inGroup))
      const of = checked(syntax.of, true, faults)
      return of && { kind: 'oneAnnotation', of }
    }
    case 'term': {
      const fault = (error: LakeError) => (faults.push(error), null)
      const found = resolve(syntax, inGroup)
      if (found === null) return fault(unknown(syntax.position, spelled(syntax.path), inGroup))
      if (found.bare !== undefined)
        return { kind: 'condition', field: found.field, path: [], operator: '=', values: [found.bare] }
      const error = operatorFault(syntax, found.field) ?? valueFault(syntax.values, found.field, inGroup)
      if (error) return fault(error)
      const operator = syntax.operator?.name ?? '='
      const values = syntax.values.map((value) => (operator === '~' ? value.pattern : value.text))
      return { kind: 'condition', field: found.field, path: found.path, operator, values }
    }
  }
}

interface Resolved {
  field: Field
  path: string[]
  /** The name of a model that stands in the path: `analytics.embeddingModel.resnet50`. */
  bare?: string
}

const spelled = (path: readonly Segment[]): string =>
  path
    .map((segment) => segment.text)
    .join('.')
    .slice(0, 100)
const is = (segment: Segment | undefined, name: string): boolean =>
  segment !== undefined && !segment.isQuoted && segment.text.toLowerCase() === name

/** The field a name means; null: there is none. */
export function resolve({ path, operator }: TermSyntax, inGroup: boolean): Resolved | null {
  const [group, ...rest] = path
  if (inGroup) {
    const field = rest.length === 0 && !group?.isQuoted ? fieldOf(`annotation.${group?.text}`) : undefined
    return field ? { field, path: [] } : null
  }
  if (is(group, 'analytics') && is(rest[0], 'embeddingmodel') && rest.length > 1 && operator === null)
    return {
      field: embeddingField,
      path: [],
      bare: rest
        .slice(1)
        .map((segment) => segment.text)
        .join('.'),
    }
  const field = path.some((segment) => segment.isQuoted) ? undefined : fieldOf(spelled(path))
  if (field) return { field, path: [] }
  // A quoted name is always one's own, were it called "Tags".
  if (is(group, 'metadata') && rest.length > 0) return { field: metadataField, path: rest.map((part) => part.text) }
  return null
}

function unknown(position: number, field: string, inGroup: boolean): LakeError {
  const names = inGroup ? fields.flatMap((one) => (one.about === 'annotation' ? [shortName(one)] : [])) : null
  return errors.QUERY_UNKNOWN_FIELD({ position, field, expected: suggestFields(field, names) })
}

function operatorFault({ operator, path, end }: TermSyntax, field: Field): LakeError | null {
  const expected = valueTypes[field.valueType].operators
  if (operator === null)
    return errors.QUERY_SYNTAX({ position: end, expected, found: `\`${spelled(path)}\` without an operator` })
  if ((expected as readonly string[]).includes(operator.name)) return null
  return errors.QUERY_OPERATOR({ position: operator.position, expected, field: field.path, operator: operator.name })
}

function valueFault(values: readonly Value[], field: Field, inGroup: boolean): LakeError | null {
  // An annotation is never raw: only an item is, for want of one.
  const choices = inGroup ? field.choices?.filter((choice) => choice !== 'raw') : field.choices
  const { accepts, expected } = valueTypes[field.valueType]
  for (const { text, position } of values) {
    if (choices ? choices.includes(text.toLowerCase()) : accepts(text)) continue
    const found = text === '' ? 'An empty text' : `"${text.slice(0, 80)}"`
    return errors.QUERY_VALUE({ position, field: field.path, found, expected: choices ?? expected })
  }
  return null
}
