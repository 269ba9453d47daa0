import { Field, InputType, Int, ObjectType } from 'type-graphql'
import { ContentType, Node } from './common'
import { connectionOf } from './connection'
import { DateTimeScalar } from './scalars'
import { UserError } from './userErrors'

@ObjectType({ implements: Node, description: 'A named set of items of one content type.' })
export class Collection extends Node {
  @Field(() => String, { description: 'Distinct over the whole MetaLake.' })
  name!: string

  @Field(() => ContentType, { description: 'What it holds.' })
  contentType!: ContentType

  @Field(() => Int, { description: 'Number of items.' })
  itemCount!: number

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

  @Field(() => ContentType, { description: 'IMAGE; others answer NOT_SUPPORTED in this version.' })
  contentType!: ContentType
}

@ObjectType({ description: 'Answer of `createCollection`.' })
export class CreateCollectionPayload {
  @Field(() => Collection, { nullable: true, description: 'The new collection; null when it was refused.' })
  collection!: Collection | null

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors!: UserError[]
}
