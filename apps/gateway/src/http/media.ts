import { pipeline } from 'node:stream/promises'
import type { Grant } from '@lakelens/media'
import type { Lake } from '@lakelens/metalake'
import { Router, type Request, type Response } from 'express'
import { readRange } from './byteRange'
import { allowAnyOrigin, answerOtherMethods, refuseMalformedPath, sendError } from './signedRoute'

/**
 * `GET /media/:digest`: content by a signed address, whole or one range. Everything that decides how a browser treats it, its type
 * above all, is part of what was signed.
 */
export function mediaRouter(lakeNow: () => Lake): Router {
  const router = Router({ caseSensitive: true, strict: true })
  router.all('/media/:digest', async (request, response) => {
    allowAnyOrigin(response)
    if (answerOtherMethods(request, response, ['GET', 'HEAD'])) return
    const lake = lakeNow()
    try {
      const grant = await lake.signer.verify(request.method, request.originalUrl)
      await sendBlob(lake, grant, request, response)
    } catch (error) {
      // Whoever closes the page in the middle of a picture makes no fault.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE')
        sendError(lake, request, response, error)
    }
  })
  router.use(refuseMalformedPath)
  return router
}

async function sendBlob(
  lake: Lake,
  grant: Grant,
  request: Request<{ digest: string }>,
  response: Response,
): Promise<void> {
  const { digest } = request.params
  const etag = `"${digest}"`
  // The content of a digest never changes: who has it need not be told that it still exists.
  if (matches(request.headers['if-none-match'], etag)) {
    setCaching(response, etag, grant)
    response.status(304).end()
    return
  }
  const found = await lake.blobs.stat(digest)
  const byteSize = found?.byteSize ?? 0
  const ifRange = request.headers['if-range']
  const range = ifRange === undefined || ifRange === etag ? readRange(request.headers.range, byteSize) : 'all'
  if (found && range === 'none') {
    response.setHeader('Content-Range', `bytes */${byteSize}`)
    response.status(416).end()
    return
  }
  const part = range === 'all' || range === 'none' ? undefined : range
  const content = found && request.method === 'HEAD' ? null : await lake.blobs.open(digest, part)
  setCaching(response, etag, grant)
  setContent(response, grant)
  response.setHeader('Content-Length', part ? part.end - part.start + 1 : byteSize)
  if (part) response.status(206).setHeader('Content-Range', `bytes ${part.start}-${part.end}/${byteSize}`)
  if (!content) response.end()
  else await pipeline(content, response)
}

/** Kept as long as the address lives: with the signature gone nobody could ask again. */
function setCaching(response: Response, etag: string, { expiresAt }: Grant): void {
  const seconds = Math.max(0, Math.floor((expiresAt.getTime() - Date.now()) / 1000))
  response.setHeader('ETag', etag)
  response.setHeader('Cache-Control', `private, max-age=${seconds}, immutable`)
}

/** Content comes from strangers: a browser neither guesses its type nor runs anything in it, even when it is opened by itself. */
function setContent(response: Response, { mediaType, fileName }: Grant): void {
  response.setHeader('Content-Type', mediaType ?? 'application/octet-stream')
  response.setHeader('Accept-Ranges', 'bytes')
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.setHeader('Content-Security-Policy', "default-src 'none'; sandbox")
  response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin')
  response.setHeader('Referrer-Policy', 'no-referrer')
  response.setHeader(
    'Content-Disposition',
    fileName === undefined ? 'inline' : `inline; ${fileNameParameters(fileName)}`,
  )
}

/** RFC 6266: an ASCII name for old clients, the real one (RFC 8187) for all others. */
function fileNameParameters(fileName: string): string {
  const plain = fileName.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const encoded = encodeURIComponent(fileName).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `filename="${plain}"; filename*=UTF-8''${encoded}`
}

/** Weak comparison, as If-None-Match has it. */
const matches = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  header.split(',').some((entry) => entry.trim() === '*' || entry.trim().replace(/^W\//, '') === etag)
