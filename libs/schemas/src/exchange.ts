import { Field, Float, ID, InputType, ObjectType, registerEnumType } from 'type-graphql'
import { ReviewStatus } from './annotations'
import { AnnotationType, FilterInput, ScopeInput } from './common'
import { Job } from './jobs'
import { UserError } from './userErrors'

export const ExportFormat = { COCO: 'COCO', YOLO: 'YOLO', CSV: 'CSV' } as const
export type ExportFormat = keyof typeof ExportFormat
registerEnumType(ExportFormat, {
  name: 'ExportFormat',
  description: 'A format of annotation files. docs/annotations.md says what each keeps.',
  valuesConfig: {
    COCO: { description: 'One JSON file: images, annotations, categories. Boxes, polygons, masks, points, scores.' },
    YOLO: { description: 'A .tar.gz of `data.yaml` and `labels/*.txt`. Boxes, and polygons as segments.' },
    CSV: { description: 'One row an annotation; everything is kept.' },
  },
})

@InputType({ description: 'What to export, and how.' })
export class ExportAnnotationsInput {
  @Field(() => ScopeInput, { description: 'Of which items.' })
  scope!: ScopeInput

  @Field(() => String, { nullable: true, description: 'MetaLake search query that narrows the items.' })
  query?: string | null

  @Field(() => FilterInput, { nullable: true, description: 'Narrows the items further.' })
  filter?: FilterInput | null

  @Field(() => ExportFormat, { description: 'Of the file.' })
  format!: ExportFormat

  @Field(() => [AnnotationType], {
    nullable: true,
    description:
      "HUMAN: people's annotations alone; MACHINE: models' alone; both unless said. (`filter.annotationTypes` says which items.)",
  })
  types?: AnnotationType[] | null

  @Field(() => Float, {
    nullable: true,
    description: "Leaves out models' annotations below this confidence, 0..1; people's have none and stay.",
  })
  minConfidence?: number | null

  @Field(() => [ReviewStatus], {
    nullable: true,
    description: 'Only those in one of these states; all but REJECTED unless said.',
  })
  review?: ReviewStatus[] | null

  @Field(() => String, {
    nullable: true,
    description: 'Asking again with the same key gives the same job, also after it has ended.',
  })
  idempotencyKey?: string | null
}

@ObjectType({ description: 'Answer of `exportAnnotations`.' })
export class ExportAnnotationsPayload {
  @Field(() => Job, {
    nullable: true,
    description: 'Follow it with `jobProgress`; its `downloadUrl` is the file. Null when it was refused.',
  })
  job!: Job | null

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors!: UserError[]
}

@InputType({ description: 'An annotation file, and where its annotations go.' })
export class ImportAnnotationsInput {
  @Field(() => ID, { description: 'A finished upload with the purpose ANNOTATIONS.' })
  uploadId!: string

  @Field(() => ID, { description: 'Items of this collection are matched: by name, by unique name, for YOLO by stem.' })
  collectionId!: string

  @Field(() => ExportFormat, { defaultValue: 'COCO', description: 'Of the file.' })
  format!: ExportFormat

  @Field(() => AnnotationType, {
    defaultValue: 'HUMAN',
    description: 'HUMAN: people drew them; MACHINE: a model did, and scores are kept as confidence.',
  })
  type!: AnnotationType

  @Field(() => String, {
    nullable: true,
    description: 'Asking again with the same key gives the same job, also after it has ended.',
  })
  idempotencyKey?: string | null
}

@ObjectType({ description: 'Answer of `importAnnotations`.' })
export class ImportAnnotationsPayload {
  @Field(() => Job, { nullable: true, description: 'Follow it with `jobProgress`; null when it was refused.' })
  job!: Job | null

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors!: UserError[]
}
