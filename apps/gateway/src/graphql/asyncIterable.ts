/**
 * A stream whose source is told at once when its reader leaves. A generator that waits for its next event is not reached by
 * `return()` before that event comes: it would go on polling for a client that is gone.
 */
export function endingWithReader<T>(start: (signal: AbortSignal) => AsyncGenerator<T>): AsyncIterableIterator<T> {
  const left = new AbortController()
  const source = start(left.signal)
  const done = (): IteratorResult<T> => ({ done: true, value: undefined })
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      try {
        return await source.next()
      } catch (error) {
        if (left.signal.aborted) return done()
        throw error
      }
    },
    async return() {
      left.abort()
      await source.return(undefined).catch(() => undefined)
      return done()
    },
    async throw(error) {
      left.abort()
      return source.throw(error)
    },
  }
}
