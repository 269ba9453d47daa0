import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql'
import { Annotation, ReviewStatus } from './annotations'
import { UserError } from './userErrors'

@InputType({
  description: 'A box in fractions (0..1) of the upright picture, top-left origin; it lies inside and has an area.',
})
export class BoundingBoxInput {
  @Field(() => Float, { description: 'Left edge, 0..1.' })
  x!: number

  @Field(() => Float, { description: 'Top edge, 0..1.' })
  y!: number

  @Field(() => Float, { description: 'Width, above 0.' })
  width!: number

  @Field(() => Float, { description: 'Height, above 0.' })
  height!: number
}

@InputType({ description: 'A point in fractions (0..1) of the upright picture, top-left origin.' })
export class PointInput {
  @Field(() => Float, { description: 'From the left, 0..1.' })
  x!: number

  @Field(() => Float, { description: 'From the top, 0..1.' })
  y!: number
}

@InputType({ description: 'One outline with its holes.' })
export class PolygonInput {
  @Field(() => [PointInput], { description: 'The outline, at least 3 points; it closes by itself.' })
  outer!: PointInput[]

  @Field(() => [[PointInput]], { defaultValue: [], description: 'What is cut out of it.' })
  holes!: PointInput[][]
}

@InputType({ description: 'The shape of an annotation: exactly one of these.' })
export class AnnotationShapeInput {
  @Field(() => BoundingBoxInput, { nullable: true, description: 'A box.' })
  box?: BoundingBoxInput | null

  @Field(() => [PolygonInput], { nullable: true, description: 'Outlines; at most 10,000 points in all.' })
  polygons?: PolygonInput[] | null

  @Field(() => [PointInput], { nullable: true, description: '1 to 1,000 points.' })
  points?: PointInput[] | null

  @Field(() => String, {
    nullable: true,
    description: "COCO's compressed run-length code of a mask, in the pixels of the item.",
  })
  rle?: string | null
}

@InputType({ description: "A person's annotation." })
export class CreateAnnotationInput {
  @Field(() => String, { description: 'The item.' })
  uniqueName!: string

  @Field(() => String, { description: '1 to 200 characters, none of control.' })
  label!: string

  @Field(() => AnnotationShapeInput, { nullable: true, description: 'None: a label of the item as a whole.' })
  shape?: AnnotationShapeInput | null

  @Field(() => Int, { nullable: true, description: 'Of a video: the frame; 0 is the first.' })
  frame?: number | null
}

@ObjectType({ description: 'Answer of `createAnnotation`.' })
export class CreateAnnotationPayload {
  @Field(() => Annotation, { nullable: true, description: 'The annotation; null when it was refused.' })
  annotation!: Annotation | null

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors!: UserError[]
}

@InputType({ description: 'What to change; what is left out stays.' })
export class UpdateAnnotationInput {
  @Field(() => ID, { description: 'Which annotation.' })
  annotationId!: string

  @Field(() => String, { nullable: true, description: '1 to 200 characters, none of control.' })
  label?: string | null

  @Field(() => AnnotationShapeInput, { nullable: true, description: 'Another shape.' })
  shape?: AnnotationShapeInput | null
}

@ObjectType({ description: 'Answer of `updateAnnotation`.' })
export class UpdateAnnotationPayload {
  @Field(() => Annotation, {
    nullable: true,
    description: "The annotation as it is now: of a model's, a new one by a person. Null when it was refused.",
  })
  annotation!: Annotation | null

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors!: UserError[]
}

@InputType({ description: 'Which annotations to take away.' })
export class DeleteAnnotationsInput {
  @Field(() => [ID], { description: 'At most 1,000.' })
  annotationIds!: string[]
}

@ObjectType({ description: 'Answer of `deleteAnnotations`.' })
export class DeleteAnnotationsPayload {
  @Field(() => Int, { description: 'How many went; those that were gone already do not count.' })
  deletedCount!: number

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors!: UserError[]
}

export const ReviewDecision = { ACCEPT: 'ACCEPT', REJECT: 'REJECT' } as const
export type ReviewDecision = keyof typeof ReviewDecision
registerEnumType(ReviewDecision, {
  name: 'ReviewDecision',
  description: 'What a person decides of annotations.',
  valuesConfig: {
    ACCEPT: { description: 'Right: it counts, and no run takes it away.' },
    REJECT: { description: 'Wrong: it stays listed, counts nowhere, and no run says it again.' },
  },
})

@InputType({ description: 'Annotations of a run; all that is given must hold.' })
export class ReviewJobFilterInput {
  @Field(() => ID, { description: 'The run, or the import.' })
  jobId!: string

  @Field(() => [String], { nullable: true, description: 'Any of these labels; case is folded.' })
  labels?: string[] | null

  @Field(() => Float, { nullable: true, description: 'At least this confidence, 0..1.' })
  minConfidence?: number | null

  @Field(() => Float, { nullable: true, description: 'At most this confidence, 0..1.' })
  maxConfidence?: number | null

  @Field(() => [ReviewStatus], {
    defaultValue: ['PENDING'],
    description: 'Only those in one of these states: a decision in bulk undoes no single one unless asked to.',
  })
  review!: ReviewStatus[]
}

@InputType({ description: 'What a decision is about: exactly one of these.' })
export class ReviewTargetInput {
  @Field(() => [ID], { nullable: true, description: 'At most 1,000 annotations.' })
  annotationIds?: string[] | null

  @Field(() => ReviewJobFilterInput, { nullable: true, description: 'Annotations of a run, in bulk.' })
  jobFilter?: ReviewJobFilterInput | null
}

@InputType({ description: 'A decision on annotations.' })
export class ReviewAnnotationsInput {
  @Field(() => ReviewTargetInput, { description: 'Which.' })
  target!: ReviewTargetInput

  @Field(() => ReviewDecision, { description: 'What of them.' })
  decision!: ReviewDecision
}

@ObjectType({ description: 'Answer of `reviewAnnotations`.' })
export class ReviewAnnotationsPayload {
  @Field(() => Int, { description: 'How many have another state now.' })
  changedCount!: number

  @Field(() => [Annotation], { description: 'Those that were named, as they are now; empty after a decision in bulk.' })
  annotations!: Annotation[]

  @Field(() => Boolean, {
    description: 'A decision in bulk ends after 50,000 annotations: ask the same again for the rest.',
  })
  hasMore!: boolean

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors!: UserError[]
}
