import { createHash } from 'node:crypto'
import type { ExchangeItem } from '@lakelens/db'

const maxBytes = 180

/** A name that every file system takes: without separators, what Windows forbids, blanks at its ends, and not too long. */
export function safeName(name: string): string {
  let safe = name
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cs}\p{Cf}\u2028\u2029<>:"/\\|?*]/gu, '_')
    .replace(/^[\s.]+|[\s.]+$/g, '')
  while (Buffer.byteLength(safe) > maxBytes) safe = [...safe].slice(0, -1).join('')
  return safe === '' ? '_' : safe
}

export const stemOf = (name: string): string => name.replace(/\.[^.]*$/, '') || name

/**
 * Gives each item a file name of its own. What is taken is remembered by 48 bits of a digest, some forty bytes a name: two names
 * that share them by chance cost the second one a longer name, nothing else.
 */
export function createNamer(): (item: ExchangeItem, name: string) => string {
  const taken = new Set<number>()
  const take = (name: string): boolean => {
    const digest = createHash('sha256').update(name.toLowerCase()).digest().readUIntBE(0, 6)
    return !taken.has(digest) && Boolean(taken.add(digest))
  }
  return (item, name) => {
    for (const candidate of [safeName(stemOf(name)), safeName(name)]) if (take(candidate)) return candidate
    const unique = `${safeName(stemOf(name))}-${item.id}`
    take(unique)
    return unique
  }
}
