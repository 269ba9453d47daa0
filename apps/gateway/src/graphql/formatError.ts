import { unwrapResolverError } from '@apollo/server/errors'
import { isLakeError, type ErrorCategory, type LakeError } from '@lakelens/kernel'
import { GraphQLError, type GraphQLFormattedError } from 'graphql'

const codes: Partial<Record<ErrorCategory, string>> = {
  UNAUTHENTICATED: 'UNAUTHENTICATED',
  FORBIDDEN: 'FORBIDDEN',
  UNAVAILABLE: 'UNAVAILABLE',
  INTERNAL: 'INTERNAL_SERVER_ERROR',
}

/** True when the fault is ours: it belongs in the log, whole. */
export function isUnforeseen(error: unknown): boolean {
  const original = unwrapResolverError(error)
  if (isLakeError(original)) return original.category === 'INTERNAL' || original.category === 'UNAVAILABLE'
  return !isGraphQLFault(error)
}

/**
 * A fault that graphql-js, Apollo or we found in the request, as opposed to something a resolver threw. One that comes from
 * a resolver has its place in the answer, and keeps what was thrown.
 */
function isGraphQLFault(error: unknown): error is GraphQLError {
  if (!(error instanceof GraphQLError)) return false
  return error.path === undefined || typeof error.extensions['code'] === 'string'
}

/**
 * What a client is told: a message, a code, where. No stack trace, nothing of what it sent (bodies hold secrets, and
 * answers end up in logs), and of our own faults only that there was one.
 */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const place = {
    ...(formatted.path !== undefined && { path: formatted.path }),
    ...(formatted.locations !== undefined && { locations: formatted.locations }),
  }
  const original = unwrapResolverError(error)
  if (isLakeError(original) && original.category !== 'INTERNAL') {
    const extensions = {
      code: codes[original.category] ?? 'BAD_USER_INPUT',
      reason: original.code,
      ...inQuery(original),
    }
    return { message: original.message, ...place, extensions }
  }
  if (isGraphQLFault(error)) {
    const code = String(formatted.extensions?.['code'] ?? 'BAD_USER_INPUT')
    if (code !== 'INTERNAL_SERVER_ERROR' || isVariableFault(error)) {
      const faultCode = isVariableFault(error) ? 'BAD_USER_INPUT' : code
      return { message: withoutValues(error), ...place, extensions: { code: faultCode } }
    }
  }
  const message = 'Something unforeseen went wrong. The log has the details under the request id.'
  return { message, ...place, extensions: { code: 'INTERNAL_SERVER_ERROR' } }
}

/** Of a search query: where it is wrong, and what was expected there. */
const inQuery = ({ code, facts: { position, expected } }: LakeError) =>
  code.startsWith('QUERY_') && { position, expected }

const VARIABLE = /^Variable "\$(\w+)" got invalid value/

const isVariableFault = (error: GraphQLError): boolean => VARIABLE.test(error.message)

/** graphql-js quotes the value in front of the reason; the reason alone is in the original error. */
function withoutValues(error: GraphQLError): string {
  const name = VARIABLE.exec(error.message)?.[1]
  if (name === undefined) return scrub(error.message)
  const reason = error.originalError ? scrub(error.originalError.message) : 'It does not fit its type.'
  const [, at] = / at "(\w+(?:\.\w+|\[\d+\])+)"; /.exec(error.message) ?? []
  return `Variable "$${name}"${at === undefined ? '' : ` at "${at}"`} has an invalid value. ${reason}`
}

const scrubs: readonly (readonly [RegExp, string])[] = [
  [/(cannot represent [^:]*?): [\s\S]*$/, '$1.'],
  [/(Expected value of type "[^"]*"), found [\s\S]*$/, '$1.'],
  [/^Value "[\s\S]*" does not exist in "(\w+)" enum\.[\s\S]*$/, 'Value does not exist in "$1" enum.'],
  [/^Field "(?!\w{1,64}")[\s\S]*" is not defined by type "(\w+)"[\s\S]*$/, 'A field is not defined by type "$1".'],
  [/\b(Name|Int|Float|String|BlockString) "[\s\S]*"/, '$1'],
]

const scrub = (message: string): string =>
  scrubs.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), message).slice(0, 500)
