import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { renderGraphiQL } from '@graphql-yoga/render-graphiql'
import { Router } from 'express'
import type { Example } from '../examples'

interface Page {
  html: Buffer
  zipped: Buffer
  etag: string
  csp: string
}

/** GraphiQL from our own files, for machines without internet; its tabs are the example operations. */
export function graphiqlRouter(examples: readonly Example[]): Router {
  let page: Promise<Page> | undefined
  const router = Router()
  router.get('/', async (request, response) => {
    // 9 MB of text: made when somebody first asks, and kept.
    const { html, zipped, etag, csp } = await (page ??= renderPage(examples))
    response.setHeader('Content-Type', 'text/html; charset=utf-8')
    response.setHeader('Content-Security-Policy', csp)
    response.setHeader('X-Content-Type-Options', 'nosniff')
    response.setHeader('Referrer-Policy', 'no-referrer')
    response.setHeader('Cache-Control', 'no-cache')
    response.setHeader('ETag', etag)
    response.vary('Accept-Encoding')
    if (request.headers['if-none-match'] === etag) return void response.status(304).end()
    if (request.acceptsEncodings('gzip') !== 'gzip') return void response.end(html)
    response.setHeader('Content-Encoding', 'gzip')
    response.end(zipped)
  })
  return router
}

async function renderPage(examples: readonly Example[]): Promise<Page> {
  const defaultTabs = examples.map(({ document, variables }) => ({ query: document, variables, headers: null }))
  // `JSON.stringify` inside the page's script leaves `</script>` as it is; no example holds one, and none may.
  if (examples.some(({ document }) => document.includes('</'))) throw new Error('An example operation holds "</".')
  const text = renderGraphiQL({
    title: 'LakeLens GraphiQL',
    endpoint: '/graphql',
    subscriptionsProtocol: 'WS',
    defaultTabs,
  })
  const html = Buffer.from(text)
  const etag = `"${createHash('sha256').update(html).digest('base64url').slice(0, 22)}"`
  return { html, zipped: await promisify(gzip)(html), etag, csp: policyOf(text) }
}

/** Only the page's own script, by its hash; workers from blobs it makes; nothing from or to anywhere else. */
function policyOf(html: string): string {
  const start = html.indexOf('<script>') + '<script>'.length
  const script = html.slice(start, html.lastIndexOf('</script>'))
  const hash = createHash('sha256').update(script).digest('base64')
  return [
    "default-src 'none'",
    `script-src 'sha256-${hash}' blob:`,
    'worker-src blob:',
    "style-src 'unsafe-inline'",
    'img-src data:',
    'font-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}
