import { createCollection, getCollection, listCollections, type Collection } from '@lakelens/metalake'
import * as types from '@lakelens/schemas'
import { type GraphQLResolveInfo } from 'graphql'
import { Arg, Args, Ctx, FieldResolver, ID, Info, Mutation, Query, Resolver, Root } from 'type-graphql'
import type { GatewayContext } from '../context'
import { toConnection } from './connection'
import { decodeId, encodeId, globalIdField } from './globalId'
import { chosenPage, PageArgs } from './pageArgs'
import { payload } from './payload'

@Resolver(() => types.Collection)
export class CollectionResolver {
  @Query(() => types.CollectionConnection, { description: 'The collections, newest first.' })
  async collections(
    @Ctx() { lake }: GatewayContext,
    @Args(() => PageArgs) page: PageArgs,
    @Info() info: GraphQLResolveInfo,
    @Arg('contentType', () => types.ContentType, { nullable: true, description: 'Only those that hold this.' })
    contentType: types.ContentType | null,
  ) {
    return toConnection(await listCollections(lake, { contentType, ...chosenPage(page, info) }))
  }

  @Query(() => types.Collection, { nullable: true, description: 'One collection; null when there is none of this id.' })
  async collection(
    @Ctx() { lake }: GatewayContext,
    @Arg('id', () => ID, { description: 'Of the collection.' }) id: string,
  ) {
    return getCollection(lake, decodeId('Collection', id) ?? '')
  }

  @Mutation(() => types.CreateCollectionPayload, { description: 'Makes an empty collection.' })
  createCollection(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.CreateCollectionInput, { description: 'Name and content type.' })
    input: types.CreateCollectionInput,
  ) {
    return payload<{ collection: Collection | null }>(
      async () => ({ collection: await createCollection(lake, input) }),
      { collection: null },
    )
  }

  @FieldResolver(() => ID, globalIdField)
  id(@Root() collection: Collection) {
    return encodeId('Collection', collection.id)
  }

  @FieldResolver()
  itemCount(@Root() collection: Collection, @Ctx() { loaders }: GatewayContext) {
    return loaders.itemCounts.load(collection.id)
  }
}
