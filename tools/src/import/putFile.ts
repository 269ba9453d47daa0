import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { pipeline } from 'node:stream/promises'
import { isLakeError, messageOf } from '@lakelens/kernel'
import { apiError } from '../api'
import { errors } from '../errors'

/** Where and how to send the bytes, as `createUpload` answered. */
export interface UploadTarget {
  id: string
  url: string
  method: string
  headers: { name: string; value: string }[]
}

const idleTimeoutMs = 60_000

/**
 * Streams exactly `byteSize` bytes of a file to an upload address. `node:http` and not `fetch`: fetch sends streams
 * chunked, and the length is what lets the server refuse before the bytes travel.
 */
export async function putFile(
  target: UploadTarget,
  path: string,
  byteSize: number,
  signal: AbortSignal,
  onSent: (bytes: number) => void = () => undefined,
): Promise<void> {
  const url = new URL(target.url)
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  const request = send(url, {
    method: target.method,
    headers: {
      ...Object.fromEntries(target.headers.map(({ name, value }) => [name, value])),
      'content-length': byteSize,
    },
    signal,
    timeout: idleTimeoutMs,
  })
  request.once('timeout', () => request.destroy(new Error(`no answer in ${idleTimeoutMs / 1000} s`)))
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve)
    request.on('error', reject)
  })
  const sent = byteSize === 0 ? endEmpty(request) : pipeline(exactly(path, byteSize, onSent), request)
  // Whatever stops the sending also ends the request, so waiting for the answer covers both. A server may refuse before
  // it has read everything: its answer says more than the broken pipe.
  const sendingFailed = sent.then(
    () => undefined,
    (error: unknown) => error,
  )
  try {
    await checkAnswer(await response, path)
  } catch (error) {
    signal.throwIfAborted()
    if (isLakeError(error)) throw error
    request.destroy()
    const reason = await sendingFailed
    if (isLakeError(reason)) throw reason
    throw errors.UPLOAD_FAILED({ file: path, reason: messageOf(error) }, { cause: error })
  } finally {
    if (!request.writableFinished) request.destroy()
  }
}

/** The bytes the length was promised for. A file that shrank meanwhile would leave the server waiting for the rest. */
async function* exactly(path: string, byteSize: number, onSent: (bytes: number) => void): AsyncGenerator<Buffer> {
  let sent = 0
  for await (const chunk of createReadStream(path, { end: byteSize - 1 })) {
    sent += (chunk as Buffer).length
    yield chunk as Buffer
    onSent(sent)
  }
  if (sent !== byteSize) throw errors.FILE_CHANGED({ file: path })
}

async function endEmpty(request: ReturnType<typeof httpRequest>): Promise<void> {
  request.end()
}

/** What the gateway answers outside GraphQL has the shape of GraphQL errors too. */
interface Refusal {
  errors?: { message?: string; extensions?: { code?: string } }[]
}

async function checkAnswer(answer: IncomingMessage, path: string): Promise<void> {
  const body = await readText(answer)
  const status = answer.statusCode ?? 0
  if (status >= 200 && status < 300) return
  const first = parse(body).errors?.[0]
  const message = first?.message ?? `the server answered HTTP ${status}`
  const code = first?.extensions?.code
  if (code === 'STORAGE_FULL') throw apiError(code, message)
  // These judge the bytes. Anything else (an expired address, a busy server) passes with another upload.
  if ([400, 411, 413, 415, 422].includes(status)) throw apiError(code ?? 'INVALID_INPUT', message)
  throw errors.UPLOAD_FAILED({ file: path, reason: message })
}

function parse(body: string): Refusal {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

async function readText(answer: IncomingMessage, limit = 64 * 1024): Promise<string> {
  let text = ''
  answer.setEncoding('utf8')
  for await (const chunk of answer) if (text.length < limit) text += String(chunk)
  return text
}

/** SHA-256 of a file, lower-case hex, streamed. */
export async function digestOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash, { signal })
  return hash.digest('hex')
}
