import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer, request as httpRequest, type ClientRequest, type IncomingMessage, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import express from 'express'
import { useDatabase } from '@lakelens/db/testing'
import type { InferenceBackend } from '@lakelens/inference-client'
import { LakeError, silentLogger } from '@lakelens/kernel'
import {
  createDiskBlobStore,
  createUrlSigner,
  createVideoTools,
  type BlobStore,
  type GrantRequest,
  type SigningKey,
} from '@lakelens/media'
import { createUpload, ensureProbed, probesSettled, systemViewer, type Lake } from '@lakelens/metalake'
import { mediaRouter } from './media'
import { uploadRouter } from './uploads'

const database = useDatabase()
const ring: SigningKey[] = [{ id: '1', secret: randomBytes(32) }]
const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')
const unused = (): never => {
  throw new Error('This backend looks at pictures only.')
}
/** Every content is a picture of one pixel. */
const backend: InferenceBackend = {
  probe: async () => ({ mediaType: 'image/png', width: 1, height: 1, thumbnail: new Uint8Array() }),
  loadModel: unused,
  detect: unused,
  embed: unused,
  describe: unused,
  isReady: async () => true,
  close: async () => undefined,
}

let root: string
let server: Server
let origin: string
let lake: Lake
let blobs: BlobStore

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'lakelens-http-'))
  blobs = createDiskBlobStore(root)
  const app = express()
  app.use(
    uploadRouter(() => lake),
    mediaRouter(() => lake),
  )
  server = createServer(app).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => {
  lake = {
    db: database(),
    blobs,
    backend,
    videos: createVideoTools(),
    signer: createUrlSigner({ keys: async () => ring, publicUrl: () => origin }),
    models: {
      dataDir: root,
      offline: true,
      defaults: { AUTO_TAGGING: 'yolov8n', EMBEDDING: 'resnet50' },
      deniedLicenses: [],
    },
    limits: { maxUploadBytes: 100_000_000, maxModelBytes: 100_000_000, maxPageSize: 100 },
    log: silentLogger(),
    viewer: systemViewer(),
  }
})
afterEach(() => probesSettled(database()))
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(root, { recursive: true, force: true })
})

