import {
  createCollection,
  getCollection,
  listCollections,
  listItems,
  shownMetadata,
  updateCollection,
  type Collection,
} from '@lakelens/metalake'
import * as types from '@lakelens/schemas'
import { type GraphQLResolveInfo } from 'graphql'
import { Arg, Args, Ctx, FieldResolver, ID, Info, Mutation, Query, Resolver, Root } from 'type-graphql'
import type { GatewayContext } from '../context'
import { toConnection } from './connection'
import { decodeId, encodeId, globalIdField, requireId } from './globalId'
import { chosenPage, ForwardPageArgs, PageArgs } from './pageArgs'
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

  @Mutation(() => types.UpdateCollectionPayload, {
    description: 'Edits the metadata and tags that a collection gives to the items added from now on.',
  })
  updateCollection(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.UpdateCollectionInput, { description: 'Which one, and what changes.' })
    input: types.UpdateCollectionInput,
  ) {
    return payload<{ collection: Collection | null }>(
      async () => {
        const collectionId = requireId('Collection', input.collectionId, 'collectionId')
        return { collection: await updateCollection(lake, { ...input, collectionId }) }
      },
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

  @FieldResolver()
  metadata(@Root() collection: Collection) {
    return shownMetadata(collection)
  }

  @FieldResolver(() => types.ItemConnection, { description: 'Its items, the newest first.' })
  async items(
    @Root() collection: Collection,
    @Ctx() { lake }: GatewayContext,
    @Args(() => ForwardPageArgs) page: ForwardPageArgs,
    @Arg('query', () => String, { nullable: true, description: '7.2. Search query, e.g. `annotation.label=Bird`.' })
    query: string | null,
    @Arg('filter', () => types.FilterInput, { nullable: true, description: '7.2. Narrows the query.' })
    filter: types.FilterInput | null,
  ) {
    return toConnection(await listItems(lake, { scope: { collectionId: collection.id }, query, filter, ...page }))
  }
}
