import { Field, ID, InputType, Int, ObjectType } from 'type-graphql'
import { FilterInput, ScopeInput } from './common'
import { Job } from './jobs'
import { LongScalar } from './scalars'
import { UserError } from './userErrors'

@ObjectType({ description: 'What a deletion takes away, counted when it was asked.' })
export class DeletionPlan {
  @Field(() => Int, { description: 'Items.' })
  items!: number

  @Field(() => Int, { description: 'Live annotations of these items, of people and of models.' })
  annotations!: number

  @Field(() => Int, { description: 'Vectors of these items.' })
  vectors!: number

  @Field(() => LongScalar, {
    description: 'Size of their files, each distinct content once. Disk space comes back a day later at the earliest.',
  })
  bytes!: number

  @Field(() => [String], {
    description: 'What to know before, e.g. that files stay because other items have them too.',
  })
  warnings!: string[]
}

@InputType({ description: 'Items to delete.' })
export class DeleteItemsInput {
  @Field(() => ScopeInput, { description: 'A collection, a list, or all images or videos of the MetaLake.' })
  scope!: ScopeInput

  @Field(() => String, { nullable: true, description: 'MetaLake search query: only what it finds.' })
  query?: string | null

  @Field(() => FilterInput, { nullable: true, description: 'Narrows `query`.' })
  filter?: FilterInput | null

  @Field(() => Boolean, { defaultValue: false, description: 'Only says what would go, in `plan`.' })
  dryRun!: boolean

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Needed where `scope` is `metalake` and neither `query` nor `filter` narrows it.',
  })
  confirmEverything!: boolean

  @Field(() => String, {
    nullable: true,
    description: 'Asking again with the same key gives the same job, also when what it named is gone.',
  })
  idempotencyKey?: string | null
}

@ObjectType({ description: 'Answer of `deleteItems`.' })
export class DeleteItemsPayload {
  @Field(() => Job, { nullable: true, description: 'Follow it with `jobProgress`; null for a dry run or a refusal.' })
  job!: Job | null

  @Field(() => DeletionPlan, { nullable: true, description: 'Of a dry run.' })
  plan!: DeletionPlan | null

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors!: UserError[]
}

@InputType({ description: 'A collection to delete with all its items.' })
export class DeleteCollectionInput {
  @Field(() => ID, { description: 'The collection. Nothing can be added to it from the answer on.' })
  collectionId!: string

  @Field(() => Boolean, { defaultValue: false, description: 'Only says what would go, in `plan`.' })
  dryRun!: boolean

  @Field(() => String, {
    nullable: true,
    description: 'Asking again with the same key gives the same job, also when the collection is gone.',
  })
  idempotencyKey?: string | null
}

@ObjectType({ description: 'Answer of `deleteCollection`.' })
export class DeleteCollectionPayload {
  @Field(() => Job, { nullable: true, description: 'Follow it with `jobProgress`; null for a dry run or a refusal.' })
  job!: Job | null

  @Field(() => DeletionPlan, { nullable: true, description: 'Of a dry run.' })
  plan!: DeletionPlan | null

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors!: UserError[]
}
