import type { Db } from '@lakelens/db'

// Keyed by what all handles of one database share; a worker that has ended takes its entry out.
const listeners = new WeakMap<object, Set<() => void>>()

/** Tells whoever polls in this process that there is something to claim, or an end to see, so that it needn't wait for its next poll. Call it after the commit. */
export function announceWork(db: Db): void {
  for (const wake of listeners.get(db.origin) ?? []) wake()
}

/** Calls `wake` at every announcement; returns how to stop. */
export function onWork(db: Db, wake: () => void): () => void {
  const all = listeners.get(db.origin) ?? new Set()
  listeners.set(db.origin, all.add(wake))
  return () => all.delete(wake)
}
