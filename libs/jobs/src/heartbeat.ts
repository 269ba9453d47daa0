import { extendLeases, type ClaimedPage, type Db } from '@lakelens/db'

/** The page belongs to another worker now, or its job has ended. */
export class PageLost extends Error {
  override readonly name = 'PageLost'
}

export interface HeldPage {
  page: ClaimedPage
  lost: AbortController
}

/** Prolongs the leases of the pages in hand and aborts what was lost. Returns how to stop. */
export function keepLeases(database: Db, held: ReadonlyMap<string, HeldPage>, leaseSeconds: number): () => void {
  let lastHeartbeat = Date.now()
  const beat = (): void => {
    if (held.size === 0) {
      lastHeartbeat = Date.now()
      return
    }
    const holds = [...held.values()]
    extendLeases(
      database,
      holds.map((hold) => hold.page),
      leaseSeconds,
    ).then(
      (kept) => {
        lastHeartbeat = Date.now()
        for (const { page, lost } of holds)
          if (!kept.has(page.id)) lost.abort(new PageLost(`page ${page.id} is no longer ours`))
      },
      () => {
        // Leases have run out for sure: others may have the pages already, so the work would only be done twice.
        if (Date.now() - lastHeartbeat > leaseSeconds * 1000)
          for (const hold of held.values()) hold.lost.abort(new PageLost('leases ran out'))
      },
    )
  }
  const timer = setInterval(beat, (leaseSeconds * 1000) / 3)
  return () => clearInterval(timer)
}
