import { queryFields, validateQuery, type QueryField, type QueryValidation } from '@lakelens/metalake'
import * as types from '@lakelens/schemas'
import { Arg, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql'
import type { GatewayContext } from '../context'
import { toQueryErrors } from './payload'
import { toScope } from './scope'

@Resolver(() => types.QueryValidation)
export class QueryResolver {
  @Query(() => types.QueryValidation, {
    description:
      '7.2 - 7.5. Checks a query without running it: errors say where (0-based, UTF-16 units) and what was expected there.',
  })
  validateQuery(
    @Ctx() { lake }: GatewayContext,
    @Arg('query', () => String, { description: 'What `items` and the runs take as `query`.' }) query: string,
    @Arg('scope', () => types.ScopeInput, {
      nullable: true,
      description: 'Where `matched` counts; else the whole lake.',
    })
    scope: types.ScopeInput | null,
    @Arg('filter', () => types.FilterInput, { nullable: true, description: 'Narrows `matched`.' })
    filter: types.FilterInput | null,
  ) {
    return validateQuery(lake, { query, scope: scope && toScope(scope, 'scope'), filter })
  }

  @Query(() => [types.QueryField], {
    description: 'Fields of the query language with their operators and values of this lake: for completion.',
  })
  queryFields(
    @Ctx() { lake }: GatewayContext,
    @Arg('scope', () => types.ScopeInput, { nullable: true, description: 'Values of these items only.' })
    scope: types.ScopeInput | null,
    @Arg('prefix', () => String, {
      nullable: true,
      description: 'The comparison as far as it is typed: `metadata.Ca` finds fields, `annotation.label=Bi` values.',
    })
    prefix: string | null,
  ): Promise<QueryField[]> {
    return queryFields(lake, { scope: scope && toScope(scope, 'scope'), prefix })
  }

  @FieldResolver()
  matched(@Root() validation: QueryValidation) {
    return validation.matched()
  }

  @FieldResolver()
  errors(@Root() validation: QueryValidation) {
    return toQueryErrors(validation.errors)
  }
}
