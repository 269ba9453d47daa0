import { createHash, timingSafeEqual } from 'node:crypto'
import { findCredential, type Db } from '@lakelens/db'
import { errors } from './errors'
import { viewerOf, type Viewer } from './viewer'

/** Of random 256 bits nothing can be guessed: a slow password hash would protect nothing and cost every request. */
export const hashSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest()

const maxHeaderLength = 1024

/**
 * The viewer behind `Basic base64(key:secret)` or `Bearer key.secret`. Throws CREDENTIALS_* or KEY_*, all of them UNAUTHENTICATED.
 * That a key has expired or was revoked is said only to who knows its secret.
 */
export async function authenticate(db: Db, authorization: string | undefined): Promise<Viewer> {
  if (authorization === undefined || authorization.trim() === '') throw errors.CREDENTIALS_MISSING()
  const credentials = parseAuthorization(authorization)
  if (!credentials) throw errors.CREDENTIALS_MALFORMED()
  const found = await findCredential(db, credentials.key)
  // Also for an unknown key: the time of the answer doesn't tell which keys exist.
  const isRight = timingSafeEqual(found?.secretSha256 ?? Buffer.alloc(32), hashSecret(credentials.secret))
  if (!found || !isRight) throw errors.CREDENTIALS_INVALID()
  if (found.isRevoked) throw errors.KEY_REVOKED({ name: found.name })
  if (found.isExpired) throw errors.KEY_EXPIRED({ name: found.name, expiredAt: found.expiresAt?.toISOString() ?? '' })
  return viewerOf(found.role, { keyId: found.id, name: found.name })
}

function parseAuthorization(header: string): { key: string; secret: string } | null {
  if (header.length > maxHeaderLength) return null
  const [, scheme = '', value = ''] = /^\s*(\w+) +(\S+)\s*$/.exec(header) ?? []
  const text = /^basic$/i.test(scheme) ? decodeBase64(value) : /^bearer$/i.test(scheme) ? value : null
  const separator = /^basic$/i.test(scheme) ? ':' : '.'
  const at = text?.indexOf(separator) ?? -1
  if (text === null || at < 1) return null
  const [key, secret] = [text.slice(0, at), text.slice(at + 1)]
  // Keys and secrets are visible ASCII; anything else, a NUL above all, has no business in a query.
  return /^[\x21-\x7e]+$/.test(key) && /^[\x21-\x7e]+$/.test(secret) ? { key, secret } : null
}

/** Null when it isn't base64 from start to end: `Buffer.from` skips what it doesn't know. */
const decodeBase64 = (text: string): string | null =>
  /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64').toString('utf8') : null
