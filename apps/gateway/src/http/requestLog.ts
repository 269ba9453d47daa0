import { randomUUID } from 'node:crypto'
import type { Logger } from '@lakelens/kernel'
import type { RequestHandler } from 'express'
import type { Metrics } from './metrics'

// What a proxy or client may give: anything else would let it write into our logs.
const sane = /^[\w.:@=+/-]{1,128}$/

// `response.locals` is untyped in Express; these two functions are the only ones that touch this entry.
export const setRequestId = (locals: Record<string, unknown>, id: string): void => void (locals['requestId'] = id)
export const requestIdOf = (locals: Record<string, unknown>): string => String(locals['requestId'] ?? '')

/**
 * Gives each request an id, and logs its end: method, path, status and time. Never the query (signed addresses carry
 * their permission there), never headers (credentials).
 */
export function requestLog(log: Logger, metrics: Metrics): RequestHandler {
  return (request, response, next) => {
    const given = request.headers['x-request-id']
    const requestId = typeof given === 'string' && sane.test(given) ? given : randomUUID()
    setRequestId(response.locals, requestId)
    response.setHeader('X-Request-Id', requestId)
    const started = performance.now()
    const path = request.path
    response.once('close', () => {
      const ms = Math.round((performance.now() - started) * 10) / 10
      const status = response.writableFinished ? response.statusCode : 499
      metrics.http(request.method, path, status, ms / 1000)
      const level = /^\/(health|metrics)/.test(path) ? 'debug' : status >= 500 ? 'error' : 'info'
      log[level]({ requestId, method: request.method, path: path.slice(0, 300), status, ms }, 'request')
    })
    next()
  }
}
