const tails = new Map<string, Promise<unknown>>()

/**
 * Runs `work` when everybody who asked for the same key before is done: one process fetches and hashes a file once, however
 * many jobs start together. A waiting caller may leave by its signal.
 */
export async function exclusively<T>(key: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const before = tails.get(key) ?? Promise.resolve()
  const turn = before.then(() => {
    signal?.throwIfAborted()
    return work()
  })
  const settled = turn.catch(() => undefined)
  tails.set(key, settled)
  void settled.then(() => {
    if (tails.get(key) === settled) tails.delete(key)
  })
  return signal ? Promise.race([turn, aborted(signal, settled)]) : turn
}

function aborted(signal: AbortSignal, settled: Promise<unknown>): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = (): void => reject(signal.reason as Error)
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    void settled.then(() => signal.removeEventListener('abort', onAbort))
  })
}
