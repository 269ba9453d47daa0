import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Lake } from '@lakelens/metalake'
import { isLakeError } from '@lakelens/kernel'
import {
  getOperationAST,
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
  type ExecutionArgs,
  type GraphQLFormattedError,
} from 'graphql'
import { CloseCode, type Context, type ServerOptions } from 'graphql-ws'
import { WebSocketServer, type WebSocket } from 'ws'
import { createContext, type GatewayContext, type GatewayFacts } from '../context'
import { formatError, isUnforeseen } from '../graphql/formatError'
import { nestingFault, operationFault, operationLimits } from '../graphql/limits'
import { isTooNested } from '../graphql/nesting'
import { lakeSchema } from '../graphql/schema'
import type { Authenticator } from './authentication'
import { serveGraphqlWs, type ConnectionParameters } from './graphqlWs'
import { askingOf, refusalOf, type GuardRules } from './guard'

/** Operations over WebSocket are subscriptions and small queries; batches of vectors go over HTTP. */
const maxMessageBytes = 1024 * 1024
const maxSubscriptions = 50
const maxConnections = 1_000

export interface SubscriptionOptions {
  lake: Lake
  facts: GatewayFacts
  authenticator: Authenticator
  introspection: boolean
  rules: () => GuardRules
  isTrusted: (address: string | undefined) => boolean
}

/** What goes along with a connection. */
interface Carried {
  readonly socket: WebSocket
  readonly request: IncomingMessage
  readonly requestId: string
}
type Socket = Context<ConnectionParameters, Carried>

/** graphql-ws on `/graphql`: the same schema, access, limits and errors as over HTTP. Returns how to end it. */
export function serveSubscriptions(server: Server, options: SubscriptionOptions): () => Promise<void> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes })
  serveGraphqlWs(
    sockets,
    hooksFor(options),
    (socket, request) => ({ socket, request, requestId: randomUUID() }),
    options.lake.log,
  )
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const refusal = upgradeRefusal(request, options, sockets.clients.size)
    if (refusal !== null) return refuseUpgrade(socket, refusal)
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request))
  }
  server.on('upgrade', onUpgrade)
  return async () => {
    server.off('upgrade', onUpgrade)
    const clients = [...sockets.clients]
    const gone = Promise.all(clients.map((client) => new Promise((resolve) => client.once('close', resolve))))
    for (const client of clients) client.close(1001, 'Going away')
    // Who does not answer is cut off.
    const timer = setTimeout(() => clients.forEach((client) => client.terminate()), 1_000)
    await gone
    clearTimeout(timer)
  }
}

function upgradeRefusal(
  request: IncomingMessage,
  { rules, isTrusted }: SubscriptionOptions,
  connections: number,
): string | null {
  if (request.url?.split('?')[0] !== '/graphql') return '404 Not Found'
  if (refusalOf(askingOf(request, isTrusted), rules()) !== null) return '403 Forbidden'
  return connections >= maxConnections ? '503 Service Unavailable' : null
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.on('error', () => undefined)
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function hooksFor({
  lake,
  facts,
  authenticator,
  introspection,
}: SubscriptionOptions): ServerOptions<ConnectionParameters, Carried> {
  const publicErrors = (
    { extra: { requestId } }: Socket,
    errors: readonly (GraphQLError | GraphQLFormattedError)[],
  ): GraphQLFormattedError[] =>
    errors.map((error) => {
      if (isUnforeseen(error)) lake.log.error({ err: error, requestId }, 'GraphQL error')
      const formatted = formatError(error instanceof GraphQLError ? error.toJSON() : error, error)
      return { ...formatted, extensions: { ...formatted.extensions, requestId } }
    })

  return {
    onConnect: async (socket) => {
      try {
        await authenticator(authorizationOf(socket))
        return true
      } catch (error) {
        if (!isUnauthenticated(error)) throw error
        socket.extra.socket.close(CloseCode.Unauthorized, 'Unauthorized')
        return false
      }
    },
    onSubscribe: async (socket, _id, payload) => {
      if (Object.keys(socket.subscriptions).length > maxSubscriptions) {
        return [userFault(`A connection holds at most ${maxSubscriptions} operations at a time. Open another.`)]
      }
      try {
        // Asked again for each operation: a connection may outlive the key it was opened with.
        const viewer = await authenticator(authorizationOf(socket))
        return prepare(payload, createContext(lake, facts, viewer, socket.extra.requestId), introspection)
      } catch (error) {
        if (!isUnauthenticated(error)) throw error
        return [new GraphQLError(error.message, { extensions: { code: 'UNAUTHENTICATED' } })]
      }
    },
    onError: (socket, _id, _payload, errors) => publicErrors(socket, errors as readonly GraphQLFormattedError[]),
    onNext: (socket, _id, _payload, _args, result) =>
      result.errors ? { ...result, errors: publicErrors(socket, result.errors) } : undefined,
  } as ServerOptions<ConnectionParameters, Carried>
}

const isUnauthenticated = (error: unknown): error is Error => isLakeError(error) && error.category === 'UNAUTHENTICATED'

/** In `connectionParams` (browsers can't set headers on a WebSocket), else in the headers of the upgrade. */
function authorizationOf(socket: Socket): string | undefined {
  const { authorization, Authorization } = socket.connectionParams ?? {}
  const given = authorization ?? Authorization
  return typeof given === 'string' ? given : socket.extra.request.headers.authorization
}

const userFault = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } })

function prepare(
  payload: { query: string; operationName?: string | null; variables?: Record<string, unknown> | null },
  contextValue: GatewayContext,
  introspection: boolean,
): ExecutionArgs | GraphQLError[] {
  const schema = lakeSchema()
  const variableValues = payload.variables ?? {}
  try {
    if (isTooNested(payload.query)) return [nestingFault()]
    const document = parse(payload.query, { maxTokens: operationLimits.maxTokens })
    const rules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule]
    const faults = validate(schema, document, rules, { hideSuggestions: !introspection })
    if (faults.length > 0) return [...faults]
    const operation = getOperationAST(document, payload.operationName)
    if (!operation) return [userFault('The document does not say which operation to run: name one that it holds.')]
    const fault = operationFault(schema, document, operation, variableValues)
    return fault ? [fault] : { schema, document, operationName: payload.operationName, variableValues, contextValue }
  } catch (error) {
    if (error instanceof GraphQLError) return [error]
    throw error
  }
}
