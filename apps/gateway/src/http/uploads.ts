import { receiveUpload, type Lake } from '@lakelens/metalake'
import { Router, type Request, type Response } from 'express'
import { allowAnyOrigin, answerOtherMethods, refuseMalformedPath, sendError } from './signedRoute'

/** A client that sends nothing for so long is gone, or holds a connection for its own sake. Slow ones may take as long as they need. */
const idleMs = 60_000

/**
 * `PUT /uploads/:id`: the bytes of an upload, to the address that `createUpload` gave. The signature is the whole permission; no
 * key is looked at. Must come before any body parser. The server's own limit on the time of a whole request
 * (`server.requestTimeout`, 5 minutes unless set) must be off for large files over slow lines: here only silence is limited.
 */
export function uploadRouter(lakeNow: () => Lake): Router {
  const router = Router({ caseSensitive: true, strict: true })
  router.all('/uploads/:id', async (request, response) => {
    allowAnyOrigin(response)
    if (answerOtherMethods(request, response, ['PUT'])) return
    const lake = lakeNow()
    try {
      await receive(lake, request, response)
    } catch (error) {
      // A client that went away gets no answer; it knows.
      if (request.destroyed && !request.complete)
        lake.log.info({ uploadId: request.params.id.slice(0, 40) }, 'an upload was cut off')
      sendError(lake, request, response, error)
    }
  })
  router.use(refuseMalformedPath)
  return router
}

async function receive(lake: Lake, request: Request<{ id: string }>, response: Response): Promise<void> {
  await lake.signer.verify(request.method, request.originalUrl)
  const declared = request.headers['content-length']
  const leaving = new AbortController()
  const onClose = (): void => leaving.abort(new Error('The client went away.'))
  response.once('close', onClose)
  // Node ends the socket when the time is over, which fails the body as any lost connection does, and resets it for the next request.
  request.socket.setTimeout(idleMs)
  try {
    const stored = await receiveUpload(lake, request.params.id, request, {
      contentLength: declared === undefined ? undefined : Number(declared),
      signal: leaving.signal,
    })
    response.setHeader('ETag', `"${stored.digest}"`)
    response.setHeader('Cache-Control', 'no-store')
    response.status(200).json(stored)
  } finally {
    response.off('close', onClose)
    request.socket.setTimeout(0)
  }
}
