import { Field, ID, InputType, Int, ObjectType } from 'type-graphql'
import { Application } from './common'
import { Job } from './jobs'
import { Model, ModelValidation, ModelVersion } from './models'
import { UserError } from './userErrors'

@InputType({ description: '7.1. Where a model package comes from: exactly one of these.' })
export class ModelSourceInput {
  @Field(() => ID, { nullable: true, description: 'A finished upload of purpose MODEL: a .tar.gz or a .tar.' })
  uploadId?: string | null

  @Field(() => String, {
    nullable: true,
    description: 'A folder, .tar.gz or .tar below LAKELENS_IMPORT_DIR of the server (nothing outside it).',
  })
  path?: string | null

  @Field(() => String, {
    nullable: true,
    description: "An object the gateway's storage connection can read. Answers NOT_SUPPORTED in this version.",
  })
  storageUrl?: string | null
}

@InputType({ description: '7.1. A model package, and the name it is to have.' })
export class RegisterModelInput {
  @Field(() => ModelSourceInput, { description: '7.1. The package.' })
  source!: ModelSourceInput

  @Field(() => String, {
    description: '7.1 (`model_name`). A distinct name; one that exists gets another version of it.',
  })
  modelName!: string

  @Field(() => Application, { description: '7.1. What the model is for.' })
  application!: Application

  @Field(() => String, { nullable: true, description: 'What it is, in a sentence; else what model.yaml says.' })
  description?: string | null

  @Field(() => String, { nullable: true, description: 'A name for this version: `name@alias` means it from then on.' })
  alias?: string | null

  @Field(() => String, { nullable: true, description: 'SPDX identifier; else what model.yaml says.' })
  license?: string | null

  @Field(() => String, {
    nullable: true,
    description: 'Asking again with the same key gives the same registration, also when it has ended.',
  })
  idempotencyKey?: string | null

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Install the requirements and start the model now, not at the first use.',
  })
  prepare!: boolean
}

@ObjectType({ description: 'Answer of `registerModel`.' })
export class RegisterModelPayload {
  @Field(() => Model, { nullable: true, description: 'The model of that name; null when the request was refused.' })
  model!: Model | null

  @Field(() => ModelVersion, {
    nullable: true,
    description: 'The version: READY, FAILED, or VALIDATING while `job` goes on. The same content is the same version.',
  })
  version!: ModelVersion | null

  @Field(() => ModelValidation, { nullable: true, description: 'The report, passed or not; null while `job` goes on.' })
  validation!: ModelValidation | null

  @Field(() => Job, {
    nullable: true,
    description: 'Set when the checks take longer than five seconds: follow it with `jobProgress`.',
  })
  job!: Job | null

  @Field(() => [UserError], {
    description: 'Why it was refused: of a package that failed one a failed check, at most 50; empty when it was not.',
  })
  userErrors!: UserError[]
}

@InputType({ description: '7.1. A model package to check.' })
export class ValidateModelInput {
  @Field(() => ModelSourceInput, { description: '7.1. The package.' })
  source!: ModelSourceInput

  @Field(() => Application, { description: '7.1. What the model is for.' })
  application!: Application
}

@ObjectType({ description: 'Answer of `validateModel`.' })
export class ValidateModelPayload {
  @Field(() => ModelValidation, { nullable: true, description: 'The report, passed or not; null while `job` goes on.' })
  validation!: ModelValidation | null

  @Field(() => Job, { nullable: true, description: 'Set when the checks take longer than five seconds.' })
  job!: Job | null

  @Field(() => [UserError], { description: 'One a failed check, at most 50; empty when all passed.' })
  userErrors!: UserError[]
}

@InputType({ description: 'Which version an alias means.' })
export class SetModelAliasInput {
  @Field(() => String, { description: '7.1. Name of a registered model.' })
  modelId!: string

  @Field(() => String, { description: 'The alias, e.g. `production`; it is moved when it exists.' })
  alias!: string

  @Field(() => Int, { description: 'Number of a version that is READY.' })
  version!: number
}

@ObjectType({ description: 'Answer of `setModelAlias`.' })
export class SetModelAliasPayload {
  @Field(() => Model, { nullable: true, description: 'The model; null when it was refused.' })
  model!: Model | null

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors!: UserError[]
}

@InputType({ description: 'What to put away.' })
export class ArchiveModelInput {
  @Field(() => String, { description: '7.1. Name of a registered model.' })
  modelId!: string

  @Field(() => Int, { nullable: true, description: 'Number of a version; all of them when left out.' })
  version?: number | null
}

@ObjectType({ description: 'Answer of `archiveModel`.' })
export class ArchiveModelPayload {
  @Field(() => Model, { nullable: true, description: 'The model; null when it was refused.' })
  model!: Model | null

  @Field(() => [UserError], { description: 'Why it was refused, e.g. JOB_STATE; empty when it was not.' })
  userErrors!: UserError[]
}
