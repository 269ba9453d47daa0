import { userErrorCodes, type UserErrorCode as Code } from '@lakelens/kernel'
import { Field, Int, InterfaceType, ObjectType, registerEnumType } from 'type-graphql'
import { Application, InferencePlatform } from './common'
import { LongScalar } from './scalars'

const descriptions: Record<Code, string> = {
  INVALID_INPUT: 'A value is out of its range or not of its form.',
  NOT_FOUND: 'What was named does not exist.',
  ALREADY_EXISTS: 'The name is taken.',
  MODEL_APPLICATION_MISMATCH: 'The model is for something else.',
  MODEL_PACKAGE_INVALID: 'The model package or its manifest is not usable.',
  QUERY_SYNTAX: 'The query cannot be read, or compares what cannot be compared.',
  QUERY_UNKNOWN_FIELD: 'The query names a field that does not exist.',
  BATCH_TOO_LARGE: 'Too many entries in one call.',
  DIMENSION_MISMATCH: 'A vector has another length than the model.',
  PLATFORM_UNAVAILABLE: 'The inference platform is not available.',
  JOB_STATE: 'The job is in a state that does not allow this.',
  CONTENT_TYPE_UNSUPPORTED: 'Files of this type are not taken.',
  LIMIT_EXCEEDED: 'A limit of size, count or rate.',
  MODEL_UNAVAILABLE: 'The file of the model cannot be had.',
  MODEL_NOT_READY: 'The model is not ready to run.',
  MEDIA_UNREADABLE: 'The picture cannot be decoded.',
  NOT_SUPPORTED: 'This version cannot do it.',
  LICENSE_DENIED: 'The licence of the model is on the list of what may not be used here.',
  STORAGE_FULL: 'The media store has no room.',
  SANDBOX_UNAVAILABLE: 'Models with inference.py need a sandbox, and this machine has none.',
}

// The kernel's list is the one list: a code added there is in the schema, and the compiler asks for its description.
export const UserErrorCode = Object.fromEntries(userErrorCodes.map((code) => [code, code])) as { [K in Code]: K }
registerEnumType(UserErrorCode, {
  name: 'UserErrorCode',
  description: 'What a client can do about an expected problem.',
  valuesConfig: Object.fromEntries(userErrorCodes.map((code) => [code, { description: descriptions[code] }])),
})

@InterfaceType({
  description: 'An expected, fixable problem. Unexpected ones are in the top-level `errors` with `extensions.code`.',
  resolveType: (value: { __typename: string }) => value.__typename,
})
export abstract class UserError {
  @Field(() => String, { description: 'For people: what is wrong, and what to do.' })
  message!: string

  @Field(() => UserErrorCode, { description: 'For programs: the class of the problem.' })
  code!: Code

  @Field(() => String, {
    description: 'The exact problem, e.g. `COLLECTION_NOT_FOUND`; docs/errors.md lists them all.',
  })
  reason!: string

  @Field(() => [String], { nullable: true, description: 'Path into `input`, e.g. ["items", "3", "source"].' })
  path!: string[] | null
}

@ObjectType({ implements: UserError, description: 'A problem whose facts are all in its message.' })
export class InvalidInputError extends UserError {}

@ObjectType({ implements: UserError, description: 'Something named does not exist.' })
export class NotFoundError extends UserError {
  @Field(() => [String], { description: 'Closest known names.' })
  suggestions!: string[]
}

@ObjectType({ implements: UserError, description: '7.1. The model is for another application.' })
export class ModelApplicationError extends UserError {
  @Field(() => Application, { description: 'What the call needs.' })
  expected!: Application

  @Field(() => Application, { description: 'What the model is for.' })
  actual!: Application
}

@ObjectType({
  implements: UserError,
  description: '7.2 - 7.5. A query that cannot be read; docs/query-language.md has the language.',
})
export class QuerySyntaxError extends UserError {
  @Field(() => Int, { description: 'Where in the query: 0-based, in UTF-16 units.' })
  position!: number

  @Field(() => [String], { description: 'What could stand there; of an unknown field, the closest names.' })
  expected!: string[]
}

@ObjectType({ implements: UserError, description: 'Too many entries in one call.' })
export class BatchTooLargeError extends UserError {
  @Field(() => Int, { description: 'Largest number allowed.' })
  limit!: number

  @Field(() => Int, { description: 'Number that came.' })
  received!: number
}

@ObjectType({ implements: UserError, description: 'Larger than a limit.' })
export class LimitExceededError extends UserError {
  @Field(() => LongScalar, { description: 'Largest value allowed.' })
  limit!: number

  @Field(() => LongScalar, { nullable: true, description: 'Value that came, where it is known.' })
  received!: number | null
}

@ObjectType({ implements: UserError, description: '7.2 - 7.5. The inference platform cannot be used.' })
export class PlatformUnavailableError extends UserError {
  @Field(() => InferencePlatform, { description: 'What was asked for.' })
  platform!: InferencePlatform

  @Field(() => [InferencePlatform], { description: 'What can be used now.' })
  available!: InferencePlatform[]
}

@ObjectType({ implements: UserError, description: '7.1. One check that a model package failed.' })
export class ModelPackageError extends UserError {
  @Field(() => String, { description: 'The check, e.g. `labels.count`; docs/validation-checks.md lists them.' })
  check!: string

  @Field(() => String, { nullable: true, description: 'The file of the package it is about.' })
  file!: string | null

  @Field(() => String, { nullable: true, description: 'What to write, or to do.' })
  hint!: string | null
}

@ObjectType({ implements: UserError, description: 'Part of the API that this version does not serve yet.' })
export class NotSupportedError extends UserError {
  @Field(() => String, { description: 'The field of `input` that asks for it, e.g. `query`.' })
  field!: string
}

/** Concrete types are found only through the interface, so the schema must be told of them. */
export const userErrorTypes = [
  InvalidInputError,
  NotFoundError,
  ModelApplicationError,
  QuerySyntaxError,
  BatchTooLargeError,
  LimitExceededError,
  ModelPackageError,
  PlatformUnavailableError,
  NotSupportedError,
] as const
