import { planEmbeddings, readEmbeddings, startEmbeddings, type EmbeddingVector } from '@lakelens/metalake'
import * as types from '@lakelens/schemas'
import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql'
import type { GatewayContext } from '../context'
import { payload } from './payload'
import { toScope } from './scope'
import { nothingStarted, type Started } from './tagging.resolver'

@Resolver(() => types.EmbeddingVector)
export class EmbeddingResolver {
  @Query(() => types.EmbeddingVector, {
    nullable: true,
    description: '7.8 for one name. Null when the item has no embedding of that model.',
  })
  async embeddingVector(
    @Ctx() { lake }: GatewayContext,
    @Arg('uniqueName', () => String, { description: '7.8. The item.' }) uniqueName: string,
    @Arg('modelName', () => String, {
      defaultValue: 'default',
      description: '7.8. A name, `name:version`, or `default`.',
    })
    modelName: string,
  ) {
    const [answer] = await readEmbeddings(lake, { uniqueNames: [uniqueName], modelName })
    return answer?.embedding ?? null
  }

  @Query(() => [types.EmbeddingVectorResult], {
    description: '7.8. One entry per requested name, in the order asked, never dropped: look at `status`.',
  })
  embeddingVectors(
    @Ctx() { lake }: GatewayContext,
    @Arg('uniqueNames', () => [String], { description: '7.8. At most 1,000.' }) uniqueNames: string[],
    @Arg('modelName', () => String, {
      defaultValue: 'default',
      description: '7.8. A name, `name:version`, or `default`.',
    })
    modelName: string,
  ) {
    return readEmbeddings(lake, { uniqueNames, modelName })
  }

  @Mutation(() => types.EmbeddingsPayload, {
    description:
      '7.4 and 7.5. Generates embeddings for the items of a collection, of a list, or of the whole MetaLake. Returns at once with a job; follow `jobProgress`.',
  })
  embeddings(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.EmbeddingsInput, { description: 'What to embed, and with which model.' })
    { dryRun, ...given }: types.EmbeddingsInput,
  ) {
    return payload<Started>(async () => {
      const input = { ...given, scope: toScope(given.scope, 'scope') }
      return dryRun
        ? { job: null, plan: await planEmbeddings(lake, input) }
        : { job: await startEmbeddings(lake, input), plan: null }
    }, nothingStarted)
  }
}

@Resolver(() => types.EmbeddingVector)
export class EmbeddingVectorResolver {
  @FieldResolver(() => types.VectorScalar)
  embeddings(
    @Root() embedding: EmbeddingVector,
    @Arg('encoding', () => types.VectorEncoding, { defaultValue: 'JSON_ARRAY', description: 'How to write it.' })
    encoding: types.VectorEncoding,
  ) {
    return encoding === 'BASE64_F32' ? types.encodeVector(embedding.vector) : embedding.vector
  }
}
