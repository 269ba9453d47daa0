import { printCondition } from './print'
import type { Condition, Query } from './tree'

/** What a query may not mean although it says it. */
export function warningsOf(query: Query): string[] {
  if (query.kind === 'condition') return swallowed(query)
  if (query.kind === 'oneAnnotation') return conditionsOf(query.of).flatMap(swallowed)
  if (query.kind === 'not') return warningsOf(query.of)
  const inner = query.of.flatMap(warningsOf)
  return query.kind === 'and' ? [...apart(query.of), ...inner] : inner
}

/** Conditions on different fields of annotations, joined by AND: each may be met by another annotation. */
function apart(parts: readonly Query[]): string[] {
  const byField = new Map<string, Condition>()
  for (const part of parts) {
    if (part.kind !== 'condition' || part.field.about !== 'annotation' || byField.has(part.field.path)) continue
    if (part.values.some((value) => value.toLowerCase() === 'raw') && part.field.path === 'annotation.type') continue
    byField.set(part.field.path, part)
  }
  if (byField.size < 2) return []
  const conditions = [...byField.values()]
  const said = conditions.map((condition) => `\`${printCondition(condition)}\``).join(' and ')
  const group = conditions.map((condition) => printCondition(condition, true)).join(' AND ')
  return [
    `${said} may be met by different annotations of an item. For one annotation that meets all of them write \`annotation(${group})\`.`,
  ]
}

const conditionsOf = (query: Query): Condition[] =>
  query.kind === 'condition'
    ? [query]
    : 'some' in query.of
      ? query.of.flatMap(conditionsOf)
      : conditionsOf(query.of as Query)

const joinedOn = /(?:^|\s)(and|or|&&|\|\|)\s+[^=~<>]{1,200}(?:[=~<>]|\sin\s*\()/i
const operatorFirst = /^(?:[=~<>]|!=|(?:not\s+)?in\s*\()/i

/** A value runs on over what other languages take for `and` or an operator: it is a text like any other here, and finds nothing. */
function swallowed({ field, values }: Condition): string[] {
  return values.flatMap((value) => {
    const said = `The value that \`${field.path}\` is compared with is ${JSON.stringify(value.slice(0, 80))}`
    const word = joinedOn.exec(value)?.[1]
    if (word !== undefined && word !== word.toUpperCase())
      return [
        `${said}. Conditions are joined by AND and OR in capitals: write \`${word.toUpperCase()}\` if it is no text.`,
      ]
    if (word === '&&' || word === '||')
      return [
        `${said}. Conditions are joined by AND and OR: write one of them in place of \`${word}\` if it is no text.`,
      ]
    if (operatorFirst.test(value)) return [`${said}. It begins with an operator: take one away if that is no text.`]
    return []
  })
}
