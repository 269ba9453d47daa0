import { isLakeError, type ErrorCategory } from '@lakelens/kernel'
import type { Lake } from '@lakelens/metalake'
import type { ErrorRequestHandler, Request, Response } from 'express'

const statuses: Partial<Record<ErrorCategory, number>> = {
  INVALID_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  LIMIT_EXCEEDED: 413,
  CONTENT_TYPE_UNSUPPORTED: 415,
  NOT_SUPPORTED: 501,
  UNAVAILABLE: 503,
  STORAGE_FULL: 507,
}

/**
 * A signed address is its own permission and carries no cookie, so any page that was given one may use it. `*` rather than the
 * asking origin: an `<img>` asks without an Origin, and what it put into the cache would be useless to a later `fetch`.
 */
export function allowAnyOrigin(response: Response): void {
  response.setHeader('Access-Control-Allow-Origin', '*')
  response.setHeader(
    'Access-Control-Expose-Headers',
    'Content-Range, Accept-Ranges, Content-Length, ETag, X-Request-Id',
  )
}

/** Answers whatever is neither of these methods; true when it has. */
export function answerOtherMethods(request: Request, response: Response, methods: readonly string[]): boolean {
  if (methods.includes(request.method)) return false
  response.setHeader('Allow', [...methods, 'OPTIONS'].join(', '))
  if (request.method === 'OPTIONS') {
    response.setHeader('Access-Control-Allow-Methods', methods.join(', '))
    response.setHeader('Access-Control-Allow-Headers', 'Content-Type, Range, If-Range, If-None-Match')
    response.setHeader('Access-Control-Max-Age', '600')
    response.status(204).end()
    return true
  }
  sendRefusal(request, response, 405, 'METHOD_NOT_ALLOWED', `Use ${methods.join(' or ')} here.`)
  return true
}

/** `{"error": {"code", "message"}}`. What was not foreseen is logged and says nothing of the inside. */
export function sendError(lake: Lake, request: Request, response: Response, error: unknown): void {
  const status = isLakeError(error) ? (statuses[error.category] ?? 500) : 500
  if (status >= 500)
    lake.log.error({ err: error, method: request.method, path: request.path.slice(0, 300) }, 'request failed')
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  if (status === 503) response.setHeader('Retry-After', '2')
  if (isLakeError(error) && status !== 500) sendRefusal(request, response, status, error.code, error.message)
  else
    sendRefusal(
      request,
      response,
      500,
      'INTERNAL_SERVER_ERROR',
      'Something went wrong here. Try again; the log of the gateway says more.',
    )
}

/** What Express itself throws on the way to a route: a path whose percent signs mean nothing. */
export const refuseMalformedPath: ErrorRequestHandler = (_error, request, response, _next) => {
  sendRefusal(
    request,
    response,
    400,
    'PATH_MALFORMED',
    'The path of this address can not be decoded. Use it exactly as the API gave it.',
  )
}

/** How long, and how much, a client that was refused may go on sending. */
const lingerMs = 5_000
const lingerBytes = 64 * 1024 * 1024

/**
 * Sends a refusal also while the body is still coming. Closing at once would reset the connection, and the client, busy sending,
 * would lose the answer with it; so the answer goes out, what comes is thrown away for a while, and then the connection ends.
 */
function sendRefusal(request: Request, response: Response, status: number, code: string, message: string): void {
  const body = Buffer.from(JSON.stringify({ error: { code, message } }))
  response.status(status)
  response.setHeader('Content-Type', 'application/json; charset=utf-8')
  response.setHeader('Content-Length', body.length)
  response.setHeader('Cache-Control', 'no-store')
  if (request.complete || !hasBody(request)) {
    response.end(request.method === 'HEAD' ? undefined : body)
    return
  }
  response.setHeader('Connection', 'close')
  response.write(body)
  const end = (): void => {
    clearTimeout(timer)
    request.off('data', onData).off('end', end).off('close', end).off('error', end)
    response.end()
  }
  const timer = setTimeout(end, lingerMs)
  let received = 0
  const onData = (chunk: Buffer): void => {
    received += chunk.length
    if (received > lingerBytes) end()
  }
  request.on('data', onData).on('end', end).on('close', end).on('error', end).resume()
}

const hasBody = ({ headers }: Request): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
