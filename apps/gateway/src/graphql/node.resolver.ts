import * as types from '@lakelens/schemas'
import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql'
import type { GatewayContext } from '../context'
import { readId } from './globalId'

type Loader = (context: GatewayContext, id: string) => Promise<object | null>

const isNumber = (id: string): boolean => /^[1-9]\d{0,17}$/.test(id)

const loaders: Readonly<Record<string, Loader>> = {
  Annotation: async (context, id) => (isNumber(id) ? context.loaders.annotations.load(id) : null),
  Collection: async (context, id) => (isNumber(id) ? context.loaders.collections.load(id) : null),
  Item: async (context, id) => (isNumber(id) ? context.loaders.items.load(id) : null),
  Job: async (context, id) => (isNumber(id) ? context.loaders.jobs.load(id) : null),
  Model: (context, name) => context.loaders.modelsByName.load(name),
  ModelVersion: async (context, id) => (isNumber(id) ? context.loaders.modelVersions.load(id) : null),
}

@Resolver()
export class NodeResolver {
  @Query(() => types.Node, { nullable: true, description: 'Any object by its global id; null when there is none.' })
  async node(@Ctx() context: GatewayContext, @Arg('id', () => ID, { description: 'Of any object.' }) id: string) {
    context.lake.viewer.require('read')
    const named = readId(id)
    if (!named || !Object.hasOwn(loaders, named.type)) return null
    const found = await loaders[named.type]?.(context, named.id)
    return found ? { ...found, __typename: named.type } : null
  }
}
