import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql'
import { AnnotationType } from './common'
import { connectionOf } from './connection'
import type { Job } from './jobs'
import * as jobs from './jobs'
import { Model } from './models'
import { DateTimeScalar } from './scalars'

export const AnnotationKind = { LABEL: 'LABEL', BOX: 'BOX' } as const
export type AnnotationKind = keyof typeof AnnotationKind
registerEnumType(AnnotationKind, {
  name: 'AnnotationKind',
  description: 'The shape of an annotation.',
  valuesConfig: {
    LABEL: { description: 'None: the label is of the item as a whole.' },
    BOX: { description: 'An axis-parallel box.' },
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

  @Field(() => jobs.Job, { nullable: true, description: 'The run that gave it.' })
  job!: Job | null
}

@ObjectType({ description: '7.2. One finding in one item.' })
export class Annotation {
  @Field(() => ID, { description: 'Opaque id.' })
  id!: string

  @Field(() => String, { description: 'The label.' })
  label!: string

  @Field(() => AnnotationType, { description: 'A person or a model.' })
  type!: AnnotationType

  @Field(() => AnnotationKind, { description: 'Its shape.' })
  kind!: AnnotationKind

  @Field(() => Float, { nullable: true, description: '0..1; null for a person.' })
  confidence!: number | null

  @Field(() => BoundingBox, { nullable: true, description: 'Set when `kind` is BOX.' })
  box!: BoundingBox | null

  @Field(() => Model, { nullable: true, description: 'The model that made it; null for a person.' })
  model!: Model | null

  @Field(() => Int, { nullable: true, description: 'The version of that model.' })
  modelVersion!: number | null

  @Field(() => jobs.Job, { nullable: true, description: 'The run that made it.' })
  job!: Job | null

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

  @Field(() => String, { nullable: true, description: 'Made by this model, by its name.' })
  modelId?: string | null

  @Field(() => ID, { nullable: true, description: 'Made by this run.' })
  jobId?: string | null
}
