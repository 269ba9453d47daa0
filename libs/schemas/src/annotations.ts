import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql'
import { AnnotationType, Node } from './common'
import { connectionOf } from './connection'
import type { Item } from './items'
import * as items from './items'
import type { Job } from './jobs'
import * as jobs from './jobs'
import { Model } from './models'
import { DateTimeScalar } from './scalars'

export const AnnotationKind = {
  LABEL: 'LABEL',
  BOX: 'BOX',
  POLYGON: 'POLYGON',
  MASK: 'MASK',
  POINTS: 'POINTS',
} as const
export type AnnotationKind = keyof typeof AnnotationKind
registerEnumType(AnnotationKind, {
  name: 'AnnotationKind',
  description: 'The shape of an annotation.',
  valuesConfig: {
    LABEL: { description: 'None: the label is of the item as a whole.' },
    BOX: { description: 'An axis-parallel box.' },
    POLYGON: { description: 'Outlines, which may have holes.' },
    MASK: { description: 'A mask of pixels, as run-length code.' },
    POINTS: { description: 'Points.' },
  },
})

export const ReviewStatus = {
  PENDING: 'PENDING',
  ACCEPTED: 'ACCEPTED',
  REJECTED: 'REJECTED',
  EDITED: 'EDITED',
} as const
export type ReviewStatus = keyof typeof ReviewStatus
registerEnumType(ReviewStatus, {
  name: 'ReviewStatus',
  description: 'What people think of an annotation.',
  valuesConfig: {
    PENDING: { description: 'Nobody has said anything.' },
    ACCEPTED: { description: 'A person found it right. No run takes it away.' },
    REJECTED: {
      description: 'A person found it wrong. It stays listed, and counts in no tag, query, filter or export.',
    },
    EDITED: { description: "A person made it of a model's." },
  },
})

@ObjectType({ description: 'Fractions (0..1) of the upright picture, top-left origin.' })
export class BoundingBox {
  @Field(() => Float, { description: 'Left edge, 0..1.' })
  x!: number

  @Field(() => Float, { description: 'Top edge, 0..1.' })
  y!: number

  @Field(() => Float, { description: 'Width, 0..1.' })
  width!: number

  @Field(() => Float, { description: 'Height, 0..1.' })
  height!: number
}

@ObjectType({ description: 'A point. Fractions (0..1) of the upright picture, top-left origin.' })
export class Point {
  @Field(() => Float, { description: 'From the left, 0..1.' })
  x!: number

  @Field(() => Float, { description: 'From the top, 0..1.' })
  y!: number
}

@ObjectType({ description: 'One outline with its holes. Rings close by themselves.' })
export class Polygon {
  @Field(() => [Point], { description: 'The outline, at least 3 points.' })
  outer!: Point[]

  @Field(() => [[Point]], { description: 'What is cut out of it.' })
  holes!: Point[][]
}

@ObjectType({ description: '7.2. A tag with where it comes from: one row a label, source and model version.' })
export class Tag {
  @Field(() => String, { description: 'The label.' })
  label!: string

  @Field(() => AnnotationType, { description: 'A person or a model.' })
  source!: AnnotationType

  @Field(() => Model, { nullable: true, description: 'The model that gave it; null for a person.' })
  model!: Model | null

  @Field(() => Int, { nullable: true, description: 'The version of that model.' })
  modelVersion!: number | null

  @Field(() => Float, { nullable: true, description: 'Highest confidence among the annotations behind it.' })
  maxConfidence!: number | null

  @Field(() => Int, { description: 'Number of annotations behind it.' })
  count!: number

  @Field(() => Int, {
    nullable: true,
    description: 'Of a video: in how many of the frames looked at it was seen; null for pictures.',
  })
  frames!: number | null

  @Field(() => jobs.Job, { nullable: true, description: 'The run that gave it.' })
  job!: Job | null
}

@ObjectType({ implements: Node, description: '7.2. One finding in one item, by a person or a model.' })
export class Annotation extends Node {
  @Field(() => items.Item, { description: 'What it is about.' })
  item!: Item

  @Field(() => String, { description: 'The label.' })
  label!: string

  @Field(() => AnnotationType, { description: 'A person or a model.' })
  type!: AnnotationType

  @Field(() => AnnotationKind, { description: 'Its shape.' })
  kind!: AnnotationKind

  @Field(() => Float, { nullable: true, description: '0..1; null for a person.' })
  confidence!: number | null

  @Field(() => BoundingBox, {
    nullable: true,
    description: 'The box, or the box around any other shape; null for a label of the whole item.',
  })
  box!: BoundingBox | null

  @Field(() => [Polygon], { nullable: true, description: 'Set when `kind` is POLYGON.' })
  polygons!: Polygon[] | null

  @Field(() => String, {
    nullable: true,
    description: "Set when `kind` is MASK: COCO's compressed run-length code, in the pixels of the item.",
  })
  rle!: string | null

  @Field(() => [Point], { nullable: true, description: 'Set when `kind` is POINTS.' })
  points!: Point[] | null

  @Field(() => String, { nullable: true, description: 'What a text prompt asked for.' })
  phrase!: string | null

  @Field(() => Float, { nullable: true, description: 'How sure the model is of the mask, 0..1.' })
  maskScore!: number | null

  @Field(() => Int, { nullable: true, description: 'Of a video: the frame; 0 is the first.' })
  frame!: number | null

  @Field(() => Float, { nullable: true, description: 'Of a video: when the frame is shown, in seconds.' })
  timestampSeconds!: number | null

  @Field(() => Model, { nullable: true, description: 'The model that made it; null for a person.' })
  model!: Model | null

  @Field(() => Int, { nullable: true, description: 'The version of that model.' })
  modelVersion!: number | null

  @Field(() => jobs.Job, { nullable: true, description: 'The run that made it, or the import that brought it.' })
  job!: Job | null

  @Field(() => ReviewStatus, { description: 'What people think of it.' })
  review!: ReviewStatus

  @Field(() => String, { nullable: true, description: 'Name of the key that accepted or rejected it.' })
  reviewedBy!: string | null

  @Field(() => String, { nullable: true, description: 'Name of the key that made or imported it; null for a run.' })
  createdBy!: string | null

  @Field(() => DateTimeScalar, { description: 'When it was stored.' })
  createdAt!: Date
}

export const AnnotationConnection = connectionOf(Annotation, 'Annotation', 'the live annotations of an item')

@InputType({ description: 'Which annotations; all that is given must hold.' })
export class AnnotationFilterInput {
  @Field(() => [AnnotationType], { nullable: true, description: 'HUMAN, MACHINE or both.' })
  types?: AnnotationType[] | null

  @Field(() => [String], { nullable: true, description: 'Any of these labels; case is folded.' })
  labels?: string[] | null

  @Field(() => Float, { nullable: true, description: 'At least this confidence, 0..1.' })
  minConfidence?: number | null

  @Field(() => Float, { nullable: true, description: 'At most this confidence, 0..1.' })
  maxConfidence?: number | null

  @Field(() => [ReviewStatus], { nullable: true, description: 'In any of these states.' })
  review?: ReviewStatus[] | null

  @Field(() => String, { nullable: true, description: 'Made by this model, by its name.' })
  modelId?: string | null

  @Field(() => ID, { nullable: true, description: 'Made by this run.' })
  jobId?: string | null
}
