import { isScalar, Lexer, LineCounter, parseDocument, Parser, visit, type Document } from 'yaml'

// An alias stands for a copy: nested ones, nine deep with nine each, are the "billion laughs". Nobody needs them here.
export const maxAliases = 10
// Every file of a package is flat. A parser that recurses runs out of stack at some ten thousand levels, and takes the process along.
const maxDepth = 64

export interface YamlFault {
  message: string
  line: number | null
}

export interface ReadYaml {
  document: Document.Parsed
  counter: LineCounter
  /** Why it can't be used; `document` is empty where it was not even built. */
  fault: YamlFault | null
}

/** Reads one YAML document that somebody else wrote. Never throws, and takes a time that grows with the text alone. */
export function readYaml(text: string): ReadYaml {
  const counter = new LineCounter()
  const deep = lineTooDeep(text)
  if (deep !== null) {
    const fault = { message: `more than ${maxDepth} levels, one in the other`, line: deep }
    return { document: parseDocument(''), counter, fault }
  }
  // Left to the parser, the search for keys that are there twice compares each with each, and every error is shown in its line:
  // a megabyte of one or the other would take seconds, or minutes.
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: false, prettyErrors: false })
  return { document, counter, fault: faultOf(document, counter) ?? repeatedKey(document, counter) }
}

/** Where the text goes deeper than `maxDepth`; null when it never does. Looks at the text in steps, before anything recurses. */
function lineTooDeep(text: string): number | null {
  const parser = new Parser()
  let line = 1
  for (const lexeme of new Lexer().lex(text)) {
    // It yields whole documents; how deep it is in the present one is all that is asked.
    Array.from(parser.next(lexeme))
    if (lexeme.includes('\n')) line += lexeme.split('\n').length - 1
    if (parser.stack.length > maxDepth) return line
  }
  return null
}

/** A syntax error, a tag of another language, aliases without end. */
function faultOf(document: Document.Parsed, counter: LineCounter): YamlFault | null {
  // An unknown tag (`!!python/object`) is only a warning of the parser's, which then reads the value as if it had none.
  const [problem] = [...document.errors, ...document.warnings]
  if (problem) return { message: problem.message, line: counter.linePos(problem.pos[0]).line }
  try {
    document.toJS({ maxAliasCount: maxAliases })
    return null
  } catch (error) {
    return { message: (error as Error).message, line: null }
  }
}

function repeatedKey(document: Document.Parsed, counter: LineCounter): YamlFault | null {
  let fault: YamlFault | null = null
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>()
      for (const { key } of items) {
        if (!isScalar(key)) continue
        if (seen.has(key.value)) {
          fault = { message: 'Map keys must be unique', line: key.range ? counter.linePos(key.range[0]).line : null }
          return visit.BREAK
        }
        seen.add(key.value)
      }
      return undefined
    },
  })
  return fault
}
