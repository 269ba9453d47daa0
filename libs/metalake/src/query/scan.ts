import { errors } from './errors'
import { limits, type Operator, type Segment, type Value } from './syntax'

const space = /\s/
const isSpace = (character: string | undefined): boolean => character !== undefined && space.test(character)

/**
 * Reads the pieces of a query. There are no tokens to speak of: a field's name and an unquoted value may hold spaces, and run on to
 * where something else can begin, so that what a character means depends on what is being read.
 */
export class Scanner {
  at = 0

  constructor(readonly text: string) {}

  get isAtEnd(): boolean {
    return this.at >= this.text.length
  }

  skipSpace(): void {
    while (isSpace(this.text[this.at])) this.at++
  }

  peek(character: string): boolean {
    return this.text[this.at] === character
  }

  take(character: string): boolean {
    if (!this.peek(character)) return false
    this.at++
    return true
  }

  /** AND, OR or NOT standing here as a word of its own. */
  keywordHere(at = this.at): 'AND' | 'OR' | 'NOT' | null {
    const [, word] = /^(AND|OR|NOT)(?=[\s()]|$)/.exec(this.text.slice(at, at + 4)) ?? []
    return (word as 'AND' | 'OR' | 'NOT' | undefined) ?? null
  }

  takeKeyword(word: 'AND' | 'OR' | 'NOT'): boolean {
    if (this.keywordHere() !== word) return false
    this.at += word.length
    return true
  }

  /** `in (` or `not in (`, in any case; the parenthesis is left. */
  private listOperatorHere(at: number): { name: 'in' | 'not in'; length: number } | null {
    const found = /^(not\s+in|in)(?=\s*\()/i.exec(this.text.slice(at, at + 40))
    if (!found?.[1]) return null
    return { name: found[1].length === 2 ? 'in' : 'not in', length: found[1].length }
  }

  operator(): { name: Operator; position: number } | null {
    const position = this.at
    const symbol = /^(!=|<=|>=|=|~|<|>)/.exec(this.text.slice(position, position + 2))?.[1]
    const list = symbol === undefined ? this.listOperatorHere(position) : null
    if (symbol === undefined && list === null) return null
    this.at += symbol?.length ?? list?.length ?? 0
    return { name: (symbol ?? list?.name) as Operator, position }
  }

  /** The dotted name of a field: everything up to an operator, a parenthesis, a keyword or the end. */
  path(): Segment[] {
    const segments: Segment[] = []
    do {
      this.skipSpace()
      segments.push(this.segment())
      if (segments.length > limits.segments)
        this.tooLarge(segments.at(-1)?.position ?? 0, 'segments', 'parts in a name')
      this.skipSpace()
    } while (this.take('.'))
    return segments
  }

  private segment(): Segment {
    const position = this.at
    if (this.peek('"') || this.peek("'")) return { text: this.quoted().text, isQuoted: true, position }
    while (!this.isAtEnd && !this.endsName()) this.at++
    const text = this.text.slice(position, this.at).trimEnd()
    if (text === '') throw this.unexpected(['a field'], position)
    return { text, isQuoted: false, position }
  }

  private endsName(): boolean {
    const character = this.text[this.at] as string
    if ('.=~<>()'.includes(character) || (character === '!' && this.text[this.at + 1] === '=')) return true
    if (!isSpace(this.text[this.at - 1])) return false
    return this.keywordHere() !== null || this.listOperatorHere(this.at) !== null
  }

  /** A value: quoted, or up to a keyword, an unmatched parenthesis, in a list a comma, or the end. */
  value(inList: boolean): Value {
    this.skipSpace()
    if (this.peek('"') || this.peek("'")) return this.quoted()
    const position = this.at
    let open = 0
    for (; !this.isAtEnd; this.at++) {
      const character = this.text[this.at]
      if (character === '(') open++
      if (character === ')' && --open < 0) break
      if (inList && character === ',' && open === 0) break
      if ((this.at === position || isSpace(this.text[this.at - 1])) && this.keywordHere() !== null) break
    }
    const text = this.text.slice(position, this.at).trimEnd()
    if (text === '') throw this.unexpected(['a value'], position)
    this.at = position + text.length
    // Outside quotes a backslash is itself, unless what follows would be wild, or another.
    const pattern = text.replace(/\\[*?\\]|\\/g, (found) => (found.length === 2 ? found : '\\\\'))
    return { position, text, pattern }
  }

  private quoted(): Value {
    const position = this.at
    const quote = this.text[this.at++]
    let text = ''
    let pattern = ''
    while (!this.isAtEnd && !this.peek(quote as string)) {
      const character = this.text[this.at++] as string
      if (character !== '\\') {
        text += character
        pattern += character
        continue
      }
      const escaped = this.text[this.at++]
      if (escaped === undefined || !'"\'\\*?'.includes(escaped)) {
        this.at = Math.min(this.at - 1, this.text.length)
        throw this.unexpected(['\\\\', '\\"', "\\'", '\\*', '\\?'], this.at - 1)
      }
      text += escaped
      pattern += '*?\\'.includes(escaped) ? `\\${escaped}` : escaped
    }
    if (this.isAtEnd) throw this.unexpected([quote === '"' ? 'a closing "' : "a closing '"])
    this.at++
    return { position, text, pattern }
  }

  unexpected(expected: readonly string[], position = this.at): Error {
    return errors.QUERY_SYNTAX({ position, expected, found: this.foundAt(position) })
  }

  tooLarge(position: number, limit: keyof typeof limits, what: string): never {
    throw errors.QUERY_TOO_LARGE({ position, expected: [], limit: limits[limit], received: limits[limit] + 1, what })
  }

  private foundAt(position: number): string {
    const [word] = /^[\p{L}\p{N}_]+|^./su.exec(this.text.slice(position, position + 40)) ?? []
    return word === undefined ? 'the end' : `\`${word}\``
  }
}
