import type { Viewer } from '../access'
import { errors } from '../errors'

/** UUIDs have 36; an index of the database takes a good deal more. */
const maxLength = 255

/** A caller's own key, told apart from other callers'; null when none is given. */
export function idempotencyKeyOf(viewer: Viewer, given: string | null | undefined): string | null {
  if (!given) return null
  if (given.length > maxLength || /[\p{Cc}\p{Cs}]/u.test(given)) {
    const reason = `has at most ${maxLength} characters, and none of control. A UUID will do`
    throw errors.PARAMETER_INVALID({ field: 'idempotencyKey', reason }, { path: ['idempotencyKey'] })
  }
  return `${viewer.keyId}:${given}`
}
