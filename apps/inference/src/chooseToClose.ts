export interface Weighed {
  cost: number
  /** Calls that are using it. */
  users: number
  lastUsed: number
}

/** Which entries nobody uses to close, least recently used first, so that `needed` fits below `limit`; null: it cannot. */
export function chooseToClose<Entry extends Weighed>(
  entries: ReadonlyMap<string, Entry>,
  needed: number,
  limit: number,
): [string, Entry][] | null {
  let missing = [...entries.values()].reduce((sum, { cost }) => sum + cost, 0) + needed - limit
  const chosen: [string, Entry][] = []
  const idle = [...entries].filter(([, { users }]) => users === 0).sort(([, a], [, b]) => a.lastUsed - b.lastUsed)
  for (const one of idle) {
    if (missing <= 0) break
    chosen.push(one)
    missing -= one[1].cost
  }
  return missing <= 0 ? chosen : null
}
