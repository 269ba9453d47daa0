import { randomBytes } from 'node:crypto'
import { loadSigningKeys, rotateSigningKeys, type Database } from '@lakelens/db'
import { maxUrlSeconds, type SigningKey, type UrlSignerOptions } from '@lakelens/media'

const day = 24 * 60 * 60
const rotateAfterSeconds = 30 * day
/** The longest life of an address, its rounding, and a replica that signs with the old key while its cache lasts: a day is plenty. */
const retireAfterSeconds = maxUrlSeconds + day
const cacheMs = 5 * 60 * 1000
/** Whoever makes up names of keys causes one look-up in this time. */
const minimumRefreshMs = 1000

/**
 * The keys that sign addresses, shared by all replicas: made when there are none, replaced after 30 days, valid until the last
 * address they signed has expired. Kept in memory for five minutes, or until somebody names a key not among them.
 */
export function signingKeys(database: Database): UrlSignerOptions['keys'] {
  let cached: { keys: readonly SigningKey[]; at: number } | undefined
  let loading: Promise<readonly SigningKey[]> | undefined

  const refresh = (): Promise<readonly SigningKey[]> => {
    loading ??= load(database)
      .then((keys) => {
        cached = { keys, at: performance.now() }
        return keys
      })
      .finally(() => (loading = undefined))
    return loading
  }
  return async (wanted) => {
    if (!cached) return refresh()
    const age = performance.now() - cached.at
    const isUnknown = wanted !== undefined && !cached.keys.some(({ id }) => id === wanted)
    return age > cacheMs || (isUnknown && age > minimumRefreshMs) ? refresh() : cached.keys
  }
}

async function load(database: Database): Promise<readonly SigningKey[]> {
  const present = await loadSigningKeys(database, rotateAfterSeconds)
  if (present[0] && !present[0].isDue) return present
  await rotateSigningKeys(database, { secret: randomBytes(32), rotateAfterSeconds, retireAfterSeconds })
  return loadSigningKeys(database, rotateAfterSeconds)
}
