import { Field, ID, InputType, Int, InterfaceType, ObjectType, registerEnumType } from 'type-graphql'
import { DateScalar } from './scalars'

/**
 * Enums are frozen objects of their own names, so that the union of their members is the very type the domain uses
 * ('IMAGE' | 'VIDEO' | ...): a TypeScript `enum` would be another type and need a conversion at every call.
 */
export const Application = {
  AUTO_TAGGING: 'AUTO_TAGGING',
  AUTO_ANNOTATION: 'AUTO_ANNOTATION',
  EMBEDDING: 'EMBEDDING',
} as const
export type Application = keyof typeof Application
registerEnumType(Application, {
  name: 'Application',
  description: '7.1. What a model is for.',
  valuesConfig: {
    AUTO_TAGGING: { description: 'Finds objects and names them: boxes, and the tags derived from them.' },
    AUTO_ANNOTATION: {
      description: 'Outlines what a text prompt asks for. Such models are listed; this version does not run them.',
    },
    EMBEDDING: { description: 'Turns an image into a vector.' },
  },
})

export const ContentType = { IMAGE: 'IMAGE', VIDEO: 'VIDEO', OTHER: 'OTHER' } as const
export type ContentType = keyof typeof ContentType
registerEnumType(ContentType, {
  name: 'ContentType',
  description: 'What a collection holds.',
  valuesConfig: {
    IMAGE: { description: 'Still pictures.' },
    VIDEO: { description: 'Videos.' },
    OTHER: { description: 'Any other file. Answers NOT_SUPPORTED in this version.' },
  },
})

export const AnnotationType = { RAW: 'RAW', HUMAN: 'HUMAN', MACHINE: 'MACHINE' } as const
export type AnnotationType = keyof typeof AnnotationType
registerEnumType(AnnotationType, {
  name: 'AnnotationType',
  description: 'Where an annotation or a tag comes from.',
  valuesConfig: {
    RAW: { description: 'No annotation at all.' },
    HUMAN: { description: 'Made or edited by a person. A model never overwrites it.' },
    MACHINE: { description: 'Made by a model.' },
  },
})

export const InferencePlatform = { USE_ENV: 'USE_ENV', AWS: 'AWS', LOCAL: 'LOCAL' } as const
export type InferencePlatform = keyof typeof InferencePlatform
registerEnumType(InferencePlatform, {
  name: 'InferencePlatform',
  description: '7.2 - 7.5. Where a model runs.',
  valuesConfig: {
    USE_ENV: { description: '`INFERENCE_PLATFORM` of the server, else LOCAL.' },
    AWS: { description: 'Amazon SageMaker. Answers NOT_SUPPORTED in this version.' },
    LOCAL: { description: 'Our own inference service.' },
  },
})

export const OrderDirection = { ASC: 'ASC', DESC: 'DESC' } as const
export type OrderDirection = keyof typeof OrderDirection
registerEnumType(OrderDirection, {
  name: 'OrderDirection',
  description: 'Direction of an order.',
  valuesConfig: {
    ASC: { description: 'Smallest or oldest first.' },
    DESC: { description: 'Largest or newest first.' },
  },
})

export const OnExisting = { SKIP: 'SKIP', REPLACE: 'REPLACE' } as const
export type OnExisting = keyof typeof OnExisting
registerEnumType(OnExisting, {
  name: 'OnExisting',
  description: 'What to do with an item this model version has processed already, under the same parameters.',
  valuesConfig: {
    SKIP: { description: 'Count it as skipped.' },
    REPLACE: { description: 'Process it again; the old result goes when its replacement is stored.' },
  },
})

@InterfaceType({
  description: 'Anything that `node(id:)` finds.',
  // The resolver of `node` says which type it found; objects of other fields know their type from the schema.
  resolveType: (value: { __typename?: string }) => value.__typename,
})
export abstract class Node {
  @Field(() => ID, { description: 'Global, opaque id.' })
  id!: string
}

@ObjectType({ description: 'Where a page of a connection lies.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'There is more after `endCursor`.' })
  hasNextPage!: boolean

  @Field(() => Boolean, { description: 'There is more before `startCursor`.' })
  hasPreviousPage!: boolean

  @Field(() => String, { nullable: true, description: 'Cursor of the first edge; null on an empty page.' })
  startCursor!: string | null

  @Field(() => String, { nullable: true, description: 'Cursor of the last edge; null on an empty page.' })
  endCursor!: string | null
}

@ObjectType({ description: 'Width and height in pixels.' })
export class Resolution {
  @Field(() => Int, { description: 'Pixels.' })
  width!: number

  @Field(() => Int, { description: 'Pixels.' })
  height!: number
}

@InputType({ description: '7.2. Width and height in pixels.' })
export class ResolutionInput {
  @Field(() => Int, { description: 'Pixels.' })
  width!: number

  @Field(() => Int, { description: 'Pixels.' })
  height!: number
}

@InputType({ description: '7.3 and 7.5. The whole MetaLake.' })
export class MetaLakeScopeInput {
  @Field(() => ContentType, { description: 'Images or videos.' })
  contentType!: ContentType
}

@InputType({ description: 'What a run or a list covers: exactly one of these.' })
export class ScopeInput {
  @Field(() => ID, { nullable: true, description: '7.2 and 7.4. All items of one collection.' })
  collectionId?: string | null

  @Field(() => [String], { nullable: true, description: 'Items by their unique names, at most 1,000.' })
  uniqueNames?: string[] | null

  @Field(() => MetaLakeScopeInput, {
    nullable: true,
    description: '7.3 and 7.5. All images or all videos of the MetaLake, whatever their collection.',
  })
  metalake?: MetaLakeScopeInput | null
}

@InputType({ description: '7.2 - 7.5. Additional criteria next to `query`: what is given must hold.' })
export class FilterInput {
  @Field(() => [AnnotationType], {
    nullable: true,
    description:
      'Items with annotations of any of these types; RAW: with none at all. Rejected annotations do not count.',
  })
  annotationTypes?: AnnotationType[] | null

  @Field(() => DateScalar, { nullable: true, description: 'Uploaded on or after this day or instant, UTC.' })
  fromDate?: string | null

  @Field(() => DateScalar, {
    nullable: true,
    description: 'Uploaded on or before this day (all of it) or instant, UTC.',
  })
  toDate?: string | null
}
