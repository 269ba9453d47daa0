import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { digestOf, putFile } from './putFile'

let server: Server
let folder: string
let handle: (request: IncomingMessage, response: ServerResponse) => void
const bytes = randomBytes(3_000_000)
const signal = new AbortController().signal

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lakelens-put-'))
  writeFileSync(join(folder, 'picture'), bytes)
  writeFileSync(join(folder, 'empty'), '')
  server = createServer((request, response) => handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
  rmSync(folder, { recursive: true })
})

const target = () => ({
  id: 'u1',
  url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/uploads/u1?expires=1`,
  method: 'PUT',
  headers: [{ name: 'content-type', value: 'application/octet-stream' }],
})
const send = (name: string, size: number) => putFile(target(), join(folder, name), size, signal)
const refuse = (status: number, code: string) => (_: IncomingMessage, response: ServerResponse) => {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ errors: [{ message: 'Said why.', extensions: { code } }] }))
}

test('sends the bytes as they are, with their length, to the address given', async () => {
  const seen = new Promise<object>((resolve) => {
    handle = (request, response) => {
      const hash = createHash('sha256')
      request.on('data', (chunk: Buffer) => hash.update(chunk))
      request.on('end', () => {
        resolve({
          method: request.method,
          url: request.url,
          length: request.headers['content-length'],
          digest: hash.digest('hex'),
        })
        response.end()
      })
    }
  })
  await send('picture', bytes.length)
  expect(await seen).toEqual({
    method: 'PUT',
    url: '/uploads/u1?expires=1',
    length: '3000000',
    digest: createHash('sha256').update(bytes).digest('hex'),
  })
  expect(await digestOf(join(folder, 'picture'), signal)).toBe(createHash('sha256').update(bytes).digest('hex'))
})

test('an empty file is sent too: whether it is a picture is not judged here', async () => {
  handle = (request, response) => response.end(request.headers['content-length'])
  await expect(send('empty', 0)).resolves.toBeUndefined()
})

test('a refusal of the bytes carries the code and message of the server, also when it comes before they are all sent', async () => {
  handle = refuse(413, 'LIMIT_EXCEEDED')
  await expect(send('picture', bytes.length)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', message: 'Said why.' })
})

test.each([403, 429, 503])('HTTP %i may pass with another upload', async (status) => {
  handle = refuse(status, 'FORBIDDEN')
  await expect(send('empty', 0)).rejects.toMatchObject({ code: 'UPLOAD_FAILED', category: 'UNAVAILABLE' })
})

test('a connection that breaks is UPLOAD_FAILED, and naming the file', async () => {
  handle = (request) => request.socket.destroy()
  await expect(send('picture', bytes.length)).rejects.toMatchObject({
    code: 'UPLOAD_FAILED',
    facts: { file: join(folder, 'picture') },
  })
})

test('a file that shrank since it was measured is refused, and the server is not left waiting', async () => {
  const closed = new Promise((resolve) => {
    handle = (request) => {
      request.resume()
      request.on('error', resolve)
    }
  })
  await expect(send('picture', bytes.length + 1)).rejects.toMatchObject({ code: 'FILE_CHANGED' })
  await closed
})

test('stops when it is told to', async () => {
  const controller = new AbortController()
  handle = () => controller.abort(new Error('enough'))
  await expect(putFile(target(), join(folder, 'picture'), bytes.length, controller.signal)).rejects.toThrow('enough')
})
