import { getModel } from '@lakelens/metalake'
import * as types from '@lakelens/schemas'
import { Ctx, FieldResolver, Query, Resolver } from 'type-graphql'
import type { GatewayContext } from '../context'
import { maxRequestBytes } from '../http/graphql'
import { operationLimits } from './limits'

@Resolver(() => types.SystemInfo)
export class SystemResolver {
  @Query(() => types.SystemInfo, { description: 'Gateway, inference and database state; limits a client should know.' })
  system(@Ctx() { lake, facts }: GatewayContext) {
    lake.viewer.require('read')
    return { version: facts.version, database: facts.databaseKind }
  }

  @FieldResolver()
  async platforms(@Ctx() { lake }: GatewayContext) {
    const ready = await lake.backend.isReady({ timeoutMs: 2_000 }).catch(() => false)
    return [
      {
        platform: 'LOCAL',
        available: ready,
        isEnvDefault: true,
        detail: ready ? null : 'The inference service does not answer.',
      },
      { platform: 'AWS', available: false, isEnvDefault: false, detail: 'Not served by this version.' },
    ]
  }

  /** A default that names no model is left out here; a run that needs it is told why. */
  @FieldResolver()
  async defaults(@Ctx() { lake }: GatewayContext) {
    const models = await Promise.all(
      (['AUTO_TAGGING', 'EMBEDDING'] as const).map((application) => getModel(lake, 'default', application)),
    )
    return models.filter((model) => model !== null)
  }

  @FieldResolver()
  limits(@Ctx() { lake }: GatewayContext) {
    return {
      maxPageSize: lake.limits.maxPageSize,
      maxUploadBytes: lake.limits.maxUploadBytes,
      maxItemsPerCall: 100,
      maxUniqueNames: 1_000,
      maxRequestBytes,
      maxQueryDepth: operationLimits.maxDepth,
      maxQueryComplexity: operationLimits.maxCost,
    }
  }
}
