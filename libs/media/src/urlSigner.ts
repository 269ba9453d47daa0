import { createHmac, timingSafeEqual } from 'node:crypto'
import { errors } from './errors'

export interface SigningKey {
  id: string
  secret: Buffer
}

/** What the holder of a signed address may do. */
export interface Grant {
  method: 'GET' | 'PUT'
  /** Without host and query: `/media/<digest>`. */
  path: string
  /** PUT: the most bytes that may be sent. */
  maxBytes?: number
  /** GET: the type the content is served as. */
  mediaType?: string
  /** GET: what a browser calls the file when it saves it. */
  fileName?: string
  expiresAt: Date
}

export interface GrantRequest extends Omit<Grant, 'expiresAt'> {
  /** Seconds, 1 to `maxUrlSeconds`. */
  expiresIn: number
}

export interface UrlSigner {
  /** Throws URL_LIFETIME. The expiry of a GET is rounded up to a full quarter of an hour. */
  sign(grant: GrantRequest): Promise<{ url: string; expiresAt: Date }>
  /** Throws URL_INVALID or URL_EXPIRED. `pathAndQuery` as it stood in the request line; a grant for GET covers HEAD. */
  verify(method: string, pathAndQuery: string): Promise<Grant>
}

export interface UrlSignerOptions {
  /** Newest first. `wanted` is a key an address names: one that another replica made a moment ago may not be in a cache yet. */
  keys: (wanted?: string) => Promise<readonly SigningKey[]>
  /** `https://lake.example` or, behind a proxy that strips it, with a path. */
  publicUrl: () => string
}

/** A week. A signing key must stay valid at least this long after it signed last. */
export const maxUrlSeconds = 7 * 24 * 60 * 60

/**
 * The same object asked for twice within it has the same address, so that a browser finds it in its cache: a page of thumbnails
 * costs no request when it is shown again. The price is up to so many seconds more than asked for.
 */
const cacheStepSeconds = 15 * 60

/**
 * Addresses that carry their own permission: method, path, limits and expiry under an HMAC-SHA256. They need no session and no
 * look-up, so any replica verifies them, and an image element can use them.
 */
export function createUrlSigner({ keys, publicUrl }: UrlSignerOptions): UrlSigner {
  return {
    async sign({ expiresIn, ...grant }) {
      if (!Number.isSafeInteger(expiresIn) || expiresIn < 1 || expiresIn > maxUrlSeconds) {
        throw errors.URL_LIFETIME({ maxSeconds: maxUrlSeconds })
      }
      const [key] = await keys()
      if (!key) throw new Error('There is no signing key.')
      const expires = expiryOf(grant.method, expiresIn)
      const query = new URLSearchParams({ key: key.id, expires: String(expires) })
      if (grant.maxBytes !== undefined) query.set('maxBytes', String(grant.maxBytes))
      if (grant.mediaType !== undefined) query.set('type', grant.mediaType)
      if (grant.fileName !== undefined) query.set('name', grant.fileName)
      query.set('signature', signatureOf(key, grant, expires).toString('base64url'))
      return {
        url: `${publicUrl().replace(/\/+$/, '')}${grant.path}?${query.toString()}`,
        expiresAt: new Date(expires * 1000),
      }
    },
    async verify(method, pathAndQuery) {
      const signed = parseSigned(method, pathAndQuery)
      if (!signed) throw errors.URL_INVALID()
      const key = (await keys(signed.key)).find(({ id }) => id === signed.key)
      // An unknown key costs the same time as a wrong signature.
      const expected = signatureOf(key ?? { id: signed.key, secret: Buffer.alloc(32) }, signed.grant, signed.expires)
      const given = Buffer.from(signed.signature, 'base64url')
      const fits = given.length === expected.length && timingSafeEqual(given, expected)
      if (!key || !fits) throw errors.URL_INVALID()
      // After the signature: only who once had the address learns that it has expired.
      const expiresAt = new Date(signed.expires * 1000)
      if (expiresAt.getTime() <= Date.now()) throw errors.URL_EXPIRED({ expiredAt: expiresAt.toISOString() })
      return { ...signed.grant, expiresAt }
    },
  }
}

function expiryOf(method: Grant['method'], expiresIn: number): number {
  const exact = Math.ceil(Date.now() / 1000) + expiresIn
  return method === 'GET' ? Math.ceil(exact / cacheStepSeconds) * cacheStepSeconds : exact
}

type SignedGrant = Omit<Grant, 'expiresAt'>

/** JSON of a list keeps the fields apart: no content of one can be read as another. */
function signatureOf(key: SigningKey, grant: SignedGrant, expires: number): Buffer {
  const { method, path, maxBytes = null, mediaType = null, fileName = null } = grant
  const text = JSON.stringify(['lakelens-url-1', key.id, method, path, expires, maxBytes, mediaType, fileName])
  return createHmac('sha256', key.secret).update(text).digest()
}

interface ParsedUrl {
  key: string
  expires: number
  signature: string
  grant: SignedGrant
}

/** Null when something is missing, twice there or not of its form. The path is taken as it came: nothing is resolved or decoded. */
function parseSigned(requestMethod: string, pathAndQuery: string): ParsedUrl | null {
  const method = requestMethod === 'HEAD' ? 'GET' : requestMethod
  const mark = pathAndQuery.indexOf('?')
  if (mark < 0 || (method !== 'GET' && method !== 'PUT')) return null
  const query = new URLSearchParams(pathAndQuery.slice(mark + 1))
  const fields = ['key', 'expires', 'maxBytes', 'type', 'name', 'signature'].map((name) => query.getAll(name))
  if (fields.some((values) => values.length > 1)) return null
  const [key, expires, maxBytes, mediaType, fileName, signature] = fields.map(([value]) => value)
  // 43 characters are 256 bits. Of the last one, two bits mean nothing: a signature has four spellings, all of them right.
  if (!key || !isCount(expires) || !signature || !/^[\w-]{43}$/.test(signature)) return null
  if (maxBytes !== undefined && !isCount(maxBytes)) return null
  return {
    key,
    expires: Number(expires),
    signature,
    grant: {
      method,
      path: pathAndQuery.slice(0, mark),
      ...(maxBytes !== undefined && { maxBytes: Number(maxBytes) }),
      ...(mediaType !== undefined && { mediaType }),
      ...(fileName !== undefined && { fileName }),
    },
  }
}

/** At most 12 digits: as seconds far beyond any date, as bytes a terabyte; and no number is written in two ways. */
const isCount = (text: string | undefined): text is string => text !== undefined && /^(0|[1-9]\d{0,11})$/.test(text)