const waitFor = async (condition: () => Promise<boolean> | boolean): Promise<void> => {
  for (const deadline = Date.now() + 5_000; !(await condition());) {
    if (Date.now() > deadline) throw new Error('It did not come about within 5 s.')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
const codeOf = async (response: Response): Promise<unknown> =>
  ((await response.json()) as { error: { code: string } }).error.code

describe('PUT /uploads/:id', () => {
  const declare = (byteSize: number) => createUpload(lake, { fileName: 'a.png', byteSize, purpose: 'ITEM' })
  const put = (url: string, body: Uint8Array | string): Promise<Response> =>
    fetch(url, { method: 'PUT', body: body as string })
  const temporaryFiles = (): Promise<string[]> => readdir(join(root, 'tmp')).catch(() => [])

  /** A request whose body is written piece by piece. */
  function open(
    url: string,
    headers: Record<string, string> = {},
  ): { send: ClientRequest; answer: Promise<IncomingMessage> } {
    const send = httpRequest(url, { method: 'PUT', headers, agent: false })
    const answer = new Promise<IncomingMessage>((resolve, reject) => send.on('response', resolve).on('error', reject))
    answer.catch(() => undefined)
    return { send, answer }
  }

  test.each([0, 1, 3_000_000])('%i bytes arrive, and the answer names their digest', async (size) => {
    const bytes = randomBytes(size)
    const { id, url } = await declare(size)
    const response = await put(url, bytes)
    expect(response.status).toBe(200)
    expect(response.headers.get('etag')).toBe(`"${sha256(bytes)}"`)
    expect(await response.json()).toEqual({ digest: sha256(bytes), byteSize: size })
    expect((await blobs.read(sha256(bytes), size)).equals(bytes)).toBe(true)
    expect(await ensureProbed(lake, id)).toMatchObject({ digest: sha256(bytes), mediaType: 'image/png' })
  })

  test('chunks without a declared length arrive, too', async () => {
    const { url } = await declare(6)
    const { send, answer } = open(url, { 'Transfer-Encoding': 'chunked' })
    send.write('abc')
    send.end('def')
    expect((await answer).statusCode).toBe(200)
    expect(JSON.parse(await text(await answer))).toEqual({ digest: sha256('abcdef'), byteSize: 6 })
  })

  test('the same bytes again are fine, others are a conflict', async () => {
    const { url } = await declare(3)
    expect((await put(url, 'abc')).status).toBe(200)
    expect((await put(url, 'abc')).status).toBe(200)
    const response = await put(url, 'abd')
    expect([response.status, await codeOf(response)]).toEqual([409, 'UPLOAD_FINISHED'])
  })

  test.each([
    ['more', 'abcd', 413, 'UPLOAD_OVERFLOW'],
    ['fewer', 'ab', 400, 'UPLOAD_INCOMPLETE'],
  ])('%s bytes than declared are refused', async (_, body, status, code) => {
    const { url } = await declare(3)
    const response = await put(url, body)
    expect([response.status, await codeOf(response)]).toEqual([status, code])
    expect((await put(url, 'abc')).status).toBe(200)
  })

  test('a digest other than declared is refused', async () => {
    const { url } = await createUpload(lake, { fileName: 'a', byteSize: 3, purpose: 'ITEM', sha256: sha256('abc') })
    const response = await put(url, 'abd')
    expect([response.status, await codeOf(response)]).toEqual([400, 'UPLOAD_DIGEST_DIFFERS'])
  })

  test('a length that is too large is refused before the body comes, and the connection ends', async () => {
    const { url } = await declare(3)
    const { send, answer } = open(url, { 'Content-Length': '50000000' })
    send.write(Buffer.alloc(1_000))
    const response = await answer
    expect([response.statusCode, response.headers.connection]).toEqual([413, 'close'])
    expect(JSON.parse(await text(response))).toMatchObject({ error: { code: 'UPLOAD_OVERFLOW' } })
    send.destroy()
  })

  test('a client that sends all it has before it reads still gets the answer', async () => {
    const { pathname, search, host, hostname, port } = new URL((await declare(1_000)).url)
    const socket = connect(Number(port), hostname)
    socket.pause()
    socket.write(`PUT ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 20000000\r\n\r\n`)
    // More than the buffers of both ends hold: a server that closed at once would reset the connection, and the answer with it.
    for (let sent = 0; sent < 20; sent += 1) {
      await new Promise<void>((resolve, reject) =>
        socket.write(Buffer.alloc(1_000_000), (error) => (error ? reject(error) : resolve())),
      )
    }
    const answer = await text(socket)
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer).toMatch(/\r\nconnection: close\r\n/i)
    expect(answer).toContain('"UPLOAD_OVERFLOW"')
  })

  test('chunks beyond the declared size are refused while they come', async () => {
    const { url } = await declare(1_000_000)
    const { send, answer } = open(url, { 'Transfer-Encoding': 'chunked' })
    for (let sent = 0; sent < 3; sent += 1) send.write(randomBytes(1_000_000))
    const response = await answer
    expect(response.statusCode).toBe(413)
    expect(JSON.parse(await text(response))).toMatchObject({ error: { code: 'UPLOAD_OVERFLOW' } })
    expect(await temporaryFiles()).toEqual([])
    send.destroy()
  })

  test('a client that goes away in the middle leaves nothing and may come again', async () => {
    const bytes = randomBytes(1_000_000)
    const { url } = await declare(bytes.length)
    const { send } = open(url, { 'Content-Length': String(bytes.length) })
    send.write(bytes.subarray(0, 300_000))
    await waitFor(async () => (await temporaryFiles()).length === 1)
    send.destroy()
    await waitFor(async () => (await temporaryFiles()).length === 0)
    expect((await put(url, bytes)).status).toBe(200)
  })

  test('an address with anything changed, for another upload or past its time is refused', async () => {
    const [one, other] = [await declare(3), await declare(3)]
    const status = async (url: string): Promise<unknown[]> => {
      const response = await put(url, 'abc')
      return [response.status, await codeOf(response)]
    }
    expect(await status(one.url.replace('maxBytes=3', 'maxBytes=4'))).toEqual([403, 'URL_INVALID'])
    expect(await status(one.url.replace(one.id, other.id))).toEqual([403, 'URL_INVALID'])
    expect(await status(`${origin}/uploads/${one.id}`)).toEqual([403, 'URL_INVALID'])
    expect(await status(`${origin}/uploads/..%2f..%2fetc%2fpasswd`)).toEqual([403, 'URL_INVALID'])
    expect(await status(`${origin}/uploads/%zz`)).toEqual([400, 'PATH_MALFORMED'])
    const download = await lake.signer.sign({ method: 'GET', path: `/uploads/${one.id}`, expiresIn: 60 })
    expect(await status(download.url)).toEqual([403, 'URL_INVALID'])
    const short = await lake.signer.sign({ method: 'PUT', path: `/uploads/${one.id}`, maxBytes: 3, expiresIn: 1 })
    await new Promise((resolve) => setTimeout(resolve, short.expiresAt.getTime() - Date.now() + 5))
    expect(await status(short.url)).toEqual([403, 'URL_EXPIRED'])
    await database().query('delete from upload where id = $1', [other.id])
    expect(await status(other.url)).toEqual([404, 'UPLOAD_NOT_FOUND'])
  })

  test.each(['GET', 'HEAD', 'POST', 'DELETE', 'PATCH'])('%s is not for uploads', async (method) => {
    const response = await fetch((await declare(3)).url, { method })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'PUT, OPTIONS'])
  })

  test('a page of any origin that has the address may send', async () => {
    const { url } = await declare(3)
    const preflight = await fetch(url, {
      method: 'OPTIONS',
      headers: { Origin: 'https://front.example', 'Access-Control-Request-Method': 'PUT' },
    })
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([204, 'PUT'])
    expect((await put(url, 'abc')).headers.get('access-control-allow-origin')).toBe('*')
  })

  test('who waits for "100 Continue" gets it', async () => {
    const { url } = await declare(3)
    const { send, answer } = open(url, { 'Content-Length': '3', Expect: '100-continue' })
    send.flushHeaders()
    await new Promise<void>((resolve) => send.once('continue', resolve))
    send.end('abc')
    expect((await answer).statusCode).toBe(200)
  })

  test('a full store and one that fails are told apart, and the inside stays inside', async () => {
    const { url } = await declare(3)
    const failing = (error: Error): void =>
      void (lake = { ...lake, blobs: { ...blobs, put: () => Promise.reject(error) } })
    failing(new LakeError('STORAGE_FULL', 'STORAGE_FULL', 'The media store is full.'))
    const full = await put(url, 'abc')
    expect([full.status, await codeOf(full)]).toEqual([507, 'STORAGE_FULL'])
    failing(new Error('EIO: /var/secret/place'))
    const broken = await put(url, 'abc')
    expect(broken.status).toBe(500)
    expect(await broken.text()).not.toContain('secret')
  })
})

