import type { Readable } from 'node:stream'
import { messageOf } from '@lakelens/kernel'
import { errors } from './errors'

/** An element of one of the lists that are looked for. */
export interface JsonElement {
  list: string
  /** Place in its list; the first is 0. */
  index: number
  /** Undefined: it was larger than `maxElementBytes`, and passed over. */
  value: unknown
  byteSize: number
}

/** The longest shapes, as text. */
export const maxElementBytes = 4 * 1024 * 1024
/** COCO needs four; brackets cost a stack, here and in JSON.parse. */
const maxDepth = 32
const maxKeyBytes = 10_000

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a]
const [openObject, closeObject, openList, closeList] = [0x7b, 0x7d, 0x5b, 0x5d]
const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

const invalid = (reason: string, cause?: unknown): Error =>
  errors.ANNOTATION_FILE_INVALID({ format: 'COCO', reason }, { cause })

/**
 * Streams the elements of top-level lists of a JSON object, in whatever order the lists come, in memory of one element: finds where
 * each ends, and gives it to JSON.parse. Of what nobody asked for, brackets and quotes are judged and nothing is kept. A file that
 * is cut or broken, or has none of the lists, throws ANNOTATION_FILE_INVALID, with what came before the fault already given.
 *
 * (A hundred megabytes a second of outlines on one core; a parser that hands out token by token, as stream-json does so that no text
 * is held whole, reads three.)
 */
export async function* readLists(source: Readable, lists: readonly string[]): AsyncGenerator<JsonElement> {
  const reader = new ListReader(lists)
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) yield* reader.read(chunk)
    reader.end()
  } finally {
    source.destroy()
  }
}

/** What is expected next, between values. */
type Expected =
  'root' | 'firstKey' | 'key' | 'colon' | 'value' | 'firstElement' | 'element' | 'afterElement' | 'afterValue' | 'end'
const words: Record<Expected, string> = {
  root: 'an object',
  firstKey: 'a key or `}`',
  key: 'a key',
  colon: '`:`',
  value: 'a value',
  firstElement: 'an element or `]`',
  element: 'an element',
  afterElement: '`,` or `]`',
  afterValue: '`,` or `}`',
  end: 'nothing more',
}

class ListReader {
  private expected: Expected = 'root'
  private offset = 0
  /** Key of the value that is being read. */
  private key = ''
  private index = 0
  private hasList = false
  /** Reads the value or key that has begun; undefined between them. */
  private scanner: ValueScanner | undefined
  private head: Buffer | undefined = Buffer.alloc(0)

  constructor(private readonly lists: readonly string[]) {}

  *read(bytes: Buffer): Generator<JsonElement> {
    const chunk = this.withoutMark(bytes)
    for (let at = 0; at < chunk.length;) {
      if (this.scanner) {
        at = this.scanner.scan(chunk, at)
        if (!this.scanner.hasEnded) break
        const element = this.finish(this.scanner)
        if (element) yield element
      } else if (isBlank(chunk[at]!)) at++
      else at += this.begin(chunk[at]!, this.offset + at)
    }
    this.offset += chunk.length
  }

  end(): void {
    if (this.head !== undefined) this.head = undefined
    if (this.scanner || this.expected !== 'end')
      throw invalid(`it ends where ${this.scanner ? 'a value goes on' : `${words[this.expected]} is expected`}`)
    // Some other JSON: nothing found in it would look like a file of nothing.
    if (!this.hasList) throw invalid(`it has no \`${this.lists.join('` and no `')}\``)
  }

  /** Some editors put a byte order mark before the text; JSON has none. Its three bytes may come in pieces. */
  private withoutMark(bytes: Buffer): Buffer {
    if (this.head === undefined) return bytes
    const head = Buffer.concat([this.head, bytes])
    const mark = Buffer.from([0xef, 0xbb, 0xbf])
    if (head.length < 3 && mark.subarray(0, head.length).equals(head)) {
      this.head = head
      return Buffer.alloc(0)
    }
    this.head = undefined
    return head.subarray(0, 3).equals(mark) ? head.subarray(3) : head
  }

