import type { Lake } from '@lakelens/metalake'
import { createLoaders, type Loaders } from './graphql/loaders'

/** What the gateway knows beyond the lake, the same for every request. */
export interface GatewayFacts {
  version: string
  databaseKind: 'EMBEDDED' | 'POSTGRES'
}

/** What a resolver is given, made anew for each request. */
export interface GatewayContext {
  /** With the viewer of the request. */
  lake: Lake
  loaders: Loaders
  facts: GatewayFacts
  requestId: string
}

/** `lake` is the gateway's own; its viewer is never used for a request. */
export function createContext(
  lake: Lake,
  facts: GatewayFacts,
  viewer: Lake['viewer'],
  requestId: string,
): GatewayContext {
  const own: Lake = { ...lake, viewer, log: lake.log.child({ requestId }) }
  return { lake: own, loaders: createLoaders(own), facts, requestId }
}
