import type { ScopeInput } from '@lakelens/schemas'
import type { Scope } from '@lakelens/metalake'
import { requireId } from './globalId'

/** A scope with the database's own ids. `path` says where in the input it stands. */
export function toScope(scope: ScopeInput, ...path: string[]): Scope {
  if (scope.collectionId == null) return scope
  return { ...scope, collectionId: requireId('Collection', scope.collectionId, ...path, 'collectionId') }
}
