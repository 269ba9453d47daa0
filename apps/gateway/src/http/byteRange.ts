import type { ByteRange } from '@lakelens/media'

/**
 * What of a content of `byteSize` bytes a `Range` header asks for: a range, `'all'` (no header, several ranges, or one that can't
 * be read: RFC 9110 lets a server answer these with everything), or `'none'` when nothing of it is there.
 */
export function readRange(header: string | undefined, byteSize: number): ByteRange | 'all' | 'none' {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return 'all'
  if (first === '') {
    const length = Math.min(Number(last), byteSize)
    return length === 0 ? 'none' : { start: byteSize - length, end: byteSize - 1 }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return 'all'
  return start >= byteSize ? 'none' : { start, end: Math.min(last === '' ? byteSize - 1 : Number(last), byteSize - 1) }
}
