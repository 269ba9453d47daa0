import { errors } from './errors'
import { Scanner } from './scan'
import { limits, type Operator, type Syntax, type TermSyntax, type Value } from './syntax'

// NUL and halves of surrogate pairs: no text of the lake has them, and Postgres refuses the whole statement.
const unstorable = /[\u0000\p{Cs}]/u

/**
 * Reads a query that is not empty: `or := and ('OR' and)*`, `and := unary ('AND' unary)*`,
 * `unary := 'NOT' unary | '(' or ')' | 'annotation(' or ')' | term`. Throws the first fault, with its position.
 */
export function parse(text: string): Syntax {
  if (text.length > limits.length) {
    throw errors.QUERY_TOO_LARGE({
      position: limits.length,
      expected: [],
      limit: limits.length,
      received: text.length,
      what: 'characters',
    })
  }
  const bad = unstorable.exec(text)
  if (bad) throw errors.QUERY_TEXT({ position: bad.index, expected: [] })
  return new Parser(new Scanner(text)).query()
}

class Parser {
  private depth = 0
  private terms = 0

  constructor(private readonly scanner: Scanner) {}

  query(): Syntax {
    const read = this.or()
    if (!this.scanner.isAtEnd) throw this.scanner.unexpected(['AND', 'OR', 'the end'])
    return read
  }

  private or(): Syntax {
    return this.joined('or', 'OR', () => this.joined('and', 'AND', () => this.unary()))
  }

  /** `(a AND b) AND c` is `a AND b AND c`: one node, so that equal queries are equal trees. */
  private joined(kind: 'and' | 'or', word: 'AND' | 'OR', next: () => Syntax): Syntax {
    const parts = [next()]
    while ((this.scanner.skipSpace(), this.scanner.takeKeyword(word))) parts.push(next())
    const flat = parts.flatMap((part) => (part.kind === kind ? part.of : [part]))
    return flat.length === 1 ? (flat[0] as Syntax) : { kind, of: flat }
  }

  private unary(): Syntax {
    this.scanner.skipSpace()
    if (this.scanner.takeKeyword('NOT')) return { kind: 'not', of: this.deeper(() => this.unary()) }
    if (this.scanner.take('(')) return this.deeper(() => this.closed())
    return this.term()
  }

  private deeper<T>(read: () => T): T {
    if (++this.depth > limits.depth) this.scanner.tooLarge(this.scanner.at, 'depth', 'levels inside each other')
    const inner = read()
    this.depth--
    return inner
  }

  private closed(): Syntax {
    const inner = this.or()
    this.scanner.skipSpace()
    if (!this.scanner.take(')')) throw this.scanner.unexpected(['AND', 'OR', ')'])
    return inner
  }

  private term(): Syntax {
    const { scanner } = this
    const position = scanner.at
    if (scanner.isAtEnd || scanner.peek(')') || scanner.keywordHere() !== null)
      throw scanner.unexpected(['a field', 'NOT', '('])
    const path = scanner.path()
    if (++this.terms > limits.terms) scanner.tooLarge(position, 'terms', 'comparisons')
    const [first, ...others] = path
    if (others.length === 0 && !first?.isQuoted && first?.text.toLowerCase() === 'annotation' && scanner.take('('))
      return { kind: 'group', position, of: this.deeper(() => this.closed()) }
    const end = scanner.at
    const operator = scanner.operator()
    const endsHere = scanner.isAtEnd || scanner.peek(')') || scanner.keywordHere() !== null
    if (operator === null && !endsHere)
      throw scanner.unexpected(path.at(-1)?.isQuoted ? ['.', 'an operator'] : ['an operator'])
    const term: TermSyntax = { kind: 'term', position, end, path, operator, values: [] }
    if (operator !== null) term.values = this.values(operator.name)
    return term
  }

  private values(operator: Operator): Value[] {
    const { scanner } = this
    if (operator !== 'in' && operator !== 'not in') return [this.alone(scanner.value(false))]
    scanner.skipSpace()
    scanner.take('(')
    const values: Value[] = []
    do {
      const value = scanner.value(true)
      values.push(value)
      if (values.length > limits.values) scanner.tooLarge(value.position, 'values', 'values in a list')
      scanner.skipSpace()
    } while (scanner.take(','))
    if (!scanner.take(')')) throw scanner.unexpected([',', ')'])
    return values
  }

  /** After a quoted value only what ends a value may come: `"a" b` is no value. */
  private alone(value: Value): Value {
    const { scanner } = this
    scanner.skipSpace()
    if (!scanner.isAtEnd && !scanner.peek(')') && scanner.keywordHere() === null)
      throw scanner.unexpected(['AND', 'OR', 'the end'])
    return value
  }
}
