import { fieldOf, metadataField, shortName } from './fields'
import type { Condition, Query } from './tree'

/** The query in order: fields as they are called, quotes where they are needed, no more parentheses than that. It reads back as the same tree. */
export function print(query: Query): string {
  return printed(query, false)
}

function printed(query: Query, inGroup: boolean): string {
  switch (query.kind) {
    case 'and':
      return query.of.map((part) => inParentheses(part, ['or'], inGroup)).join(' AND ')
    case 'or':
      return query.of.map((part) => printed(part, inGroup)).join(' OR ')
    case 'not':
      return `NOT ${inParentheses(query.of, ['and', 'or'], inGroup)}`
    case 'oneAnnotation':
      return `annotation(${printed(query.of, true)})`
    case 'condition':
      return printCondition(query, inGroup)
  }
}

const inParentheses = (query: Query, kinds: readonly string[], inGroup: boolean): string =>
  kinds.includes(query.kind) ? `(${printed(query, inGroup)})` : printed(query, inGroup)

export function printCondition({ field, path, operator, values }: Condition, inGroup = false): string {
  const name =
    field === metadataField
      ? metadataPath(path)
      : inGroup && field.about === 'annotation'
        ? shortName(field)
        : field.path
  if (operator === 'in' || operator === 'not in')
    return `${name} ${operator} (${values.map((value) => printText(value)).join(', ')})`
  return `${name}${operator}${operator === '~' ? printPattern(values[0] ?? '') : printText(values[0] ?? '')}`
}

const plainName = /^[\p{L}_][\p{L}\p{M}\p{N}_-]*( [\p{L}\p{N}_-][\p{L}\p{M}\p{N}_-]*)*$/u
const keyword = /(^| )(AND|OR|NOT|in|not)( |$)/i

/** `metadata.camera.model`; names that could be read as something else are quoted. */
export function metadataPath(path: readonly string[]): string {
  const isBuiltIn = path.length === 1 && fieldOf(`metadata.${path[0]}`) !== undefined
  const names = path.map((name) => (!isBuiltIn && plainName.test(name) && !keyword.test(name) ? name : quoted(name)))
  return `metadata.${names.join('.')}`
}

const plainText = /^[\p{L}\p{N}_+][\p{L}\p{M}\p{N}_.:/+@#%&-]*( [\p{L}\p{M}\p{N}_.:/+@#%&-]+)*$/u

export function printText(text: string): string {
  return plainText.test(text) && !keyword.test(text) ? text : quoted(text)
}

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

const plainPattern = /^[\p{L}\p{N}_*?][\p{L}\p{M}\p{N}_.:/*?-]*$/u

/** A pattern has its own escapes, which quotes read the same way. */
function printPattern(pattern: string): string {
  if (plainPattern.test(pattern) && !keyword.test(pattern)) return pattern
  return `"${pattern.replace(/"/g, '\\"')}"`
}
