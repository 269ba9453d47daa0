import 'reflect-metadata'
import { setOneOf } from '@lakelens/schemas'
import { lexicographicSortSchema, printSchema, type GraphQLSchema } from 'graphql'
import { buildSchemaSync, type PubSub } from 'type-graphql'
import { ApiKeyResolver, ViewerResolver } from './access.resolver'
import { AnnotationResolver, TagResolver } from './annotation.resolver'
import { CollectionResolver } from './collection.resolver'
import { DeletionResolver } from './deletion.resolver'
import { EmbeddingResolver, EmbeddingVectorResolver } from './embedding.resolver'
import { ExchangeResolver } from './exchange.resolver'
import { ItemResolver } from './item.resolver'
import { JobFailureResolver, JobProgressResolver, JobResolver } from './job.resolver'
import { ModelResolver, ModelVersionResolver } from './model.resolver'
import { NodeResolver } from './node.resolver'
import { QueryResolver } from './query.resolver'
import { RegistrationResolver } from './registration.resolver'
import { SystemResolver } from './system.resolver'
import { JobPlanResolver, PreviewResultResolver, TaggingResolver } from './tagging.resolver'
import { UploadResolver } from './upload.resolver'

/** type-graphql asks for one; ours would reach this process alone. Subscriptions read what is stored, so any replica serves any job. */
const noPubSub: PubSub = {
  publish: () => fail(),
  subscribe: () => fail(),
}

function fail(): never {
  throw new Error('Subscriptions read the database: give the resolver a `subscribe` of its own.')
}

let built: GraphQLSchema | undefined

/** The executable schema. Built once a process: type-graphql collects its metadata globally. */
export function lakeSchema(): GraphQLSchema {
  built ??= setOneOf(
    buildSchemaSync({
      resolvers: [
        AnnotationResolver,
        ApiKeyResolver,
        CollectionResolver,
        DeletionResolver,
        EmbeddingResolver,
        EmbeddingVectorResolver,
        ExchangeResolver,
        ItemResolver,
        JobFailureResolver,
        JobPlanResolver,
        JobProgressResolver,
        JobResolver,
        ModelResolver,
        ModelVersionResolver,
        NodeResolver,
        PreviewResultResolver,
        QueryResolver,
        RegistrationResolver,
        SystemResolver,
        TaggingResolver,
        TagResolver,
        UploadResolver,
        ViewerResolver,
      ],
      // Use-cases judge values, so that the command line and REST pass the same checks.
      validate: false,
      disableInferringDefaultValues: true,
      pubSub: noPubSub,
    }),
  )
  return built
}

/** The schema as text, the same for the same schema. */
export const printLakeSchema = (): string => `${printSchema(lexicographicSortSchema(lakeSchema()))}\n`
