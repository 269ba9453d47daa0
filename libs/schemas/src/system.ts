import { Field, Int, ObjectType, registerEnumType } from 'type-graphql'
import { InferencePlatform } from './common'
import { Model } from './models'
import { LongScalar } from './scalars'

export const DatabaseKind = { EMBEDDED: 'EMBEDDED', POSTGRES: 'POSTGRES' } as const
export type DatabaseKind = keyof typeof DatabaseKind
registerEnumType(DatabaseKind, {
  name: 'DatabaseKind',
  description: 'Which database keeps the lake.',
  valuesConfig: {
    EMBEDDED: { description: 'In the process, for trying out: a power cut may lose data.' },
    POSTGRES: { description: 'A Postgres server.' },
  },
})

export const SandboxKind = { BUBBLEWRAP: 'BUBBLEWRAP', NONE: 'NONE' } as const
export type SandboxKind = keyof typeof SandboxKind
registerEnumType(SandboxKind, {
  name: 'SandboxKind',
  description: 'What keeps the code of models apart from the machine.',
  valuesConfig: {
    BUBBLEWRAP: { description: 'No network, no files but its own, limits on memory and processes.' },
    NONE: { description: 'Nothing but limits: such models are refused, unless the operator allows them.' },
  },
})

@ObjectType({ description: 'Whether a platform can be used now.' })
export class PlatformState {
  @Field(() => InferencePlatform, { description: 'LOCAL or AWS.' })
  platform!: InferencePlatform

  @Field(() => Boolean, { description: 'It answers and is ready to take work.' })
  available!: boolean

  @Field(() => Boolean, { description: 'What USE_ENV means here.' })
  isEnvDefault!: boolean

  @Field(() => Boolean, {
    nullable: true,
    description: '7.1. It runs models with `inference.py`; null when it does not answer.',
  })
  runsPython!: boolean | null

  @Field(() => String, { nullable: true, description: 'Version of the Python it found; null when there is none.' })
  pythonVersion!: string | null

  @Field(() => SandboxKind, {
    nullable: true,
    description: 'What keeps such models apart from the machine; null when it does not answer.',
  })
  sandbox!: SandboxKind | null

  @Field(() => String, {
    nullable: true,
    description: 'For people: why it is not available, or what the sandbox means for models with `inference.py`.',
  })
  detail!: string | null
}

@ObjectType({ description: 'Limits a client should know.' })
export class Limits {
  @Field(() => Int, { description: 'Largest `first` or `last`; more is an error, not cut silently.' })
  maxPageSize!: number

  @Field(() => LongScalar, { description: 'Largest upload of a picture.' })
  maxUploadBytes!: number

  @Field(() => LongScalar, { description: '7.1. Largest model package, compressed.' })
  maxModelBytes!: number

  @Field(() => Int, { description: 'Most items in one `addItems`.' })
  maxItemsPerCall!: number

  @Field(() => Int, { description: 'Most names in a scope, or in one `embeddingVectors`.' })
  maxUniqueNames!: number

  @Field(() => LongScalar, { description: 'Largest body of a GraphQL request.' })
  maxRequestBytes!: number

  @Field(() => Int, { description: 'Deepest nesting of fields.' })
  maxQueryDepth!: number

  @Field(() => Int, {
    description: 'Most fields an operation may ask for, each counted as often as its lists can repeat it.',
  })
  maxQueryComplexity!: number
}

@ObjectType({ description: 'Gateway, inference and database state.' })
export class SystemInfo {
  @Field(() => String, { description: 'Version of LakeLens.' })
  version!: string

  @Field(() => DatabaseKind, { description: 'Which database keeps the lake.' })
  database!: DatabaseKind

  @Field(() => [PlatformState], { description: 'Where models can run.' })
  platforms!: PlatformState[]

  @Field(() => [Model], { description: '7.2 and 7.4. What `default` means, one model an application.' })
  defaults!: Model[]

  @Field(() => Limits, { description: 'Limits a client should know.' })
  limits!: Limits
}
