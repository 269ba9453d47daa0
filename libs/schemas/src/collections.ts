import { Field, ID, InputType, Int, ObjectType } from 'type-graphql'
import { ContentType, Node } from './common'
import { connectionOf } from './connection'
import { DateTimeScalar, JsonScalar } from './scalars'
import { UserError } from './userErrors'

@ObjectType({ implements: Node, description: 'A named set of items of one content type.' })
export class Collection extends Node {
  @Field(() => String, { description: 'Distinct over the whole MetaLake.' })
  name!: string

  @Field(() => ContentType, { description: 'What it holds.' })
  contentType!: ContentType

  @Field(() => Int, { description: 'Number of items.' })
  itemCount!: number

  @Field(() => JsonScalar, {
    description:
      'What every item gets that is added: fields, and under `Tags` the tags, if any. What an item says itself goes before.',
  })
  metadata!: unknown

  @Field(() => Boolean, { description: 'A job is deleting it: nothing can be added any more.' })
  deleting!: boolean

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  createdAt!: Date

  @Field(() => DateTimeScalar, { description: 'When it last changed.' })
  updatedAt!: Date
}

export const CollectionConnection = connectionOf(Collection, 'Collection', 'the collections, newest first')

@InputType({ description: 'A collection to make.' })
export class CreateCollectionInput {
  @Field(() => String, {
    description: 'Distinct over all collections; the first part of the unique names of its items.',
  })
  name!: string

  @Field(() => ContentType, { description: 'IMAGE or VIDEO; OTHER answers NOT_SUPPORTED in this version.' })
  contentType!: ContentType

  @Field(() => JsonScalar, {
    nullable: true,
    description:
      'Fields that every item gets that is added: one object of at most 64 KiB, 200 fields, 8 levels. `Tags` in it are tags. `name` is taken.',
  })
  metadata?: unknown

  @Field(() => [String], {
    nullable: true,
    description: 'Tags that every item gets that is added: at most 100 of at most 128 characters, without case.',
  })
  tags?: string[] | null
}

@ObjectType({ description: 'Answer of `createCollection`.' })
export class CreateCollectionPayload {
  @Field(() => Collection, { nullable: true, description: 'The new collection; null when it was refused.' })
  collection!: Collection | null

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors!: UserError[]
}

@InputType({ description: 'What a collection gives to the items added from now on. Those it holds stay as they are.' })
export class UpdateCollectionInput {
  @Field(() => ID, { description: 'Of the collection.' })
  collectionId!: string

  @Field(() => JsonScalar, {
    nullable: true,
    description: 'Merged at the top level: null removes a field, anything else replaces it. `Tags` replaces the tags.',
  })
  metadata?: unknown

  @Field(() => [String], { nullable: true, description: 'Tags to add.' })
  addTags?: string[] | null

  @Field(() => [String], { nullable: true, description: 'Tags to take away, whatever their case.' })
  removeTags?: string[] | null
}

@ObjectType({ description: 'Answer of `updateCollection`.' })
export class UpdateCollectionPayload {
  @Field(() => Collection, { nullable: true, description: 'As it is now; null when it was refused.' })
  collection!: Collection | null

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors!: UserError[]
}