describe('GET /media/:digest', () => {
  const content = Buffer.from('0123456789')
  const digest = sha256(content)
  const sign = async (grant: Partial<GrantRequest> = {}): Promise<string> =>
    (
      await lake.signer.sign({
        method: 'GET',
        path: `/media/${digest}`,
        mediaType: 'image/png',
        expiresIn: 3600,
        ...grant,
      })
    ).url
  const get = (url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
    fetch(url, { method, headers })
  beforeAll(() => blobs.put(content, { maxBytes: 10 }))

  test('the content comes whole, in a browser neither guessed at nor run', async () => {
    const response = await get(await sign({ fileName: 'Žába "1".png' }))
    expect([response.status, await response.text()]).toEqual([200, '0123456789'])
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-length': '10',
      etag: `"${digest}"`,
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'content-disposition': `inline; filename="__ba _1_.png"; filename*=UTF-8''%C5%BD%C3%A1ba%20%221%22.png`,
      'cross-origin-resource-policy': 'cross-origin',
      'access-control-allow-origin': '*',
    })
    const [, maxAge] = /^private, max-age=(\d+), immutable$/.exec(response.headers.get('cache-control') ?? '') ?? []
    expect(Number(maxAge)).toBeGreaterThan(3590)
    expect(Number(maxAge)).toBeLessThanOrEqual(3600 + 900)
  })

  test('HEAD says the same and sends nothing', async () => {
    const response = await get(await sign(), {}, 'HEAD')
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([200, '10', ''])
    const part = await get(await sign(), { Range: 'bytes=0-3' }, 'HEAD')
    expect([part.status, part.headers.get('content-length'), part.headers.get('content-range')]).toEqual([
      206,
      '4',
      'bytes 0-3/10',
    ])
  })

  test('a range comes as a part, one outside is 416, and one of another state is not a range', async () => {
    const url = await sign()
    const part = await get(url, { Range: 'bytes=2-4' })
    expect([
      part.status,
      part.headers.get('content-range'),
      part.headers.get('content-length'),
      await part.text(),
    ]).toEqual([206, 'bytes 2-4/10', '3', '234'])
    expect(await (await get(url, { Range: 'bytes=-2' })).text()).toBe('89')
    const outside = await get(url, { Range: 'bytes=10-' })
    expect([outside.status, outside.headers.get('content-range')]).toEqual([416, 'bytes */10'])
    expect((await get(url, { Range: 'bytes=2-4', 'If-Range': '"other"' })).status).toBe(200)
    expect((await get(url, { Range: 'bytes=2-4', 'If-Range': `"${digest}"` })).status).toBe(206)
    expect((await get(url, { Range: 'bytes=0-1,3-4' })).status).toBe(200)
  })

  test('who has it is told so', async () => {
    for (const etag of [`"${digest}"`, `W/"${digest}"`, `"x", "${digest}"`, '*']) {
      const response = await get(await sign(), { 'If-None-Match': etag })
      expect([response.status, response.headers.get('etag'), await response.text()]).toEqual([304, `"${digest}"`, ''])
    }
    expect((await get(await sign(), { 'If-None-Match': '"other"' })).status).toBe(200)
  })

  test('no bytes at all are a content, too', async () => {
    const empty = await blobs.put(Buffer.alloc(0), { maxBytes: 0 })
    const response = await get(await sign({ path: `/media/${empty.digest}` }))
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([200, '0', ''])
    expect((await get(await sign({ path: `/media/${empty.digest}` }), { Range: 'bytes=0-' })).status).toBe(416)
  })

  test.each<[string, (url: string) => string]>([
    ['another type', (url) => url.replace('image%2Fpng', 'text%2Fhtml')],
    ['an added name', (url) => `${url}&name=a.html`],
    ['another content', (url) => url.replace(digest, 'a'.repeat(64))],
    ['a longer life', (url) => url.replace(/expires=\d/, 'expires=9')],
    ['no signature', (url) => url.split('?')[0]!],
    ['a path that leads out', (url) => url.replace(digest, '..%2f..%2fetc%2fpasswd')],
    ['an encoded path', (url) => url.replace(digest, `%${digest.charCodeAt(0).toString(16)}${digest.slice(1)}`)],
  ])('%s breaks the signature', async (_, change) => {
    const url = await sign()
    expect(change(url)).not.toBe(url)
    const response = await get(change(url))
    expect([response.status, response.headers.get('cache-control'), await codeOf(response)]).toEqual([
      403,
      'no-store',
      'URL_INVALID',
    ])
  })

  test('what was signed and is gone is 404; what was signed and is no digest, too, is refused', async () => {
    const gone = await get(await sign({ path: `/media/${'b'.repeat(64)}` }))
    expect([gone.status, await codeOf(gone)]).toEqual([404, 'BLOB_NOT_FOUND'])
    expect((await get(await sign({ path: `/media/${'b'.repeat(64)}` }), {}, 'HEAD')).status).toBe(404)
    expect((await get(await sign({ path: '/media/x' }))).status).toBe(400)
  })

  test('only GET and HEAD', async () => {
    for (const method of ['POST', 'PUT', 'DELETE']) expect((await get(await sign(), {}, method)).status).toBe(405)
    const preflight = await get(
      await sign(),
      { Origin: 'https://front.example', 'Access-Control-Request-Headers': 'range' },
      'OPTIONS',
    )
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      expect.stringContaining('Range'),
    ])
  })

  test('a reader that goes away in the middle closes the file', async () => {
    const large = randomBytes(20_000_000)
    await blobs.put(large, { maxBytes: large.length })
    const opened: Readable[] = []
    lake = {
      ...lake,
      blobs: {
        ...blobs,
        open: async (...args) => {
          const stream = await blobs.open(...args)
          opened.push(stream)
          return stream
        },
      },
    }
    const url = new URL(await sign({ path: `/media/${sha256(large)}` }))
    const socket = connect(Number(url.port), url.hostname)
    socket.write(`GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`)
    await new Promise((resolve) => socket.once('data', resolve))
    socket.destroy()
    await waitFor(() => opened.length === 1 && opened[0]!.closed)
  })
})
