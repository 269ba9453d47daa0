import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql'
import { Application, Node, Resolution } from './common'
import { connectionOf } from './connection'
import { DateTimeScalar, LongScalar } from './scalars'

export const ModelStatus = {
  NOT_FETCHED: 'NOT_FETCHED',
  VALIDATING: 'VALIDATING',
  READY: 'READY',
  FAILED: 'FAILED',
  ARCHIVED: 'ARCHIVED',
} as const
export type ModelStatus = keyof typeof ModelStatus
registerEnumType(ModelStatus, {
  name: 'ModelStatus',
  description: 'Whether a model can run.',
  valuesConfig: {
    NOT_FETCHED: {
      description: 'A system model whose file is not here yet; the first run fetches it, or `lakelens models fetch`.',
    },
    VALIDATING: { description: 'Being checked.' },
    READY: { description: 'Can run.' },
    FAILED: { description: 'Did not pass its checks.' },
    ARCHIVED: { description: 'Put away.' },
  },
})

export const ModelRuntime = { ONNX: 'ONNX' } as const
export type ModelRuntime = keyof typeof ModelRuntime
registerEnumType(ModelRuntime, {
  name: 'ModelRuntime',
  description: 'What executes a model.',
  valuesConfig: { ONNX: { description: 'ONNX Runtime.' } },
})

export const ModelOrigin = { PUBLISHER: 'PUBLISHER', LOCAL: 'LOCAL' } as const
export type ModelOrigin = keyof typeof ModelOrigin
registerEnumType(ModelOrigin, {
  name: 'ModelOrigin',
  description: 'Where the file of a model came from.',
  valuesConfig: {
    PUBLISHER: { description: 'Fetched from the address in the catalogue.' },
    LOCAL: { description: 'From the models directory (LAKELENS_MODELS_DIR).' },
  },
})

@ObjectType({ description: 'A tensor a graph takes or gives.' })
export class TensorSpec {
  @Field(() => String, { description: 'Name in the graph.' })
  name!: string

  @Field(() => String, { description: 'Element type, e.g. `float32`.' })
  type!: string

  @Field(() => [Int], { description: 'Length of each dimension; -1 for a free one.' })
  shape!: number[]
}

@ObjectType({ implements: Node, description: '7.1. One version of a model. It never changes once it is READY.' })
export class ModelVersion extends Node {
  @Field(() => Int, { description: 'Counts from 1; a new file of the same name is a new version.' })
  version!: number

  @Field(() => ModelStatus, { description: 'Whether this version can run.' })
  status!: ModelStatus

  @Field(() => ModelRuntime, { description: 'What executes it.' })
  runtime!: ModelRuntime

  @Field(() => ModelOrigin, { description: 'Where its file came from.' })
  origin!: ModelOrigin

  @Field(() => [String], { description: '7.1. label_list.yaml, in training order; empty for an embedding model.' })
  labels!: string[]

  @Field(() => [Int], { nullable: true, description: '7.6. Set for EMBEDDING once known, e.g. [2048].' })
  vectorDimension!: number[] | null

  @Field(() => [TensorSpec], { description: 'What the graph takes; empty before it was first opened.' })
  inputs!: TensorSpec[]

  @Field(() => [TensorSpec], { description: 'What the graph gives; empty before it was first opened.' })
  outputs!: TensorSpec[]

  @Field(() => Resolution, {
    nullable: true,
    description: 'The only input size the graph takes; null when it accepts any.',
  })
  fixedInputResolution!: Resolution | null

  @Field(() => String, { description: 'SHA-256 of the file.' })
  sha256!: string

  @Field(() => LongScalar, { description: 'Size of the file.' })
  byteSize!: number

  @Field(() => String, { nullable: true, description: 'SPDX identifier of the licence of the weights.' })
  license!: string | null

  @Field(() => Float, { nullable: true, description: 'Milliseconds the first inference took; null before it.' })
  warmupMs!: number | null

  @Field(() => DateTimeScalar, { description: 'When this version entered the lake.' })
  registeredAt!: Date
}

export const ModelVersionConnection = connectionOf(
  ModelVersion,
  'ModelVersion',
  'the versions of a model, newest first',
)

@ObjectType({ implements: Node, description: '7.1. A model by its name.' })
export class Model extends Node {
  @Field(() => String, { description: '7.1. The distinct name: what `modelId` and `modelName` take.' })
  modelId!: string

  @Field(() => Application, { description: '7.1. What it is for.' })
  application!: Application

  @Field(() => Boolean, { description: 'Comes with LakeLens.' })
  isSystem!: boolean

  @Field(() => Boolean, { description: 'True when this is what `default` means for its application.' })
  isDefault!: boolean

  @Field(() => ModelStatus, { description: 'Of the version a bare name means.' })
  status!: ModelStatus

  @Field(() => String, { nullable: true, description: 'What it is, in a sentence.' })
  description!: string | null

  @Field(() => String, { nullable: true, description: 'SPDX identifier of the licence of the weights.' })
  license!: string | null

  @Field(() => ModelVersion, {
    nullable: true,
    description: 'The version a bare name means; null before the first run.',
  })
  currentVersion!: ModelVersion | null

  @Field(() => ModelVersionConnection, { description: 'All versions, newest first.' })
  versions!: InstanceType<typeof ModelVersionConnection>
}

export const ModelConnection = connectionOf(Model, 'Model', 'the registered and system models')
