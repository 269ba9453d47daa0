const graceMs = 1_500

/**
 * Runs works side by side. After the first failure the others get a moment to fail for reasons of their own (two files
 * missing are better known at once than one after the other), then they are aborted. Several failures come as one
 * AggregateError.
 */
export async function together(
  signal: AbortSignal,
  works: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const failure = new AbortController()
  const either = AbortSignal.any([signal, failure.signal])
  const failures: unknown[] = []
  let timer: NodeJS.Timeout | undefined
  await Promise.all(
    works.map((work) =>
      work(either).catch((error: unknown) => {
        if (either.aborted) return
        failures.push(error)
        timer ??= setTimeout(() => failure.abort(error), graceMs)
      }),
    ),
  )
  clearTimeout(timer)
  signal.throwIfAborted()
  if (failures.length > 1) throw new AggregateError(failures, 'Several things failed.')
  if (failures.length === 1) throw failures[0]
}
