/** A sum that pieces of work share: each takes its cost, or waits, first come first served, until it is there. */
export interface Budget {
  /** A cost above the whole sum counts as the whole. */
  spend<T>(cost: number, work: () => Promise<T>): Promise<T>
}

export function createBudget(total: number): Budget {
  let free = total
  const waiting: { cost: number; start: () => void }[] = []

  const startWaiting = (): void => {
    // Strictly in order: were small ones let past, a large one might wait for ever.
    for (let next = waiting[0]; next && next.cost <= free; next = waiting[0]) {
      waiting.shift()
      free -= next.cost
      next.start()
    }
  }
  return {
    async spend(cost, work) {
      const spent = Math.min(cost, total)
      await new Promise<void>((start) => {
        waiting.push({ cost: spent, start })
        startWaiting()
      })
      try {
        return await work()
      } finally {
        free += spent
        startWaiting()
      }
    },
  }
}
