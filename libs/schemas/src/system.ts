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

@ObjectType({ description: 'Whether a platform can be used now.' })
export class PlatformState {
  @Field(() => InferencePlatform, { description: 'LOCAL or AWS.' })
  platform!: InferencePlatform

  @Field(() => Boolean, { description: 'It answers and is ready to take work.' })
  available!: boolean

  @Field(() => Boolean, { description: 'What USE_ENV means here.' })
  isEnvDefault!: boolean

  @Field(() => String, { nullable: true, description: 'For people: why it is not available.' })
  detail!: string | null
}

@ObjectType({ description: 'Limits a client should know.' })
export class Limits {
  @Field(() => Int, { description: 'Largest `first` or `last`; more is an error, not cut silently.' })
  maxPageSize!: number

  @Field(() => LongScalar, { description: 'Largest upload.' })
  maxUploadBytes!: number

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
