import type { GraphQLResolveInfo } from 'graphql'
import { ArgsType, Field, Int } from 'type-graphql'

@ArgsType()
export class ForwardPageArgs {
  @Field(() => Int, {
    defaultValue: 20,
    nullable: true,
    description: 'How many from the start or after `after`; at most 100.',
  })
  first?: number | null

  @Field(() => String, { nullable: true, description: 'Cursor of the entry before the page.' })
  after?: string | null
}

/** `first` has a default, as clients and the Sandbox like to see it; it gives way to `last`. */
@ArgsType()
export class PageArgs extends ForwardPageArgs {
  @Field(() => Int, {
    nullable: true,
    description: 'In place of `first`: how many from the end or before `before`; at most 100.',
  })
  last?: number | null

  @Field(() => String, { nullable: true, description: 'With `last`: cursor of the entry after the page.' })
  before?: string | null
}

/** `first` gives way to `last` only where it is the default: asking for both is refused further down. */
export function chosenPage(args: PageArgs, info: GraphQLResolveInfo): PageArgs {
  const asked = info.fieldNodes.some((node) => node.arguments?.some((argument) => argument.name.value === 'first'))
  return {
    after: args.after,
    last: args.last,
    before: args.before,
    first: args.last != null && !asked ? null : args.first,
  }
}
