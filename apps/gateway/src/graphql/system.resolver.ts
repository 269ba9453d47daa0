import { getModel } from '@lakelens/metalake'
import * as types from '@lakelens/schemas'
import { Ctx, FieldResolver, Query, Resolver } from 'type-graphql'
import type { GatewayContext } from '../context'
import { maxRequestBytes } from '../http/graphql'
import { operationLimits } from './limits'

type ServiceFacts = Awaited<ReturnType<GatewayContext['lake']['backend']['describe']>>

const python = (facts: ServiceFacts | null) => ({
  runsPython: facts?.runsPython ?? null,
  pythonVersion: facts?.pythonVersion ?? null,
  sandbox: facts?.sandbox ?? null,
})

@Resolver(() => types.SystemInfo)
export class SystemResolver {
  @Query(() => types.SystemInfo, { description: 'Gateway, inference and database state; limits a client should know.' })
  system(@Ctx() { lake, facts }: GatewayContext) {
    lake.viewer.require('read')
    return { version: facts.version, database: facts.databaseKind }
  }

  @FieldResolver()
  async platforms(@Ctx() { lake }: GatewayContext) {
    const timeoutMs = 2_000
    const [ready, facts] = await Promise.all([
      lake.backend.isReady({ timeoutMs }).catch(() => false),
      lake.backend.describe({ timeoutMs }).catch(() => null),
    ])
    return [
      {
        platform: 'LOCAL',
        available: ready,
        isEnvDefault: true,
        ...python(facts),
        detail: ready ? facts?.sandboxDetail || null : 'The inference service does not answer.',
      },
      {
        platform: 'AWS',
        available: false,
        isEnvDefault: false,
        ...python(null),
        detail: 'Not served by this version.',
      },
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
      maxModelBytes: lake.limits.maxModelBytes,
      maxItemsPerCall: 100,
      maxUniqueNames: 1_000,
      maxRequestBytes,
      maxQueryDepth: operationLimits.maxDepth,
      maxQueryComplexity: operationLimits.maxCost,
    }
  }
}
