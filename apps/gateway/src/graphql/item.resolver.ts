import {
  addItems,
  getItem,
  itemUrl,
  listAnnotations,
  listItems,
  shownMetadata,
  thumbnailUrl,
  updateItemMetadata,
  type Item,
} from '@lakelens/metalake'
import * as types from '@lakelens/schemas'
import { type GraphQLResolveInfo } from 'graphql'
import { Arg, Args, Ctx, FieldResolver, ID, Info, Int, Mutation, Query, Resolver, Root } from 'type-graphql'
import type { GatewayContext } from '../context'
import { toConnection } from './connection'
import { decodeId, encodeId, globalIdField, requireId } from './globalId'
import { chosenPage, ForwardPageArgs, PageArgs } from './pageArgs'
import { payload, toUserErrors, type UserErrorValue } from './payload'
import { toScope } from './scope'

@Resolver(() => types.Item)
export class ItemResolver {
  @Query(() => types.ItemConnection, { description: 'Items of a scope, or of the whole MetaLake.' })
  async items(
    @Ctx() { lake }: GatewayContext,
    @Args(() => PageArgs) page: PageArgs,
    @Info() info: GraphQLResolveInfo,
    @Arg('scope', () => types.ScopeInput, { nullable: true, description: 'Only those of a collection, or of a list.' })
    scope: types.ScopeInput | null,
    @Arg('query', () => String, {
      nullable: true,
      description: '7.2. Search query, e.g. `annotation.label=Bird`; docs/query-language.md has the language.',
    })
    query: string | null,
    @Arg('filter', () => types.FilterInput, { nullable: true, description: '7.2. Narrows the query.' })
    filter: types.FilterInput | null,
    @Arg('orderBy', () => types.ItemOrderInput, {
      nullable: true,
      defaultValue: { field: 'CREATED_AT', direction: 'DESC' },
      description: 'Order; the newest first unless said.',
    })
    orderBy: types.ItemOrderInput | null,
  ) {
    return toConnection(
      await listItems(lake, {
        scope: scope && toScope(scope, 'scope'),
        query,
        filter,
        orderBy,
        ...chosenPage(page, info),
      }),
    )
  }

  @Query(() => types.Item, { nullable: true, description: 'One item; null when there is none of this name.' })
  item(
    @Ctx() { lake }: GatewayContext,
    @Arg('uniqueName', () => String, { description: 'Distinct over the whole MetaLake: `<collection>_<name>`.' })
    uniqueName: string,
  ) {
    return getItem(lake, uniqueName)
  }

  @Mutation(() => types.AddItemsPayload, {
    description:
      'Adds finished uploads to a collection. What each file is, its bytes decide. One refused item does not stop the others.',
  })
  addItems(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.AddItemsInput, { description: 'Collection and items.' }) input: types.AddItemsInput,
  ) {
    return payload<{ items: Item[]; userErrors?: UserErrorValue[] }>(
      async () => {
        const collectionId = requireId('Collection', input.collectionId, 'collectionId')
        const { items, errors } = await addItems(lake, { collectionId, items: input.items })
        return { items, userErrors: toUserErrors(errors) }
      },
      { items: [] },
    )
  }

  @Mutation(() => types.UpdateItemMetadataPayload, {
    description: 'Edits metadata and custom tags of at most 1,000 items, all or none.',
  })
  updateItemMetadata(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.UpdateItemMetadataInput, { description: 'Which items, and what changes.' })
    input: types.UpdateItemMetadataInput,
  ) {
    return payload<{ items: Item[] }>(async () => ({ items: await updateItemMetadata(lake, input) }), { items: [] })
  }

  @FieldResolver(() => ID, globalIdField)
  id(@Root() item: Item) {
    return encodeId('Item', item.id)
  }

  @FieldResolver()
  url(
    @Root() item: Item,
    @Ctx() { lake }: GatewayContext,
    @Arg('expiresIn', () => Int, {
      defaultValue: 3600,
      description: 'Seconds it lives, 60 to 604800; rounded up so that browsers can cache.',
    })
    expiresIn: number,
  ) {
    return itemUrl(lake, item, expiresIn)
  }

  @FieldResolver()
  thumbnailUrl(@Root() item: Item, @Ctx() { lake }: GatewayContext) {
    return thumbnailUrl(lake, item)
  }

  @FieldResolver()
  resolution(@Root() item: Item) {
    return item.width === null || item.height === null ? null : { width: item.width, height: item.height }
  }

  @FieldResolver()
  metadata(@Root() item: Item) {
    return shownMetadata(item)
  }

  @FieldResolver()
  customTags(@Root() item: Item) {
    return item.tags
  }

  @FieldResolver()
  tags(@Root() item: Item, @Ctx() { loaders }: GatewayContext) {
    return loaders.tags.load(item.id)
  }

  @FieldResolver()
  async annotations(
    @Root() item: Item,
    @Ctx() { lake, loaders }: GatewayContext,
    @Args(() => ForwardPageArgs) page: ForwardPageArgs,
    @Arg('filter', () => types.AnnotationFilterInput, { nullable: true, description: 'Only those.' })
    filter: types.AnnotationFilterInput | null,
  ) {
    const { modelId, jobId, ...rest } = filter ?? {}
    // An unknown model or run made nothing: '0' is the id of none.
    const model = modelId == null ? null : ((await loaders.modelsByName.load(modelId))?.id ?? '0')
    const job = jobId == null ? null : (decodeId('Job', jobId) ?? '0')
    return toConnection(await listAnnotations(lake, item.id, { ...rest, modelId: model, jobId: job, ...page }))
  }

  @FieldResolver()
  annotationTypes(@Root() item: Item, @Ctx() { loaders }: GatewayContext) {
    return loaders.annotationTypes.load(item.id)
  }

  @FieldResolver()
  embeddingModels(@Root() item: Item, @Ctx() { loaders }: GatewayContext) {
    return loaders.embeddingModels.load(item.id)
  }

  @FieldResolver()
  async collections(@Root() item: Item, @Ctx() { loaders }: GatewayContext) {
    const collection = await loaders.collections.load(item.collectionId)
    return collection ? [collection] : []
  }
}
