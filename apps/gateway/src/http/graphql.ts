import { ApolloServer, type ApolloServerPlugin } from '@apollo/server'
import { ApolloServerPluginUsageReportingDisabled } from '@apollo/server/plugin/disabled'
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default'
import { expressMiddleware } from '@as-integrations/express5'
import { createContext, type GatewayContext, type GatewayFacts } from '../context'
import type { Lake } from '@lakelens/metalake'
import express, { Router, type RequestHandler } from 'express'
import { GraphQLError, Kind } from 'graphql'
import { formatError, isUnforeseen } from '../graphql/formatError'
import { nestingFault, operationFault, operationLimits } from '../graphql/limits'
import { isTooNested } from '../graphql/nesting'
import { lakeSchema } from '../graphql/schema'
import { requireViewer, viewerOf, type Authenticator } from './authentication'
import type { Metrics } from './metrics'
import { refuse } from './refuse'
import { requestIdOf } from './requestLog'

/** A legal batch of 100 vectors of 2048 numbers is 4 MB of JSON; Express' own limit of 100 kB would refuse it. */
export const maxRequestBytes = 16 * 1024 * 1024

export interface GraphqlOptions {
  lake: Lake
  facts: GatewayFacts
  authenticator: Authenticator
  introspection: boolean
  /** Shown in the Sandbox. */
  starter: string
  metrics: Metrics
}

export async function startGraphql(options: GraphqlOptions): Promise<{ router: Router; stop(): Promise<void> }> {
  const { lake, facts, authenticator, introspection, starter, metrics } = options
  const server = new ApolloServer<GatewayContext>({
    schema: lakeSchema(),
    // Every switch that NODE_ENV would otherwise turn is set: a deployment behaves as it was tried.
    introspection,
    includeStacktraceInErrorResponses: false,
    hideSchemaDetailsFromClientErrors: !introspection,
    csrfPrevention: true,
    cache: 'bounded',
    stopOnTerminationSignals: false,
    formatError,
    parseOptions: { maxTokens: operationLimits.maxTokens },
    logger: lake.log,
    plugins: [
      ApolloServerPluginLandingPageLocalDefault({ embed: true, document: starter, includeCookies: false }),
      // Nothing leaves this machine because some variable of Apollo's happens to be set.
      ApolloServerPluginUsageReportingDisabled(),
      observe(metrics),
    ],
  })
  await server.start()

  const router = Router()
  const authenticated = requireViewer(authenticator)
  // The page itself holds nothing: it asks for a key and sends it with each request.
  router.use(((request, response, next) =>
    isPage(request) ? next() : authenticated(request, response, next)) as RequestHandler)
  router.use(express.json({ limit: maxRequestBytes }))
  router.use(refuseNesting)
  router.use(
    expressMiddleware(server, {
      context: ({ res }) => {
        const viewer = viewerOf(res)
        // A request taken for one of the page, which carries no operation, turned out to be another.
        if (!viewer) return Promise.reject(unidentified())
        return Promise.resolve(createContext(lake, facts, viewer, requestIdOf(res.locals)))
      },
    }),
  )
  return { router, stop: () => server.stop() }
}

const refuseNesting: RequestHandler = (request, response, next) => {
  const body = request.body as { query?: unknown } | undefined
  const nested = [body?.query, request.query['query']].some((text) => typeof text === 'string' && isTooNested(text))
  if (!nested) return next()
  refuse(response, 400, 'OPERATION_TOO_LARGE', nestingFault().message)
}

const unidentified = (): GraphQLError =>
  new GraphQLError('Send the operation with POST.', { extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } } })

const isPage = (request: Parameters<RequestHandler>[0]): boolean =>
  request.method === 'GET' &&
  request.query['query'] === undefined &&
  request.query['extensions'] === undefined &&
  Boolean(request.accepts('html'))

/** Limits, metrics, the log, and the request id on each error. */
function observe(metrics: Metrics): ApolloServerPlugin<GatewayContext> {
  return {
    requestDidStart: () => {
      const started = performance.now()
      return Promise.resolve({
        didResolveOperation: ({ schema, document, operation, request }) => {
          const fault = operation && operationFault(schema, document, operation, request.variables ?? {})
          if (fault) throw fault
          return Promise.resolve()
        },
        didEncounterErrors: ({ errors, contextValue }) => {
          for (const error of errors) {
            if (isUnforeseen(error))
              contextValue.lake.log.error({ err: error.originalError ?? error, path: error.path }, 'GraphQL error')
          }
          return Promise.resolve()
        },
        willSendResponse: ({ response, contextValue, operation }) => {
          const { body } = response
          if (body.kind === 'single') {
            const { requestId } = contextValue
            body.singleResult.errors = body.singleResult.errors?.map((error) => ({
              ...error,
              extensions: { ...error.extensions, requestId },
            }))
            if (operation) {
              const first = operation.selectionSet.selections[0]
              const field = first?.kind === Kind.FIELD ? first.name.value : 'fragment'
              metrics.operation(
                operation.operation,
                field,
                body.singleResult.errors ? 'error' : 'ok',
                (performance.now() - started) / 1000,
              )
            }
          }
          return Promise.resolve()
        },
      })
    },
  }
}