  /** Takes one byte that is no blank, between values; returns how far to go on (0: a value begins with it). */
  private begin(byte: number, offset: number): number {
    const { expected } = this
    const refuse = (): Error => invalid(`${words[expected]} is expected at byte ${offset + 1}`)
    const go = (next: Expected): number => {
      this.expected = next
      return 1
    }
    switch (expected) {
      case 'root':
        if (byte === openList) throw invalid('it is a list, not an object with `images` and `annotations`')
        if (byte === openObject) return go('firstKey')
        throw invalid('it is no object with `images` and `annotations`')
      case 'firstKey':
      case 'key':
        if (byte === closeObject && expected === 'firstKey') return go('end')
        if (byte !== quote) throw refuse()
        return this.start(new ValueScanner(maxKeyBytes))
      case 'colon':
        if (byte !== colon) throw refuse()
        return go('value')
      case 'value':
        if (byte === comma || byte === closeObject || byte === closeList) throw refuse()
        if (!this.lists.includes(this.key)) return this.start(new ValueScanner(0))
        if (byte !== openList) throw invalid(`\`${this.key}\` is no list`)
        this.index = 0
        this.hasList = true
        return go('firstElement')
      case 'firstElement':
      case 'element':
        if (byte === closeList && expected === 'firstElement') return go('afterValue')
        if (byte === comma || byte === closeList || byte === closeObject) throw refuse()
        return this.start(new ValueScanner(maxElementBytes))
      case 'afterElement':
        if (byte !== comma && byte !== closeList) throw refuse()
        return go(byte === comma ? 'element' : 'afterValue')
      case 'afterValue':
        if (byte !== comma && byte !== closeObject) throw refuse()
        return go(byte === comma ? 'key' : 'end')
      case 'end':
        throw refuse()
    }
  }

  private start(scanner: ValueScanner): 0 {
    this.scanner = scanner
    return 0
  }

  private finish(scanner: ValueScanner): JsonElement | null {
    this.scanner = undefined
    if (this.expected === 'value') {
      this.expected = 'afterValue'
      return null
    }
    if (this.expected === 'firstKey' || this.expected === 'key') {
      const key = scanner.isTooLarge ? null : parse(scanner.text(), 'a key')
      if (typeof key !== 'string') throw invalid(`a key of it is longer than ${maxKeyBytes} bytes`)
      this.key = key
      this.expected = 'colon'
      return null
    }
    this.expected = 'afterElement'
    const { key: list, index } = this
    this.index++
    const value = scanner.isTooLarge ? undefined : parse(scanner.text(), `element ${index + 1} of \`${list}\``)
    return { list, index, value, byteSize: scanner.byteSize }
  }
}

/** Finds the end of one JSON value over any number of chunks, and keeps up to `maxBytes` of it. */
class ValueScanner {
  hasEnded = false
  byteSize = 0
  private pieces: Buffer[] = []
  private closers: number[] = []
  private inText = false
  private isEscaped = false

  constructor(private readonly maxBytes: number) {}

  get isTooLarge(): boolean {
    return this.byteSize > this.maxBytes
  }

  /** Returns where it stopped: behind the value, or at the end of the chunk. */
  scan(chunk: Buffer, from: number): number {
    const end = this.find(chunk, from)
    this.byteSize += end - from
    if (this.isTooLarge) this.pieces = []
    else this.pieces.push(chunk.subarray(from, end))
    return end
  }

  text(): string {
    return Buffer.concat(this.pieces).toString('utf8')
  }

  private find(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at]!
      if (this.inText) {
        if (this.isEscaped) this.isEscaped = false
        else if (byte === backslash) this.isEscaped = true
        else if (byte === quote) {
          this.inText = false
          if (this.closers.length === 0) return this.endAt(at + 1)
        }
      } else if (byte === quote) this.inText = true
      else if (byte === openObject || byte === openList) {
        if (this.closers.push(byte === openObject ? closeObject : closeList) > maxDepth)
          throw invalid(`it has more than ${maxDepth} brackets inside each other`)
      } else if (byte === closeObject || byte === closeList) {
        // A number or word ends before what follows it.
        if (this.closers.length === 0) return this.endAt(at)
        if (this.closers.pop() !== byte) throw invalid('its brackets do not match')
        if (this.closers.length === 0) return this.endAt(at + 1)
      } else if (this.closers.length === 0 && (byte === comma || isBlank(byte))) return this.endAt(at)
    }
    return chunk.length
  }

  private endAt(at: number): number {
    this.hasEnded = true
    return at
  }
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(/\d{16}/.test(text) ? withLargeIds(text) : text)
  } catch (error) {
    throw invalid(`${what} is no JSON (${messageOf(error).slice(0, 200)})`, error)
  }
}

/** Ids may be larger than a double tells apart: those become texts. */
const withLargeIds = (text: string): string =>
  text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs, (token) =>
    /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token,
  )
