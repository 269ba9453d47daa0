import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql'
import { AnnotationConnection, Tag } from './annotations'
import { Collection } from './collections'
import { AnnotationType, ContentType, Node, OrderDirection, Resolution } from './common'
import { connectionOf } from './connection'
import { DateTimeScalar, JsonScalar, LongScalar } from './scalars'
import { UserError } from './userErrors'

@ObjectType({ implements: Node, description: 'A file of the lake.' })
export class Item extends Node {
  @Field(() => String, { description: 'Distinct over the whole MetaLake: `<collection>_<name>`.' })
  uniqueName!: string

  @Field(() => String, { description: 'Name inside its collection.' })
  name!: string

  @Field(() => ContentType, { description: 'What it is.' })
  contentType!: ContentType

  @Field(() => String, { description: 'Decided by the bytes, not by the name, e.g. `image/webp`.' })
  mediaType!: string

  @Field(() => String, {
    nullable: true,
    description: 'Signed address of the file; anyone who has it can read it until it expires.',
  })
  url!: string | null

  @Field(() => String, {
    nullable: true,
    description: 'Signed address of a small WebP, of a video JPEG; null until there is one.',
  })
  thumbnailUrl!: string | null

  @Field(() => Resolution, {
    nullable: true,
    description: 'Pixels as people see it: after the EXIF orientation of a picture, the rotation of a video.',
  })
  resolution!: Resolution | null

  @Field(() => Float, { nullable: true, description: 'Of a video: its length.' })
  durationSeconds!: number | null

  @Field(() => Int, { nullable: true, description: 'Of a video: how many frames it shows.' })
  frameCount!: number | null

  @Field(() => Float, { nullable: true, description: 'Of a video: frames a second, on average.' })
  frameRate!: number | null

  @Field(() => LongScalar, { nullable: true, description: 'Size of the file.' })
  byteSize!: number | null

  @Field(() => String, { description: 'SHA-256 of the bytes, lower-case hex.' })
  digest!: string

  @Field(() => [Tag], { description: '7.2. Tags, of people and of each model version.' })
  tags!: Tag[]

  @Field(() => AnnotationConnection, { description: '7.2. Live annotations: what a later run replaced is not shown.' })
  annotations!: InstanceType<typeof AnnotationConnection>

  @Field(() => [AnnotationType], { description: 'RAW when there is no annotation, else who made those there are.' })
  annotationTypes!: AnnotationType[]

  @Field(() => [String], { description: '7.4. Names of the models this item has an embedding of.' })
  embeddingModels!: string[]

  @Field(() => [Collection], { description: 'Where it belongs.' })
  collections!: Collection[]

  @Field(() => JsonScalar, {
    description:
      'What people say of it: fields, and under `Tags` the custom tags, if any. Tags of annotations are `tags`.',
  })
  metadata!: unknown

  @Field(() => [String], { description: 'Tags people gave the item as a whole, as they wrote them.' })
  customTags!: string[]

  @Field(() => DateTimeScalar, { description: 'When it was added.' })
  createdAt!: Date

  @Field(() => DateTimeScalar, { description: 'When it last changed.' })
  updatedAt!: Date
}

export const ItemConnection = connectionOf(Item, 'Item', 'items')

export const ItemOrderField = {
  CREATED_AT: 'CREATED_AT',
  UPDATED_AT: 'UPDATED_AT',
  NAME: 'NAME',
  SIZE: 'SIZE',
} as const
export type ItemOrderField = keyof typeof ItemOrderField
registerEnumType(ItemOrderField, {
  name: 'ItemOrderField',
  description: 'What items can be ordered by.',
  valuesConfig: {
    CREATED_AT: { description: 'When they were added.' },
    UPDATED_AT: { description: 'When they last changed.' },
    NAME: { description: 'Their unique names, by code point.' },
    SIZE: { description: 'Bytes of the file.' },
  },
})

@InputType({ description: 'Order of items.' })
export class ItemOrderInput {
  @Field(() => ItemOrderField, { description: 'By what.' })
  field!: ItemOrderField

  @Field(() => OrderDirection, { description: 'Which way.' })
  direction!: OrderDirection
}

@InputType({ description: 'Where the bytes of an item are: exactly one of these.' })
export class ItemSourceInput {
  @Field(() => ID, { nullable: true, description: 'A finished upload (`createUpload`, then PUT).' })
  uploadId?: string | null

  @Field(() => String, {
    nullable: true,
    description: 'A file or folder the server may import from. Answers NOT_SUPPORTED in this version.',
  })
  path?: string | null

  @Field(() => String, {
    nullable: true,
    description: "An object in the server's storage connection. Answers NOT_SUPPORTED in this version.",
  })
  storageUrl?: string | null
}

@InputType({ description: 'One item to add.' })
export class NewItemInput {
  @Field(() => ItemSourceInput, { description: 'Where its bytes are.' })
  source!: ItemSourceInput

  @Field(() => String, {
    nullable: true,
    description: 'Name inside the collection; the file name of the upload unless given.',
  })
  name?: string | null

  @Field(() => JsonScalar, {
    nullable: true,
    description:
      'Fields of its own, before those of the collection: one object of at most 64 KiB, 200 fields, 8 levels. `Tags` in it are tags. ' +
      '`name` is taken: in queries it is the name of the file. An item that is there already keeps what it has.',
  })
  metadata?: unknown

  @Field(() => [String], {
    nullable: true,
    description:
      'Tags of its own, beside those of the collection: at most 100 of at most 128 characters, without case.',
  })
  tags?: string[] | null
}

@InputType({ description: 'Items to add to one collection.' })
export class AddItemsInput {
  @Field(() => ID, { description: 'Where they go.' })
  collectionId!: string

  @Field(() => [NewItemInput], { description: '1 to 100. One refused item does not stop the others.' })
  items!: NewItemInput[]
}

@ObjectType({ description: 'Answer of `addItems`.' })
export class AddItemsPayload {
  @Field(() => [Item], {
    description: 'The items taken. The same file under the same name is the item that exists already.',
  })
  items!: Item[]

  @Field(() => [UserError], { description: 'One entry a refused item, `path: ["items", "3"]`.' })
  userErrors!: UserError[]
}

@InputType({ description: 'An edit of what people say of items.' })
export class UpdateItemMetadataInput {
  @Field(() => [String], { description: 'At most 1,000. All are changed, or none.' })
  uniqueNames!: string[]

  @Field(() => JsonScalar, {
    nullable: true,
    description: 'Merged at the top level: null removes a field, anything else replaces it. `Tags` replaces the tags.',
  })
  metadata?: unknown

  @Field(() => [String], { nullable: true, description: 'Tags to add; one that is there already stays as it is.' })
  addTags?: string[] | null

  @Field(() => [String], { nullable: true, description: 'Tags to take away, whatever their case.' })
  removeTags?: string[] | null
}

@ObjectType({ description: 'Answer of `updateItemMetadata`.' })
export class UpdateItemMetadataPayload {
  @Field(() => [Item], { description: 'The items as they are now, in the order of their names; empty when refused.' })
  items!: Item[]

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors!: UserError[]
}
