import { Field, Int, ObjectType, type ClassType } from 'type-graphql'
import { PageInfo } from './common'

/**
 * The Relay connection of a type, with the `nodes` shortcut. `totalCount` has a resolver of its own in the gateway,
 * so that nothing is counted that nobody asked for.
 */
export function connectionOf<T extends object>(NodeClass: ClassType<T>, name: string, of: string) {
  @ObjectType(`${name}Edge`, { description: `One of ${of}, with its place in the list.` })
  class Edge {
    @Field(() => String, { description: 'Opaque; give it as `after` or `before`.' })
    cursor!: string

    @Field(() => NodeClass, { description: 'The object itself.' })
    node!: T
  }

  @ObjectType(`${name}Connection`, { description: `A page of ${of}.` })
  class Connection {
    @Field(() => [Edge], { description: 'Objects with their cursors.' })
    edges!: Edge[]

    @Field(() => [NodeClass], { description: 'The objects of `edges`, without cursors.' })
    nodes!: T[]

    @Field(() => PageInfo, { description: 'Where this page lies.' })
    pageInfo!: PageInfo

    @Field(() => Int, { description: 'Exact number over all pages; counted only when asked for.' })
    totalCount!: number
  }
  return Connection
}
