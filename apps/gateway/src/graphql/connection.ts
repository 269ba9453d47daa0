import type { Page } from '@lakelens/metalake'

/** A page as a Relay connection. `totalCount` is a getter: it costs a statement, and only when a client asks for it. */
export function toConnection<T>(page: Page<T>) {
  return {
    edges: page.edges,
    nodes: page.edges.map((edge) => edge.node),
    pageInfo: {
      hasNextPage: page.hasNextPage,
      hasPreviousPage: page.hasPreviousPage,
      startCursor: page.edges[0]?.cursor ?? null,
      endCursor: page.edges.at(-1)?.cursor ?? null,
    },
    get totalCount(): Promise<number> {
      return page.totalCount()
    },
  }
}
