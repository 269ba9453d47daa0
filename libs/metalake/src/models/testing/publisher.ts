import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** A real HTTP server that plays a publisher; every request it saw is kept. */
export interface Publisher {
  url: string
  requests: { path: string; range: string | undefined; ifRange: string | undefined }[]
  /** What is answered from now on. */
  serve(handler: Handler): void
  close(): Promise<void>
}

export async function startPublisher(): Promise<Publisher> {
  let current: Handler = (_, response) => response.writeHead(404).end()
  const requests: Publisher['requests'] = []
  const server = createServer((request, response) => {
    requests.push({
      path: request.url ?? '',
      range: request.headers.range,
      ifRange: request.headers['if-range'] as string | undefined,
    })
    current(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    serve: (handler) => (current = handler),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export interface FileOptions {
  etag?: string | null
  /** Cuts the connection after so many bytes of each answer. */
  cutAfter?: number
  ignoreRange?: boolean
}

/** Serves bytes as file servers do: ranges, If-Range, 416. */
export const fileHandler =
  (bytes: Buffer, { etag = '"v1"', cutAfter, ignoreRange = false }: FileOptions = {}): Handler =>
  (request, response) => {
    const start = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1]
    const mayContinue = request.headers['if-range'] === undefined || request.headers['if-range'] === etag
    const from = start !== undefined && mayContinue && !ignoreRange ? Number(start) : 0
    if (from >= bytes.length) return void response.writeHead(416).end()
    const body = bytes.subarray(from)
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': body.length,
      ...(etag === null ? {} : { etag }),
      ...(from > 0 ? { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}),
    })
    if (cutAfter === undefined || cutAfter >= body.length) return void response.end(body)
    response.write(body.subarray(0, cutAfter), () => setTimeout(() => response.socket?.destroy(), 30))
  }

export const someBytes = (size: number): Buffer => randomBytes(size)
export const sha256Of = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')
