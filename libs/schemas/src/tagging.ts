import { Field, Float, InputType, ObjectType } from 'type-graphql'
import { FilterInput, InferencePlatform, OnExisting, ResolutionInput, ScopeInput } from './common'
import { Job } from './jobs'
import { UserError } from './userErrors'

@InputType({ description: '7.2. What to tag, with which model, and how.' })
export class AutoTagInput {
  @Field(() => ScopeInput, { description: '7.2 (a collection) and 7.3 (the whole MetaLake).' })
  scope!: ScopeInput

  @Field(() => String, { defaultValue: 'default', description: '7.2. A name, `name:version`, or `default`.' })
  modelId!: string

  @Field(() => ResolutionInput, {
    defaultValue: { width: 300, height: 300 },
    description:
      '7.2: (300, 300). The box a picture is fitted into before inference, aspect kept; sides are rounded up to what the graph takes, see `parameters` of the job.',
  })
  inputResolution!: ResolutionInput

  @Field(() => Float, { defaultValue: 0.5, description: '7.2. Between 0 and 1; what scores below is not stored.' })
  confidenceThreshold!: number

  @Field(() => String, {
    nullable: true,
    description: '7.2. MetaLake search query. Answers NOT_SUPPORTED in this version.',
  })
  query?: string | null

  @Field(() => FilterInput, {
    nullable: true,
    description: '7.2. Narrows `query`. Answers NOT_SUPPORTED in this version.',
  })
  filter?: FilterInput | null

  @Field(() => InferencePlatform, {
    defaultValue: 'USE_ENV',
    description: '7.2. Where to run. AWS answers NOT_SUPPORTED in this version.',
  })
  inferencePlatform!: InferencePlatform

  @Field(() => OnExisting, { defaultValue: 'SKIP', description: 'Items done before under the same parameters.' })
  onExisting!: OnExisting

  @Field(() => String, {
    nullable: true,
    description: 'Asking again with the same key gives the same job while it is unfinished.',
  })
  idempotencyKey?: string | null
}

@ObjectType({ description: 'Answer of `autoTag`.' })
export class AutoTagPayload {
  @Field(() => Job, { nullable: true, description: 'Follow it with `jobProgress`; null when it was refused.' })
  job!: Job | null

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors!: UserError[]
}
