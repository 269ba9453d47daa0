import { isLakeError, userErrorCodes, type LakeError } from '@lakelens/kernel'
import type { UserErrorCode } from '@lakelens/kernel'

export interface UserErrorValue {
  __typename: string
  message: string
  code: UserErrorCode
  reason: string
  path: readonly string[] | null
  [fact: string]: unknown
}

const isUserCode = (category: string): category is UserErrorCode =>
  (userErrorCodes as readonly string[]).includes(category)

/** Expected and fixable by whoever asked; the others are top-level errors. */
export const isUserError = (error: unknown): error is LakeError & { category: UserErrorCode } =>
  isLakeError(error) && isUserCode(error.category)

type Facts = Readonly<Record<string, unknown>>
const isCount = (value: unknown): value is number => Number.isSafeInteger(value)
const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const isOneOf = (value: unknown, values: readonly string[]): boolean =>
  typeof value === 'string' && values.includes(value)
const applications = ['AUTO_TAGGING', 'AUTO_ANNOTATION', 'EMBEDDING']
const platforms = ['AWS', 'LOCAL']

const querySyntax = ({ position, expected }: Facts) =>
  isCount(position) && Array.isArray(expected)
    ? { __typename: 'QuerySyntaxError', position, expected: expected.map(String) }
    : null

/** The concrete type of a code, where the error carries its facts; null where it does not. */
const concrete: Partial<
  Record<UserErrorCode, (facts: Facts) => { __typename: string; [fact: string]: unknown } | null>
> = {
  NOT_FOUND: (facts) => ({
    __typename: 'NotFoundError',
    suggestions: Array.isArray(facts['suggestions']) ? facts['suggestions'].map(String) : [],
  }),
  MODEL_APPLICATION_MISMATCH: ({ expected, actual }) =>
    isOneOf(expected, applications) && isOneOf(actual, applications)
      ? { __typename: 'ModelApplicationError', expected, actual }
      : null,
  QUERY_SYNTAX: querySyntax,
  QUERY_UNKNOWN_FIELD: querySyntax,
  BATCH_TOO_LARGE: ({ limit, received }) =>
    isCount(limit) && isCount(received) ? { __typename: 'BatchTooLargeError', limit, received } : null,
  LIMIT_EXCEEDED: (facts) => {
    const limit = facts['limit'] ?? facts['maxBytes']
    const received = facts['received'] ?? facts['byteSize']
    return isCount(limit)
      ? { __typename: 'LimitExceededError', limit, received: isCount(received) ? received : null }
      : null
  },
  PLATFORM_UNAVAILABLE: ({ platform, available }) =>
    isOneOf(platform, platforms) && Array.isArray(available)
      ? { __typename: 'PlatformUnavailableError', platform, available }
      : null,
  MODEL_PACKAGE_INVALID: ({ check, file, hint }) =>
    typeof check === 'string'
      ? { __typename: 'ModelPackageError', check, file: textOrNull(file), hint: textOrNull(hint) }
      : null,
  NOT_SUPPORTED: ({ field }) => (typeof field === 'string' ? { __typename: 'NotSupportedError', field } : null),
}

export function toUserError(error: LakeError & { category: UserErrorCode }): UserErrorValue {
  return {
    ...(concrete[error.category]?.(error.facts) ?? { __typename: 'InvalidInputError' }),
    message: error.message,
    code: error.category,
    reason: error.code,
    path: error.path ?? null,
  }
}

/** Errors that a use-case returned beside its answer. One that nobody who asked can mend is thrown. */
export function toUserErrors(errors: readonly LakeError[]): UserErrorValue[] {
  const unforeseen = errors.find((error) => !isUserError(error))
  if (unforeseen) throw unforeseen
  return errors.filter(isUserError).map(toUserError)
}

/** What is wrong with a query, each with its place: also where it is only too large. */
export const toQueryErrors = (errors: readonly LakeError[]): UserErrorValue[] =>
  toUserErrors(errors).map((error, n) => ({ ...error, ...(querySyntax(errors[n]?.facts ?? {}) ?? {}) }))

/**
 * A mutation's answer: what the use-case gave, or `refused` with the reason in `userErrors`. Errors that no change of the
 * input mends (no right, a fault of ours) go on to the top level.
 */
export async function payload<T extends object>(
  work: () => Promise<T>,
  refused: T,
): Promise<T & { userErrors: UserErrorValue[] }> {
  try {
    return { userErrors: [], ...(await work()) }
  } catch (error) {
    if (!isUserError(error)) throw error
    return { ...refused, userErrors: [toUserError(error)] }
  }
}
