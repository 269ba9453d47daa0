import type { IncomingMessage } from 'node:http'
import type { RequestHandler } from 'express'
import { refuse } from './refuse'
import { isAllowedHost, isAllowedOrigin, type HostRules } from './hosts'

export interface GuardRules extends HostRules {
  ownOrigins: readonly string[]
  allowedOrigins: readonly string[]
}

export interface Asking {
  host: string | undefined
  origin: string | undefined
}

/** Why a request is refused, or null. Used for HTTP and for the WebSocket upgrade alike. */
export function refusalOf({ host, origin }: Asking, rules: GuardRules): string | null {
  if (!isAllowedHost(host, rules)) {
    return 'The Host of this request is not one of this gateway. Use a loopback address, or set LAKELENS_PUBLIC_URL to the address clients use.'
  }
  if (origin !== undefined && !isAllowedOrigin(origin, rules.ownOrigins, rules.allowedOrigins)) {
    return 'Pages of this Origin may not use this gateway. Add the origin to LAKELENS_ALLOWED_ORIGINS.'
  }
  return null
}

/** What a plain Node request asks for: the proxy's word for the host is taken only where the proxy is trusted. */
export function askingOf(request: IncomingMessage, isTrusted: (address: string | undefined) => boolean): Asking {
  const forwarded = request.headers['x-forwarded-host']
  const named =
    isTrusted(request.socket.remoteAddress) && typeof forwarded === 'string'
      ? forwarded.split(',')[0]?.trim()
      : undefined
  return { host: named ?? request.headers.host, origin: request.headers.origin }
}

/** Refuses foreign hosts and origins, and answers preflights, also those of pages on the public network. */
export function guard(rules: () => GuardRules, isTrusted: (address: string | undefined) => boolean): RequestHandler {
  return (request, response, next) => {
    const asking = askingOf(request, isTrusted)
    const refusal = refusalOf(asking, rules())
    response.vary('Origin')
    if (refusal !== null) return refuse(response, 403, 'FORBIDDEN', refusal)
    if (asking.origin !== undefined) {
      response.setHeader('Access-Control-Allow-Origin', asking.origin)
      response.setHeader('Access-Control-Expose-Headers', 'X-Request-Id, Content-Range, Accept-Ranges')
    }
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return next()
    response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT')
    response.setHeader('Access-Control-Max-Age', '600')
    // Tools send headers of their own naming; the origin has been let in, so what it asks to send is no further question.
    const headers = request.headers['access-control-request-headers']
    if (headers !== undefined && /^[\w\-, ]{1,2000}$/.test(headers))
      response.setHeader('Access-Control-Allow-Headers', headers)
    if (request.headers['access-control-request-private-network'] === 'true') {
      response.setHeader('Access-Control-Allow-Private-Network', 'true')
    }
    response.vary('Access-Control-Request-Headers')
    response.status(204).end()
  }
}
