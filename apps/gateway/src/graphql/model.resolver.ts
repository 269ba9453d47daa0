import { getModel, listModels, listModelVersions, unused, type Model, type ModelVersion } from '@lakelens/metalake'
import * as types from '@lakelens/schemas'
import { type GraphQLResolveInfo } from 'graphql'
import { Arg, Args, Ctx, FieldResolver, ID, Info, Query, Resolver, Root } from 'type-graphql'
import type { GatewayContext } from '../context'
import { toConnection } from './connection'
import { encodeId, globalIdField } from './globalId'
import { chosenPage, ForwardPageArgs, PageArgs } from './pageArgs'

@Resolver(() => types.Model)
export class ModelResolver {
  @Query(() => types.ModelConnection, { description: '7.1. Registered and system models, by name.' })
  async models(
    @Ctx() { lake }: GatewayContext,
    @Args(() => PageArgs) page: PageArgs,
    @Info() info: GraphQLResolveInfo,
    @Arg('application', () => types.Application, { nullable: true, description: 'Only those for this.' })
    application: types.Application | null,
    @Arg('query', () => String, { nullable: true, description: 'Only those with this in their name, in any case.' })
    query: string | null,
    @Arg('status', () => types.ModelStatus, { nullable: true, description: 'Only those in this state.' })
    status: types.ModelStatus | null,
  ) {
    return toConnection(await listModels(lake, { application, query, status, ...chosenPage(page, info) }))
  }

  @Query(() => types.Model, {
    nullable: true,
    description: '7.1. One model by its name; `default` needs `application`.',
  })
  async model(
    @Ctx() { lake }: GatewayContext,
    @Arg('modelId', () => String, { defaultValue: 'default', description: '7.1. A name, or `default`.' })
    modelId: string,
    @Arg('application', () => types.Application, {
      nullable: true,
      description: 'What `default` is asked for; else a condition.',
    })
    application: types.Application | null,
  ) {
    const asked = application === 'AUTO_ANNOTATION' ? null : application
    const model = await getModel(lake, modelId, asked)
    return application === 'AUTO_ANNOTATION' && model?.application !== application ? null : model
  }

  /** By name: a system model that was never opened has no row, and its id must not change when it gets one. */
  @FieldResolver(() => ID, globalIdField)
  id(@Root() model: Model) {
    return encodeId('Model', model.modelId)
  }

  @FieldResolver()
  async versions(
    @Root() model: Model,
    @Ctx() { lake }: GatewayContext,
    @Args(() => ForwardPageArgs) page: ForwardPageArgs,
  ) {
    return toConnection(await listModelVersions(lake, model, page))
  }

  @FieldResolver()
  aliases(@Root() model: Model, @Ctx() { loaders }: GatewayContext) {
    return model.id === null ? [] : loaders.modelAliases.load(model.id)
  }

  @FieldResolver()
  usage(@Root() model: Model, @Ctx() { loaders }: GatewayContext) {
    return model.id === null ? unused : loaders.modelUsage.load(model.id)
  }
}

@Resolver(() => types.ModelVersion)
export class ModelVersionResolver {
  @FieldResolver(() => ID, globalIdField)
  id(@Root() version: ModelVersion) {
    return encodeId('ModelVersion', version.id)
  }

  @FieldResolver()
  vectorDimension(@Root() version: ModelVersion) {
    return version.vectorDimension === null ? null : [version.vectorDimension]
  }

  @FieldResolver()
  fixedInputResolution(@Root() version: ModelVersion) {
    return version.fixedResolution
  }
}
