import type { IncomingMessage } from 'node:http'
import type { Logger } from '@lakelens/kernel'
import { CloseCode, handleProtocols, makeServer, type ServerOptions } from 'graphql-ws'
import type { WebSocket, WebSocketServer } from 'ws'

export type ConnectionParameters = Record<string, unknown>

const keepAliveMs = 12_000

/**
 * graphql-ws over ws. Its own adapter writes every damaged frame of any client to the console, and sends the text of our
 * faults as the reason of the close; this one logs, and says nothing.
 */
export function serveGraphqlWs<E extends object>(
  sockets: WebSocketServer,
  options: ServerOptions<ConnectionParameters, E>,
  extraOf: (socket: WebSocket, request: IncomingMessage) => E,
  log: Logger,
): void {
  const server = makeServer<ConnectionParameters, E>(options)
  sockets.options.handleProtocols = handleProtocols
  sockets.on('connection', (socket: WebSocket, request: IncomingMessage) => {
    const fail = (error: unknown, message: string): void => {
      log.warn({ err: error }, message)
      socket.close(CloseCode.InternalServerError, 'Internal server error')
    }
    // ws closes a connection whose frames it can't take, with the code that says why.
    socket.on('error', (error) => log.debug({ err: error }, 'WebSocket error'))
    const stopKeepAlive = keepAlive(socket)
    const closed = server.opened(
      {
        protocol: socket.protocol,
        send: (data) =>
          new Promise((resolve, reject) => {
            if (socket.readyState === socket.OPEN) socket.send(data, (error) => (error ? reject(error) : resolve()))
            else resolve()
          }),
        close: (code, reason) => socket.close(code, code === CloseCode.BadRequest ? 'Bad request' : reason),
        onMessage: (take) => {
          socket.on('message', (data: Buffer) => {
            take(data.toString()).catch((error: unknown) => fail(error, 'WebSocket message failed'))
          })
        },
      },
      extraOf(socket, request),
    )
    socket.once('close', (code, reason) => {
      stopKeepAlive()
      void closed(code, String(reason))
    })
  })
}

/** Ends connections whose other side is gone without a word: nothing else would notice while nothing is sent. */
function keepAlive(socket: WebSocket): () => void {
  let alive = true
  socket.on('pong', () => (alive = true))
  const timer = setInterval(() => {
    if (!alive) return socket.terminate()
    alive = false
    if (socket.readyState === socket.OPEN) socket.ping()
  }, keepAliveMs)
  return () => clearInterval(timer)
}
