import { errors } from './errors'

/** Lets holders in while their weights together stay within `capacity`; the others wait in the order they came. */
export interface Gate {
  /** Resolves to a function that leaves again; rejects, without having entered, when the signal aborts first. */
  enter(weight: number, signal?: AbortSignal): Promise<() => void>
}

interface Waiter {
  weight: number
  admit(): void
}

/** What weighs more than the whole capacity may enter alone, or it could never enter. */
export function createGate(capacity: number): Gate {
  let taken = 0
  const waiting: Waiter[] = []

  const admitNext = (): void => {
    for (let next = waiting[0]; next && taken + next.weight <= capacity; next = waiting[0]) {
      waiting.shift()
      taken += next.weight
      next.admit()
    }
  }

  const enter = (asked: number, signal?: AbortSignal): Promise<() => void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error)
      const weight = Math.min(asked, capacity)
      let inside = true
      const leave = (): void => {
        if (!inside) return
        inside = false
        taken -= weight
        admitNext()
      }
      const waiter: Waiter = {
        weight,
        admit: () => {
          signal?.removeEventListener('abort', onAbort)
          resolve(leave)
        },
      }
      const onAbort = (): void => {
        const at = waiting.indexOf(waiter)
        if (at >= 0) waiting.splice(at, 1)
        reject(signal?.reason as Error)
        // The waiter that left may have been the heavy one that held up lighter ones behind it.
        admitNext()
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      waiting.push(waiter)
      admitNext()
    })

  return { enter }
}

/** Counts what is in the house and turns away what does not fit: back-pressure, instead of memory without bound. */
export interface Admission {
  /** Returns the function that gives the room back. Throws QUEUE_FULL, or REQUEST_TOO_LARGE for what could never fit. */
  admit(pictures: number, bytes: number): () => void
}

export function createAdmission(limit: { pictures: number; bytes: number }): Admission {
  const taken = { pictures: 0, bytes: 0 }
  return {
    admit(pictures, bytes) {
      if (pictures > limit.pictures)
        throw errors.REQUEST_TOO_LARGE({ received: pictures, limit: limit.pictures, unit: 'pictures' })
      if (bytes > limit.bytes) throw errors.REQUEST_TOO_LARGE({ received: bytes, limit: limit.bytes, unit: 'bytes' })
      if (taken.pictures + pictures > limit.pictures)
        throw errors.QUEUE_FULL({ waiting: taken.pictures, limit: limit.pictures, unit: 'pictures' })
      if (taken.bytes + bytes > limit.bytes)
        throw errors.QUEUE_FULL({ waiting: taken.bytes, limit: limit.bytes, unit: 'bytes' })
      taken.pictures += pictures
      taken.bytes += bytes
      let inside = true
      return () => {
        if (!inside) return
        inside = false
        taken.pictures -= pictures
        taken.bytes -= bytes
      }
    },
  }
}
