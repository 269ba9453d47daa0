import { Field, Float, InputType, Int, ObjectType } from 'type-graphql'
import { BoundingBox } from './annotations'
import { FilterInput, InferencePlatform, OnExisting, ResolutionInput, ScopeInput } from './common'
import { Item } from './items'
import { JobPlan } from './jobPlan'
import { Job } from './jobs'
import { UserError } from './userErrors'
import { VideoSamplingInput } from './videoSampling'

@InputType({ description: "A threshold of one label, in place of the run's own." })
export class ClassThresholdInput {
  @Field(() => String, { description: "One of the model's labels, in any case." })
  label!: string

  @Field(() => Float, { description: 'Between 0 and 1.' })
  confidenceThreshold!: number
}

@InputType({ description: 'What a label of the model is called in the lake.' })
export class ClassMappingInput {
  @Field(() => String, { description: "One of the model's labels, in any case." })
  from!: string

  @Field(() => String, {
    nullable: true,
    description:
      'Its name in the lake; null: it is left out. Labels with one name are merged: of boxes that overlap the best stays.',
  })
  to?: string | null
}

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
    description: '7.2. MetaLake search query, e.g. `annotation.label=Bird`; it is judged once an item.',
  })
  query?: string | null

  @Field(() => FilterInput, { nullable: true, description: '7.2. Narrows `query`.' })
  filter?: FilterInput | null

  @Field(() => InferencePlatform, {
    defaultValue: 'USE_ENV',
    description: '7.2. Where to run. AWS answers NOT_SUPPORTED in this version.',
  })
  inferencePlatform!: InferencePlatform

  @Field(() => [ClassThresholdInput], { nullable: true, description: 'Thresholds of single labels.' })
  classThresholds?: ClassThresholdInput[] | null

  @Field(() => [String], {
    nullable: true,
    description: "Only these of the model's labels. What else is found takes no place of `maxDetections`.",
  })
  includeLabels?: string[] | null

  @Field(() => [String], { nullable: true, description: "All of the model's labels but these." })
  excludeLabels?: string[] | null

  @Field(() => [ClassMappingInput], { nullable: true, description: 'Renames, merges or drops labels of the model.' })
  classMapping?: ClassMappingInput[] | null

  @Field(() => Float, {
    defaultValue: 0.7,
    description: 'Between 0 and 1: a box is dropped when a better one of its label overlaps it by more than this IoU.',
  })
  nmsIou!: number

  @Field(() => Int, { defaultValue: 300, description: '1 to 1000, in a picture or a frame; the best.' })
  maxDetections!: number

  @Field(() => VideoSamplingInput, {
    nullable: true,
    defaultValue: { fps: 1.0 },
    description: 'Which frames of a video are looked at. Images have none.',
  })
  videoSampling?: VideoSamplingInput | null

  @Field(() => OnExisting, { defaultValue: 'SKIP', description: 'Items done before under the same parameters.' })
  onExisting!: OnExisting

  @Field(() => Boolean, { defaultValue: false, description: 'Counts and estimates: see `plan`. Starts nothing.' })
  dryRun!: boolean

  @Field(() => String, {
    nullable: true,
    description: 'Asking again with the same key gives the same job, also after it has ended.',
  })
  idempotencyKey?: string | null
}

@ObjectType({ description: 'Answer of `autoTag`.' })
export class AutoTagPayload {
  @Field(() => Job, { nullable: true, description: 'Follow it with `jobProgress`; null when it was refused.' })
  job!: Job | null

  @Field(() => JobPlan, { nullable: true, description: 'What it would do; set with `dryRun`.' })
  plan!: JobPlan | null

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors!: UserError[]
}

@InputType({ description: 'What to try, with which model, and how.' })
export class PreviewAutoTagInput {
  @Field(() => [String], { description: '1 to 16 items.' })
  uniqueNames!: string[]

  @Field(() => String, { defaultValue: 'default', description: 'A name, `name:version`, or `default`.' })
  modelId!: string

  @Field(() => ResolutionInput, { defaultValue: { width: 300, height: 300 }, description: 'As for `autoTag`.' })
  inputResolution!: ResolutionInput

  @Field(() => Float, {
    defaultValue: 0.05,
    description: 'Detections down to this score come back, so that a slider needs no second call.',
  })
  confidenceFloor!: number

  @Field(() => [String], { nullable: true, description: 'As for `autoTag`.' })
  includeLabels?: string[] | null

  @Field(() => [String], { nullable: true, description: 'As for `autoTag`.' })
  excludeLabels?: string[] | null

  @Field(() => [ClassMappingInput], { nullable: true, description: 'As for `autoTag`.' })
  classMapping?: ClassMappingInput[] | null

  @Field(() => Float, { defaultValue: 0.7, description: 'As for `autoTag`.' })
  nmsIou!: number

  @Field(() => Int, { defaultValue: 300, description: 'As for `autoTag`.' })
  maxDetections!: number

  @Field(() => InferencePlatform, {
    defaultValue: 'USE_ENV',
    description: 'Where to run. AWS answers NOT_SUPPORTED in this version.',
  })
  inferencePlatform!: InferencePlatform
}

@ObjectType({ description: 'Something a model sees in an item; it is stored nowhere.' })
export class Detection {
  @Field(() => String, { description: 'The label.' })
  label!: string

  @Field(() => Float, { description: '0 to 1.' })
  confidence!: number

  @Field(() => BoundingBox, { nullable: true, description: 'Null: the label is of the item as a whole.' })
  box!: BoundingBox | null

  @Field(() => Int, { nullable: true, description: 'Of a video: the frame that was looked at, the one in the middle.' })
  frame!: number | null

  @Field(() => Float, { nullable: true, description: 'Of a video: when that frame is shown.' })
  timestampSeconds!: number | null
}

@ObjectType({ description: 'What a run would find in one item.' })
export class PreviewResult {
  @Field(() => String, { description: 'The name as it was asked.' })
  uniqueName!: string

  @Field(() => Item, { nullable: true, description: 'Null when no item has the name.' })
  item!: Item | null

  @Field(() => [Detection], { description: 'By falling confidence.' })
  detections!: Detection[]

  @Field(() => Float, { nullable: true, description: 'Milliseconds it took; null where there is no answer.' })
  inferenceMs!: number | null

  @Field(() => String, { nullable: true, description: 'For people: why there is no answer for this item.' })
  error!: string | null
}

@ObjectType({ description: 'Answer of `previewAutoTag`.' })
export class PreviewAutoTagPayload {
  @Field(() => [PreviewResult], { description: 'One entry a name, in the order asked.' })
  results!: PreviewResult[]

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors!: UserError[]
}
