import { startAutoTag, type Job } from '@lakelens/metalake'
import * as types from '@lakelens/schemas'
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql'
import type { GatewayContext } from '../context'
import { payload } from './payload'
import { toScope } from './scope'

@Resolver()
export class TaggingResolver {
  @Mutation(() => types.AutoTagPayload, {
    description:
      '7.2. Tags the images of a collection, or of a list. Returns at once with a job; follow `jobProgress`.',
  })
  autoTag(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.AutoTagInput, { description: 'What to tag, with which model, and how.' })
    input: types.AutoTagInput,
  ) {
    return payload<{ job: Job | null }>(
      async () => ({ job: await startAutoTag(lake, { ...input, scope: toScope(input.scope, 'scope') }) }),
      { job: null },
    )
  }
}
