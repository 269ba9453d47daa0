// Writes a query as people might: any case of names, any spaces, quotes where they must be and where they needn't.
import type { Asked, AskedTest, AskedValue } from './evaluate'
import type { Dice } from './random'

export function write(asked: Asked, d: Dice, isInGroup = false): string {
  switch (asked.kind) {
    case 'and':
    case 'or':
      return asked.of
        .map((part) =>
          part.kind === 'and' || part.kind === 'or' || d.chance(0.2)
            ? `(${write(part, d, isInGroup)})`
            : write(part, d, isInGroup),
        )
        .join(asked.kind === 'and' ? ' AND ' : ' OR ')
    case 'not':
      return asked.of.kind === 'and' || asked.of.kind === 'or'
        ? `NOT (${write(asked.of, d, isInGroup)})`
        : `NOT ${write(asked.of, d, isInGroup)}`
    case 'group':
      return `${anyCase('annotation', d)}${space(d)}(${write(asked.of, d, true)})`
    case 'test':
      return `${name(asked, d, isInGroup)}${asked.operator.endsWith('in') ? ' ' : space(d)}${asked.operator}${space(d)}${values(asked, d)}`
  }
}

const space = (d: Dice): string => d.pick(['', '', ' ', '  ', '\n'])
const anyCase = (text: string, d: Dice): string =>
  d.chance(0.2) ? text.toUpperCase() : d.chance(0.2) ? text.toLowerCase() : text

function name({ field, path }: AskedTest, d: Dice, isInGroup: boolean): string {
  if (field !== 'metadata') return anyCase(isInGroup ? field.slice('annotation.'.length) : field, d)
  const isReserved = path?.length === 1 && ['name', 'tags'].includes(path[0]?.toLowerCase() ?? '')
  const parts = (path ?? []).map((key) =>
    !isReserved && /^[\w ]+$/.test(key) && !/\b(AND|OR|NOT)\b/.test(key) && d.chance(0.7) ? key : quote(key, d),
  )
  return `${anyCase('metadata', d)}.${parts.join('.')}`
}

function values({ operator, values: asked }: AskedTest, d: Dice): string {
  if (operator !== 'in' && operator !== 'not in') return value(asked[0] as AskedValue, d, false)
  return `(${space(d)}${asked.map((one) => value(one, d, true)).join(`${space(d)},${space(d)}`)}${space(d)})`
}

function value(asked: AskedValue, d: Dice, isInList: boolean): string {
  if (asked.pattern) {
    const bare = asked.pattern
      .map((part) => (typeof part === 'string' ? part.replace(/[*?\\]/g, '\\$&') : 'any' in part ? '*' : '?'))
      .join('')
    if (canBeBare(bare, isInList) && d.chance(0.5)) return bare
    const mark = d.pick(['"', "'"])
    return `${mark}${bare.replaceAll(mark, `\\${mark}`)}${mark}`
  }
  return canBeBare(asked.text, isInList) && d.chance(0.6) ? asked.text : quote(asked.text, d)
}

const quote = (text: string, d: Dice): string => {
  const mark = d.pick(['"', "'"])
  return `${mark}${text.replaceAll('\\', '\\\\').replaceAll(mark, `\\${mark}`)}${mark}`
}

function canBeBare(text: string, isInList: boolean): boolean {
  if (text === '' || text.trim() !== text || /^["']/.test(text) || /\b(AND|OR|NOT)\b/.test(text)) return false
  if (isInList && text.includes(',')) return false
  let open = 0
  for (const character of text) {
    if (character === '(') open++
    if (character === ')' && --open < 0) return false
  }
  // An open parenthesis would take in what closes the list, or the group, around it.
  return open === 0
}
