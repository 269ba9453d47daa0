import { Field, Float, Int, ObjectType } from 'type-graphql'
import { InferencePlatform } from './common'
import { Model } from './models'
import { JsonScalar } from './scalars'

@ObjectType({ description: '7.2 - 7.5. What a run would do, counted exactly; the answer to `dryRun`.' })
export class JobPlan {
  @Field(() => Int, { description: 'Items that scope, query and filter mean.' })
  matched!: number

  @Field(() => Int, { description: 'Of them, done by the same model version under the same parameters.' })
  alreadyDone!: number

  @Field(() => Int, { description: 'Of them, done by the same model version under other parameters only.' })
  doneDifferently!: number

  @Field(() => Int, {
    description: 'What would be processed: those not done, or all of them with `onExisting: REPLACE`.',
  })
  toProcess!: number

  @Field(() => Float, {
    nullable: true,
    description: 'From how fast this model version went lately; null where it has not run yet.',
  })
  estimatedSeconds!: number | null

  @Field(() => Model, { description: 'The model it would run.' })
  model!: Model

  @Field(() => Int, { nullable: true, description: 'The version it would run; null where none was ever opened.' })
  modelVersion!: number | null

  @Field(() => InferencePlatform, { description: 'Where it would run.' })
  platform!: InferencePlatform

  @Field(() => String, { nullable: true, description: 'The query as it is understood; null where there is none.' })
  normalizedQuery!: string | null

  @Field(() => JsonScalar, { description: 'Every effective parameter, defaults filled in.' })
  parameters!: unknown

  @Field(() => [String], { description: 'For people: what may not be what was meant.' })
  warnings!: string[]
}
