import type { Picture } from './backend'

// Small enough that a service with a modest queue takes them, and that a failed call repeats little.
const picturesPerCall = 32
const bytesPerCall = 48 * 1024 * 1024

/** Cuts a list into calls of at most 32 pictures and 48 MiB; a larger picture goes alone. */
export function cutIntoCalls<P extends Pick<Picture, 'data'>>(pictures: readonly P[]): P[][] {
  const calls: P[][] = []
  let current: P[] = []
  let bytes = 0
  for (const picture of pictures) {
    if (current.length > 0 && (current.length >= picturesPerCall || bytes + picture.data.byteLength > bytesPerCall)) {
      calls.push(current)
      current = []
      bytes = 0
    }
    current.push(picture)
    bytes += picture.data.byteLength
  }
  if (current.length > 0) calls.push(current)
  return calls
}

/** Runs `work` over the list, at most `lanes` at once, and returns the results in order. The first failure ends it. */
export async function mapInOrder<T, R>(list: readonly T[], lanes: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  let failed = false
  const lane = async (): Promise<void> => {
    while (next < list.length && !failed) {
      const at = next++
      try {
        results[at] = await work(list[at]!)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(lanes, list.length) }, lane))
  return results
}
