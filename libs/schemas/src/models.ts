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
    VALIDATING: { description: 'Being checked; its job says how far that is.' },
    READY: { description: 'Can run.' },
    FAILED: {
      description:
        'Did not pass its checks, see `validation`; or its requirements cannot be installed, see `installLog`.',
    },
    ARCHIVED: {
      description: 'Put away: it runs no more, and what it made stays. Registering the same content brings it back.',
    },
  },
})

export const ModelRuntime = { ONNX: 'ONNX', PYTHON: 'PYTHON' } as const
export type ModelRuntime = keyof typeof ModelRuntime
registerEnumType(ModelRuntime, {
  name: 'ModelRuntime',
  description: 'What executes a model.',
  valuesConfig: {
    ONNX: { description: 'ONNX Runtime.' },
    PYTHON: { description: '7.1. `inference.py`, in a process of its own.' },
  },
})

export const ModelOrigin = {
  PUBLISHER: 'PUBLISHER',
  LOCAL: 'LOCAL',
  BUNDLED: 'BUNDLED',
  REGISTERED: 'REGISTERED',
} as const
export type ModelOrigin = keyof typeof ModelOrigin
registerEnumType(ModelOrigin, {
  name: 'ModelOrigin',
  description: 'Where the file of a model came from.',
  valuesConfig: {
    PUBLISHER: { description: 'Fetched from the address in the catalogue.' },
    LOCAL: { description: 'From the models directory (LAKELENS_MODELS_DIR).' },
    BUNDLED: { description: 'Comes with LakeLens itself.' },
    REGISTERED: { description: '7.1. From a package of yours, with `registerModel`.' },
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

export const CheckOutcome = { PASSED: 'PASSED', WARNING: 'WARNING', FAILED: 'FAILED', SKIPPED: 'SKIPPED' } as const
export type CheckOutcome = keyof typeof CheckOutcome
registerEnumType(CheckOutcome, {
  name: 'CheckOutcome',
  description: 'What became of a check.',
  valuesConfig: {
    PASSED: { description: 'As it should be.' },
    WARNING: { description: 'It runs, and is perhaps not what was meant.' },
    FAILED: { description: 'The package is refused; the hint says what to write.' },
    SKIPPED: { description: 'Could not be made, or does not apply; the message says why.' },
  },
})

@ObjectType({ description: '7.1. One rule for packages, and what became of it.' })
export class ModelCheck {
  @Field(() => String, { description: 'For programs, e.g. `labels.count`; docs/validation-checks.md lists them.' })
  code!: string

  @Field(() => String, { description: 'What the rule asks for.' })
  name!: string

  @Field(() => CheckOutcome, { description: 'What became of it.' })
  outcome!: CheckOutcome

  @Field(() => String, { nullable: true, description: 'What was found; null where the name says it all.' })
  message!: string | null

  @Field(() => String, { nullable: true, description: 'The file of the package it is about.' })
  file!: string | null

  @Field(() => Int, { nullable: true, description: 'The line in that file, from 1.' })
  line!: number | null

  @Field(() => String, { nullable: true, description: 'What to write, or to do.' })
  hint!: string | null
}

@ObjectType({ description: '7.1. The report of the checks of a package; also of one that was refused.' })
export class ModelValidation {
  @Field(() => Boolean, { description: 'True when no check FAILED.' })
  ok!: boolean

  @Field(() => [ModelCheck], { description: 'In the order they were made.' })
  checks!: ModelCheck[]

  @Field(() => Float, { description: 'Milliseconds they took together.' })
  durationMs!: number
}

@ObjectType({ implements: Node, description: '7.1. One version of a model. It never changes once it is READY.' })
export class ModelVersion extends Node {
  @Field(() => Int, { description: 'Counts from 1; a new file of the same name is a new version.' })
  version!: number

  @Field(() => ModelStatus, { description: 'Whether this version can run.' })
  status!: ModelStatus

  @Field(() => ModelRuntime, { nullable: true, description: 'What executes it; null until its checks have told.' })
  runtime!: ModelRuntime | null

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

  @Field(() => String, {
    nullable: true,
    description:
      'SHA-256 of its file: the graph, or for PYTHON the package; null while it is checked, and when it failed.',
  })
  sha256!: string | null

  @Field(() => LongScalar, { nullable: true, description: 'Size of that file.' })
  byteSize!: number | null

  @Field(() => String, { nullable: true, description: 'SPDX identifier of the licence of the weights.' })
  license!: string | null

  @Field(() => ModelValidation, {
    nullable: true,
    description: '7.1. What the checks of `registerModel` found; null while they go on, and for system models.',
  })
  validation!: ModelValidation | null

  @Field(() => Float, { nullable: true, description: 'Milliseconds the first inference took; null before it.' })
  warmupMs!: number | null

  @Field(() => String, {
    nullable: true,
    description:
      'How the requirements of `inference.py` were installed; null before the first use, and where there are none.',
  })
  installLog!: string | null

  @Field(() => String, { nullable: true, description: 'Name of the key that registered it; null for system models.' })
  createdBy!: string | null

  @Field(() => DateTimeScalar, { description: 'When this version entered the lake.' })
  registeredAt!: Date
}

export const ModelVersionConnection = connectionOf(
  ModelVersion,
  'ModelVersion',
  'the versions of a model, newest first',
)

@ObjectType({ description: '`name@alias`: a name for a version, which people move from one to the next.' })
export class ModelAlias {
  @Field(() => String, { description: 'What stands after the `@`.' })
  name!: string

  @Field(() => Int, { description: 'The version it means now.' })
  version!: number
}

@ObjectType({ description: 'What a model was used for.' })
export class ModelUsage {
  @Field(() => Int, { description: 'Runs with any of its versions.' })
  jobs!: number

  @Field(() => LongScalar, { description: 'Items these runs have processed, each as often as it was.' })
  items!: number

  @Field(() => DateTimeScalar, { nullable: true, description: 'When the last of them began; null before the first.' })
  lastUsedAt!: Date | null
}

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

  @Field(() => ModelStatus, {
    description: 'READY when a version is; else VALIDATING, FAILED or ARCHIVED, the first that one of them is.',
  })
  status!: ModelStatus

  @Field(() => String, { nullable: true, description: 'What it is, in a sentence.' })
  description!: string | null

  @Field(() => String, { nullable: true, description: 'SPDX identifier of the licence of the weights.' })
  license!: string | null

  @Field(() => ModelVersion, {
    nullable: true,
    description:
      'The version a bare name means: the newest that is READY; of a system model null before the first run.',
  })
  currentVersion!: ModelVersion | null

  @Field(() => ModelVersionConnection, { description: 'All versions, newest first.' })
  versions!: InstanceType<typeof ModelVersionConnection>

  @Field(() => [ModelAlias], { description: 'Other names of its versions, by name.' })
  aliases!: ModelAlias[]

  @Field(() => ModelUsage, { description: 'What it was used for.' })
  usage!: ModelUsage

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When its name entered the lake; null for a system model that was never used.',
  })
  createdAt!: Date | null

  @Field(() => String, {
    nullable: true,
    description: 'Name of the key that registered it first; null for system models.',
  })
  createdBy!: string | null
}

export const ModelConnection = connectionOf(Model, 'Model', 'the registered and system models')
