import { Field, InputType, Int, ObjectType, registerEnumType } from 'type-graphql'
import { FilterInput, InferencePlatform, OnExisting, ScopeInput } from './common'
import { JobPlan } from './jobPlan'
import { Job } from './jobs'
import { DateTimeScalar, VectorScalar } from './scalars'
import { UserError } from './userErrors'
import { VideoSamplingInput } from './videoSampling'

@InputType({ description: '7.4. What to embed, with which model.' })
export class EmbeddingsInput {
  @Field(() => ScopeInput, { description: '7.4 (a collection) and 7.5 (the whole MetaLake).' })
  scope!: ScopeInput

  @Field(() => String, { defaultValue: 'default', description: '7.4. A name, `name:version`, or `default`.' })
  modelId!: string

  @Field(() => String, {
    nullable: true,
    description: '7.4. MetaLake search query; it is judged once an item.',
  })
  query?: string | null

  @Field(() => FilterInput, {
    nullable: true,
    description: '7.4. Narrows `query`.',
  })
  filter?: FilterInput | null

  @Field(() => InferencePlatform, {
    defaultValue: 'USE_ENV',
    description: '7.4. Where to run. AWS answers NOT_SUPPORTED in this version.',
  })
  inferencePlatform!: InferencePlatform

  @Field(() => VideoSamplingInput, {
    nullable: true,
    defaultValue: { fps: 1.0 },
    description: "Of a video: the frames whose normalised vectors' mean is its vector. Pictures have none.",
  })
  videoSampling?: VideoSamplingInput | null

  @Field(() => OnExisting, { defaultValue: 'SKIP', description: 'Items that have a vector of this model version.' })
  onExisting!: OnExisting

  @Field(() => Boolean, { defaultValue: false, description: 'Counts and estimates: see `plan`. Starts nothing.' })
  dryRun!: boolean

  @Field(() => String, {
    nullable: true,
    description: 'Asking again with the same key gives the same job, also after it has ended.',
  })
  idempotencyKey?: string | null
}

@ObjectType({ description: 'Answer of `embeddings`.' })
export class EmbeddingsPayload {
  @Field(() => Job, { nullable: true, description: 'Follow it with `jobProgress`; null when it was refused.' })
  job!: Job | null

  @Field(() => JobPlan, { nullable: true, description: 'What it would do; set with `dryRun`.' })
  plan!: JobPlan | null

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors!: UserError[]
}

export const VectorEncoding = { JSON_ARRAY: 'JSON_ARRAY', BASE64_F32: 'BASE64_F32' } as const
export type VectorEncoding = keyof typeof VectorEncoding
registerEnumType(VectorEncoding, {
  name: 'VectorEncoding',
  description: 'How a vector is written.',
  valuesConfig: {
    JSON_ARRAY: { description: 'Numbers; they read back to the very same float32.' },
    BASE64_F32: { description: 'base64 of little-endian float32: half the size, and quicker.' },
  },
})

export const EmbeddingSource = { GENERATED: 'GENERATED', INSERTED: 'INSERTED' } as const
export type EmbeddingSource = keyof typeof EmbeddingSource
registerEnumType(EmbeddingSource, {
  name: 'EmbeddingSource',
  description: 'Where a vector comes from.',
  valuesConfig: {
    GENERATED: { description: '7.4. Computed by the model here.' },
    INSERTED: { description: '7.6. Brought in.' },
  },
})

export const EmbeddingStatus = {
  FOUND: 'FOUND',
  NO_SUCH_ITEM: 'NO_SUCH_ITEM',
  NO_EMBEDDING: 'NO_EMBEDDING',
} as const
export type EmbeddingStatus = keyof typeof EmbeddingStatus
registerEnumType(EmbeddingStatus, {
  name: 'EmbeddingStatus',
  description: '7.8. Why there is, or is not, a vector.',
  valuesConfig: {
    FOUND: { description: 'Here it is.' },
    NO_SUCH_ITEM: { description: 'No item has this name.' },
    NO_EMBEDDING: { description: 'The item has no vector of this model.' },
  },
})

@ObjectType({ description: '7.8. A stored vector, exactly the float32 values that were computed.' })
export class EmbeddingVector {
  @Field(() => String, { description: '7.8. The item.' })
  uniqueName!: string

  @Field(() => String, { description: '7.8. The model, by its own name also when `default` was asked for.' })
  modelName!: string

  @Field(() => Int, { nullable: true, description: 'The version that was read.' })
  modelVersion!: number | null

  @Field(() => [Int], { description: '7.6. e.g. [2048].' })
  vectorDimension!: number[]

  @Field(() => VectorScalar, { description: '7.8. The vector.' })
  embeddings!: Float32Array | string

  @Field(() => DateTimeScalar, { description: 'When it was stored.' })
  createdAt!: Date

  @Field(() => EmbeddingSource, { description: 'Where it comes from.' })
  source!: EmbeddingSource
}

@ObjectType({ description: '7.8. The answer for one requested name.' })
export class EmbeddingVectorResult {
  @Field(() => String, { description: 'The name as it was asked.' })
  uniqueName!: string

  @Field(() => EmbeddingStatus, { description: 'Look here first.' })
  status!: EmbeddingStatus

  @Field(() => EmbeddingVector, { nullable: true, description: 'Set when `status` is FOUND.' })
  embedding!: EmbeddingVector | null
}
