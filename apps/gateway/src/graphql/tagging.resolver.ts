import {
  planAutoTag,
  previewAutoTag,
  startAutoTag,
  type Job,
  type JobPlan,
  type PreviewResult,
} from '@lakelens/metalake'
import * as types from '@lakelens/schemas'
import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql'
import type { GatewayContext } from '../context'
import { payload } from './payload'
import { toScope } from './scope'

/** What a call that starts a run answers: the job, or with `dryRun` the plan. */
export interface Started {
  job: Job | null
  plan: JobPlan | null
}
export const nothingStarted: Started = { job: null, plan: null }

@Resolver()
export class TaggingResolver {
  @Mutation(() => types.AutoTagPayload, {
    description:
      '7.2 and 7.3. Tags images or videos of a collection, of a list, or of the whole MetaLake. Returns at once with a job; follow `jobProgress`.',
  })
  autoTag(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.AutoTagInput, { description: 'What to tag, with which model, and how.' })
    { dryRun, ...given }: types.AutoTagInput,
  ) {
    return payload<Started>(async () => {
      const input = { ...given, scope: toScope(given.scope, 'scope') }
      return dryRun
        ? { job: null, plan: await planAutoTag(lake, input) }
        : { job: await startAutoTag(lake, input), plan: null }
    }, nothingStarted)
  }

  @Mutation(() => types.PreviewAutoTagPayload, {
    description:
      'Runs the model on a few items now and stores nothing: tune the threshold before you run the lake. Of a video the frame in the middle is looked at.',
  })
  previewAutoTag(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.PreviewAutoTagInput, { description: 'What to try, with which model, and how.' })
    input: types.PreviewAutoTagInput,
  ) {
    return payload<{ results: PreviewResult[] }>(async () => ({ results: await previewAutoTag(lake, input) }), {
      results: [],
    })
  }
}

@Resolver(() => types.PreviewResult)
export class PreviewResultResolver {
  @FieldResolver()
  item(@Root() { itemId }: PreviewResult, @Ctx() { loaders }: GatewayContext) {
    return itemId === null ? null : loaders.items.load(itemId)
  }
}

@Resolver(() => types.JobPlan)
export class JobPlanResolver {
  @FieldResolver()
  model(@Root() { modelId }: JobPlan, @Ctx() { loaders }: GatewayContext) {
    return loaders.modelsByName.load(modelId)
  }
}
