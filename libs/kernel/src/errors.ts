/**
 * The public class of an error: what a client can act on. The first group reaches GraphQL as `userErrors[].code`,
 * the second as `errors[].extensions.code`.
 */
export const userErrorCodes = [
  'INVALID_INPUT',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'MODEL_APPLICATION_MISMATCH',
  'MODEL_PACKAGE_INVALID',
  'QUERY_SYNTAX',
  'QUERY_UNKNOWN_FIELD',
  'BATCH_TOO_LARGE',
  'DIMENSION_MISMATCH',
  'PLATFORM_UNAVAILABLE',
  'JOB_STATE',
  'CONTENT_TYPE_UNSUPPORTED',
  'LIMIT_EXCEEDED',
  'MODEL_UNAVAILABLE',
  'MODEL_NOT_READY',
  'MEDIA_UNREADABLE',
  'NOT_SUPPORTED',
  'LICENSE_DENIED',
  'STORAGE_FULL',
  'SANDBOX_UNAVAILABLE',
] as const
export type UserErrorCode = (typeof userErrorCodes)[number]
export type ErrorCategory = UserErrorCode | 'UNAUTHENTICATED' | 'FORBIDDEN' | 'UNAVAILABLE' | 'INTERNAL'

export interface ErrorOptions {
  cause?: unknown
  /** Where in the caller's input: `['items', '3', 'source']`. */
  path?: readonly string[]
}

/** A failure that was foreseen: `code` names it exactly, `category` says what a client can do, `facts` are its data. */
export class LakeError extends Error {
  override readonly name = 'LakeError'
  readonly path: readonly string[] | undefined

  constructor(
    readonly code: string,
    readonly category: ErrorCategory,
    message: string,
    readonly facts: Readonly<Record<string, unknown>> = {},
    options: ErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.path = options.path
  }

  /** The same error, told where in the caller's input it belongs. */
  at(...path: string[]): LakeError {
    return new LakeError(this.code, this.category, this.message, this.facts, { cause: this.cause, path })
  }
}

// The facts of a row are whatever its message takes; `never` lets any such function in.
type ErrorRow = readonly [ErrorCategory, (facts: never) => string]
type ErrorFactory<Row extends ErrorRow> =
  Parameters<Row[1]> extends []
    ? (facts?: Record<string, never>, options?: ErrorOptions) => LakeError
    : (facts: Parameters<Row[1]>[0], options?: ErrorOptions) => LakeError
type ErrorTable = Record<string, ErrorRow>

const tables: { lib: string; table: ErrorTable }[] = []

/**
 * Makes one function an error out of a table `CODE: [category, facts => message]`. A message is fact plus next step.
 * The tables of all libs together are printed as `docs/errors.md`.
 */
export function defineErrors<const T extends ErrorTable>(
  lib: string,
  table: T,
): { [K in keyof T]: ErrorFactory<T[K]> } {
  tables.push({ lib, table })
  return Object.fromEntries(
    Object.entries(table).map(([code, [category, message]]) => [
      code,
      (facts: Record<string, unknown> = {}, options?: ErrorOptions) =>
        new LakeError(code, category, message(facts as never), facts, options),
    ]),
  ) as unknown as { [K in keyof T]: ErrorFactory<T[K]> }
}

/** Every error any imported lib can raise, for the documentation. */
export function listErrors(): { lib: string; code: string; category: ErrorCategory }[] {
  return tables.flatMap(({ lib, table }) =>
    Object.entries(table).map(([code, [category]]) => ({ lib, code, category })),
  )
}

export const isLakeError = (error: unknown): error is LakeError => error instanceof LakeError

/** The message of anything thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
