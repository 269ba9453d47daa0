import { deleteCollection, deleteItems, type Deletion } from '@lakelens/metalake'
import * as types from '@lakelens/schemas'
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql'
import type { GatewayContext } from '../context'
import { requireId } from './globalId'
import { payload } from './payload'
import { toScope } from './scope'

const refused: Deletion = { job: null, plan: null }

@Resolver()
export class DeletionResolver {
  @Mutation(() => types.DeleteItemsPayload, {
    description:
      'Deletes items with their annotations, tags and vectors, for good, as a job. Files nobody refers to are collected after a day. For admins.',
  })
  deleteItems(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.DeleteItemsInput, { description: 'Which items.' }) input: types.DeleteItemsInput,
  ) {
    return payload(() => deleteItems(lake, { ...input, scope: toScope(input.scope, 'scope') }), refused)
  }

  @Mutation(() => types.DeleteCollectionPayload, {
    description: 'Deletes a collection with all its items, for good, as a job. For admins.',
  })
  deleteCollection(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.DeleteCollectionInput, { description: 'Which one.' }) input: types.DeleteCollectionInput,
  ) {
    return payload(
      async () =>
        deleteCollection(lake, {
          ...input,
          collectionId: requireId('Collection', input.collectionId, 'collectionId'),
        }),
      refused,
    )
  }
}
