import type { Lake } from '@lakelens/metalake'
import { isLakeError, type Closeable } from '@lakelens/kernel'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import type { GatewayConfig } from './config'
import type { GatewayFacts } from './context'
import { readExamples } from './examples'
import { requireViewer, type Authenticator } from './http/authentication'
import { graphiqlRouter } from './http/graphiql'
import { startGraphql } from './http/graphql'
import { guard, type GuardRules } from './http/guard'
import { healthRouter, type Check } from './http/health'
import { mediaRouter } from './http/media'
import { createMetrics, type Metrics } from './http/metrics'
import { refuse } from './http/refuse'
import { requestIdOf, requestLog } from './http/requestLog'
import { uploadRouter } from './http/uploads'
import { isLoopbackHost } from './http/hosts'

export interface AppOptions {
  config: GatewayConfig
  lake: Lake
  facts: GatewayFacts
  authenticator: Authenticator
  port: () => number
  isClosing: () => boolean
}

export interface GatewayApp extends Closeable {
  app: Express
  rules: () => GuardRules
  isTrusted: (address: string | undefined) => boolean
}

/** A GraphQL body that stops coming, or an operation nobody waits for, ends with its connection. */
const idleMs = 150_000

/** Everything the gateway answers over HTTP, in the order in which it is asked. */
export async function createApp(options: AppOptions): Promise<GatewayApp> {
  const { config, lake, facts, authenticator, port, isClosing } = options
  const rules = (): GuardRules => guardRules(config, port())
  const metrics = createMetrics()
  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', config.trustProxy)
  // Express makes a function of the setting; the WebSocket upgrade never passes through Express and asks it too.
  const trust = app.get('trust proxy fn') as (address: string, hop: number) => boolean
  const isTrusted = (address: string | undefined): boolean => address !== undefined && trust(address, 0)

  app.use(requestLog(lake.log, metrics))
  app.use((_request, response, next) => {
    response.setHeader('X-Content-Type-Options', 'nosniff')
    next()
  })
  // Before the guard: probes come by address and know nothing of names; what they are told is no secret.
  app.use('/health', healthRouter(readinessChecks(config, lake), isClosing))
  if (config.auth === 'keys') app.get('/metrics', requireViewer(authenticator), serveMetrics(metrics))
  app.use(guard(rules, isTrusted))
  if (config.auth === 'off') app.get('/metrics', serveMetrics(metrics))
  app.use(mediaRouter(() => lake))
  const stop = config.roles.includes('api') ? await addApi(app, options, metrics) : () => Promise.resolve()
  app.use((_request, response) => refuse(response, 404, 'NOT_FOUND', 'There is nothing here. The API is at /graphql.'))
  app.use(faultHandler(lake))
  return {
    app,
    rules,
    isTrusted,
    close: async () => {
      await stop()
      metrics.close()
    },
  }

  async function addApi(api: Express, { lake: base }: AppOptions, counted: Metrics): Promise<() => Promise<void>> {
    const examples = await readExamples()
    const starter = examples[0]?.document ?? ''
    const { introspection } = config
    const graphql = await startGraphql({ lake: base, facts, authenticator, introspection, starter, metrics: counted })
    api.use(uploadRouter(() => base))
    api.get('/', (_request, response) => response.redirect(302, '/graphql'))
    api.use('/graphiql', graphiqlRouter(examples))
    api.use('/graphql', limitSilence, graphql.router)
    return graphql.stop
  }
}

const limitSilence: RequestHandler = (request, response, next) => {
  request.socket.setTimeout(idleMs)
  response.once('close', () => request.socket.setTimeout(0))
  next()
}

function guardRules(config: GatewayConfig, port: number): GuardRules {
  const urls = [config.publicUrl, config.internalUrl].filter((url) => url !== undefined)
  const loopback = isLoopbackHost(config.host)
    ? ['localhost', '127.0.0.1', '[::1]'].map((name) => `http://${name}:${port}`)
    : []
  return {
    auth: config.auth,
    urls,
    ownOrigins: [...urls.map((url) => new URL(url).origin.toLowerCase()), ...loopback],
    allowedOrigins: config.allowedOrigins,
  }
}

function readinessChecks(config: GatewayConfig, lake: Lake): Record<string, Check> {
  return {
    database: async () => (await lake.db.query('select 1')).rowCount === 1,
    ...(config.roles.includes('worker') && { inference: () => lake.backend.isReady({ timeoutMs: 1_500 }) }),
  }
}

const serveMetrics =
  (metrics: Metrics): RequestHandler =>
  async (_request, response) => {
    response.setHeader('Content-Type', metrics.contentType)
    response.end(await metrics.text())
  }

/** Faults of body parsing by what they are, everything else as ours; the parser quotes the body in its own messages. */
function faultHandler(lake: Lake): ErrorRequestHandler {
  return (error: { status?: unknown; type?: unknown }, request, response, next) => {
    if (response.headersSent) return next(error)
    if (error.type === 'entity.too.large')
      return refuse(response, 413, 'PAYLOAD_TOO_LARGE', 'The body is larger than 16 MB. Send less at a time.')
    if (typeof error.status === 'number' && error.status >= 400 && error.status < 500) {
      return refuse(
        response,
        error.status,
        'BAD_REQUEST',
        'The request cannot be read: its body is not what its headers say, or its address is malformed.',
      )
    }
    if (isLakeError(error) && error.category === 'UNAVAILABLE')
      return refuse(response, 503, 'UNAVAILABLE', error.message)
    lake.log.error(
      { err: error, requestId: requestIdOf(response.locals), method: request.method, path: request.path },
      'request failed',
    )
    refuse(
      response,
      500,
      'INTERNAL_SERVER_ERROR',
      'Something unforeseen went wrong. The log has the details under the request id.',
    )
  }
}
