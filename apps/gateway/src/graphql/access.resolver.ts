import { createApiKey, listApiKeys, revokeApiKey, type ApiKey, type Lake } from '@lakelens/metalake'
import * as types from '@lakelens/schemas'
import { type GraphQLResolveInfo } from 'graphql'
import { Arg, Args, Ctx, FieldResolver, Info, Mutation, Query, Resolver, Root } from 'type-graphql'
import type { GatewayContext } from '../context'
import { toConnection } from './connection'
import { encodeId, requireId } from './globalId'
import { chosenPage, PageArgs } from './pageArgs'
import { payload } from './payload'

@Resolver(() => types.Viewer)
export class ViewerResolver {
  @Query(() => types.Viewer, { description: 'Who the API key is, and its role.' })
  viewer(@Ctx() { lake }: GatewayContext) {
    lake.viewer.require('read')
    return lake.viewer
  }

  @FieldResolver()
  keyId(@Root() viewer: Lake['viewer']) {
    return /^\d+$/.test(viewer.keyId) ? encodeId('ApiKey', viewer.keyId) : viewer.keyId
  }
}

@Resolver(() => types.ApiKey)
export class ApiKeyResolver {
  @Query(() => types.ApiKeyConnection, { description: 'The API keys, without their secrets. Needs ADMIN.' })
  async apiKeys(
    @Ctx() { lake }: GatewayContext,
    @Args(() => PageArgs) page: PageArgs,
    @Info() info: GraphQLResolveInfo,
  ) {
    return toConnection(await listApiKeys(lake, chosenPage(page, info)))
  }

  @Mutation(() => types.CreateApiKeyPayload, {
    description: 'Makes an API key and shows its secret, once. Needs ADMIN.',
  })
  createApiKey(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.CreateApiKeyInput, { description: 'Name, role, expiry.' }) input: types.CreateApiKeyInput,
  ) {
    return payload<{ keyId: string | null; key: string | null; secret: string | null }>(
      async () => {
        const { keyId, key, secret } = await createApiKey(lake, input)
        return { keyId: encodeId('ApiKey', keyId), key, secret }
      },
      { keyId: null, key: null, secret: null },
    )
  }

  @Mutation(() => types.RevokeApiKeyPayload, { description: 'Ends a key at once. Needs ADMIN.' })
  revokeApiKey(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.RevokeApiKeyInput, { description: 'The key.' }) input: types.RevokeApiKeyInput,
  ) {
    return payload(
      async () => {
        // Before the id is looked at: without the right, nothing is said of the input.
        lake.viewer.require('admin')
        return revokeApiKey(lake, { keyId: requireId('ApiKey', input.keyId, 'keyId') })
      },
      { revoked: false },
    )
  }

  @FieldResolver()
  keyId(@Root() apiKey: ApiKey) {
    return encodeId('ApiKey', apiKey.id)
  }
}
