import { Lexer, Source, TokenKind } from 'graphql'
import { operationLimits } from './limits'

const opening: readonly TokenKind[] = [TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]
const closing: readonly TokenKind[] = [TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]

/**
 * Whether a document opens more brackets inside each other than anyone writes. graphql-js parses and validates by recursion:
 * three thousand levels, well within the limit of tokens, overflow its stack.
 */
export function isTooNested(text: string): boolean {
  const lexer = new Lexer(new Source(text))
  let depth = 0
  try {
    for (let tokens = 0; tokens <= operationLimits.maxTokens; tokens++) {
      const { kind } = lexer.advance()
      if (kind === TokenKind.EOF) return false
      if (opening.includes(kind) && ++depth > operationLimits.maxNesting) return true
      if (closing.includes(kind)) depth--
    }
  } catch {
    // Not GraphQL: the parser says so, with the place.
  }
  return false
}
