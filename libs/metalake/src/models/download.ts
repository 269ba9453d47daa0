import { sleep, jitteredBackoff, messageOf } from '@lakelens/kernel'
import { Resolver } from 'node:dns/promises'
import type { FileHandle } from 'node:fs/promises'
import { isIP } from 'node:net'

export interface DownloadProgress {
  file: string
  receivedBytes: number
  /** Null when the server doesn't say. */
  totalBytes: number | null
}

export interface DownloadLimits {
  /** Name look-up, connection, redirects and the first answer together. */
  connectMs: number
  /** Longest silence in the middle of a transfer. */
  idleMs: number
  maxBytes: number
  maxRedirects: number
  /** How often a cut transfer is taken up again before it is given up. */
  resumptions: number
}

export const downloadLimits: DownloadLimits = {
  connectMs: 8000,
  idleMs: 30_000,
  maxBytes: 2 ** 31,
  maxRedirects: 5,
  resumptions: 4,
}

export interface Download {
  address: string
  /** Opened for writing; holds what an earlier attempt left, `resume.receivedBytes` of it. */
  target: FileHandle
  file: string
  resume: ResumePoint
  /** Known size of the whole: another size is refused before anything is transferred. */
  byteSize: number | null
  /** The content is pinned by its digest, so a range may be continued without a validator of the server's. */
  pinned: boolean
  limits: DownloadLimits
  signal: AbortSignal
  onProgress?: ((progress: DownloadProgress) => void) | undefined
  /** Called before bytes that belong to another validator are kept, so that a crash leaves a truthful note. */
  onValidator?: ((etag: string | null) => Promise<void>) | undefined
}

export interface ResumePoint {
  receivedBytes: number
  /** Strong ETag of the bytes so far. */
  etag: string | null
}

/** Why a file could not be fetched, in words that finish the sentence "...: <message>". */
export class DownloadFailure extends Error {
  override readonly name = 'DownloadFailure'
  constructor(
    message: string,
    readonly retryable: boolean,
    cause?: unknown,
  ) {
    super(message, { cause })
  }
}

/** The file could not be written; `cause` is the system's error. Apart from the rest, because a socket's errors look the same. */
export class WriteFailure extends Error {
  override readonly name = 'WriteFailure'
  constructor(cause: unknown) {
    super(messageOf(cause), { cause })
  }
}

/**
 * Streams an address into a file, taking up where an earlier attempt stopped. Returns the size of the whole.
 * Throws DownloadFailure, WriteFailure, or the signal's reason.
 */
export async function download(job: Download): Promise<number> {
  const state = { ...job.resume }
  for (let cut = 0; ; cut++) {
    try {
      return await attempt(job, state)
    } catch (error) {
      job.signal.throwIfAborted()
      const again = error instanceof DownloadFailure && error.retryable && cut < job.limits.resumptions
      if (!again) throw error
      await sleep(jitteredBackoff(cut, 250, 4000), job.signal)
    }
  }
}

async function attempt(job: Download, state: ResumePoint): Promise<number> {
  const connecting = new AbortController()
  const tooSlow = setTimeout(
    () => connecting.abort(new DownloadFailure(`no answer within ${job.limits.connectMs / 1000} s`, false)),
    job.limits.connectMs,
  )
  // One signal for the whole transfer; the timer that fires it is re-armed with every piece that arrives.
  const signal = AbortSignal.any([job.signal, connecting.signal])
  try {
    const response = await request(job, state, signal)
    clearTimeout(tooSlow)
    return await receive(job, state, response, connecting)
  } catch (error) {
    if (connecting.signal.aborted) throw connecting.signal.reason
    throw error
  } finally {
    clearTimeout(tooSlow)
  }
}

/** Follows redirects by hand: each hop is checked before it is asked. */
async function request(job: Download, state: ResumePoint, signal: AbortSignal): Promise<Response> {
  const first = new URL(job.address)
  const headers: Record<string, string> = { 'accept-encoding': 'identity', 'user-agent': 'lakelens' }
  if (state.receivedBytes > 0 && (state.etag !== null || job.pinned)) {
    headers['range'] = `bytes=${state.receivedBytes}-`
    if (state.etag !== null) headers['if-range'] = state.etag
  }
  let address = first
  for (let hop = 0; hop <= job.limits.maxRedirects; hop++) {
    refuseInsecure(address, first)
    await requireLookUp(address.hostname, job.limits.connectMs, signal)
    const response = await fetch(address, { headers, redirect: 'manual', signal }).catch((error: unknown) => {
      if (signal.aborted) throw signal.reason
      throw new DownloadFailure(
        `${address.host} can't be reached (${reasonOf(error)})`,
        state.receivedBytes > job.resume.receivedBytes,
        error,
      )
    })
    const location = response.headers.get('location')
    if (response.status < 300 || response.status >= 400 || location === null) return response
    await response.body?.cancel()
    if (!URL.canParse(location, address.href))
      throw new DownloadFailure(`${address.host} redirects to something that is no address`, false)
    address = new URL(location, address)
  }
  throw new DownloadFailure(`more than ${job.limits.maxRedirects} redirects`, false)
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])
const isLoopback = (address: URL): boolean => loopback.has(address.hostname)

/** https only. A plain address is for a mirror on this very machine, and may not be reached from elsewhere by a redirect. */
function refuseInsecure(address: URL, first: URL): void {
  const plainIsFine = address.protocol === 'http:' && isLoopback(address) && isLoopback(first)
  if (address.protocol === 'https:' && (!isLoopback(address) || isLoopback(first))) return
  if (!plainIsFine) throw new DownloadFailure(`${address.protocol}//${address.host} is not a secure address`, false)
}

/**
 * Asks the name servers before `fetch` does. The system's own look-up can't be cancelled: measured with a name server that
 * never answers, it held a thread, and the end of the process, for 10 s after the request was given up.
 */
async function requireLookUp(host: string, budgetMs: number, signal: AbortSignal): Promise<void> {
  const bare = host.replace(/^\[|\]$/g, '')
  if (isIP(bare) !== 0 || bare === 'localhost') return
  const resolver = new Resolver({ timeout: Math.min(2500, budgetMs), tries: 1 })
  const cancel = (): void => resolver.cancel()
  const tooSlow = setTimeout(cancel, Math.min(5000, budgetMs))
  signal.addEventListener('abort', cancel, { once: true })
  try {
    await resolver.resolve4(bare)
  } catch (error) {
    signal.throwIfAborted()
    const code = (error as NodeJS.ErrnoException).code
    // Whatever was answered, also "no such name": the system may know the name from elsewhere, and won't wait for it.
    if (code === 'ETIMEOUT' || code === 'ECANCELLED') {
      throw new DownloadFailure(`the name ${bare} could not be looked up: no name server answered`, false, error)
    }
  } finally {
    clearTimeout(tooSlow)
    signal.removeEventListener('abort', cancel)
  }
}

async function receive(
  job: Download,
  state: ResumePoint,
  response: Response,
  stopper: AbortController,
): Promise<number> {
  try {
    const total = await begin(job, state, response)
    await store(job, state, response, total, stopper)
    if (total !== null && state.receivedBytes < total) throw new DownloadFailure('the connection was cut', true)
    return state.receivedBytes
  } catch (error) {
    await response.body?.cancel().catch(() => undefined)
    throw error
  }
}

/** Judges the answer's head and puts the file where the body continues. Returns the size of the whole, if said. */
async function begin(job: Download, state: ResumePoint, response: Response): Promise<number | null> {
  const { status, headers } = response
  if (status === 416 && state.receivedBytes > 0) {
    state.receivedBytes = 0
    throw new DownloadFailure('what was fetched before does not fit', true)
  }
  if (status !== 200 && status !== 206)
    throw new DownloadFailure(
      `${new URL(job.address).host} answered ${status}`,
      status >= 500 && state.receivedBytes > 0,
    )
  if (/^text\/html\b/i.test(headers.get('content-type') ?? ''))
    throw new DownloadFailure('a web page came in place of the file', false)
  if ((headers.get('content-encoding') ?? 'identity') !== 'identity')
    throw new DownloadFailure('the file came in an encoding that was not asked for', false)
  const total = status === 206 ? continuedTotal(state, headers) : numberOf(headers.get('content-length'))
  if (status === 200) state.receivedBytes = 0
  if (total !== null && job.byteSize !== null && total !== job.byteSize) {
    throw new DownloadFailure(
      `${new URL(job.address).host} offers ${total} bytes, and the file has ${job.byteSize}`,
      false,
    )
  }
  const limit = job.byteSize ?? job.limits.maxBytes
  if (total !== null && total > limit)
    throw new DownloadFailure(`the file has ${total} bytes, more than the ${limit} allowed`, false)
  const etag = strongEtag(headers.get('etag'))
  if (status === 200) {
    if ((await job.target.stat()).size > 0) await job.target.truncate(0)
    state.etag = etag
    await job.onValidator?.(etag)
  }
  return total
}

function continuedTotal(state: ResumePoint, headers: Headers): number | null {
  const [, start, , total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? []
  if (Number(start) !== state.receivedBytes) {
    state.receivedBytes = 0
    throw new DownloadFailure('the server continued at another place', true)
  }
  return numberOf(total ?? null)
}

const numberOf = (text: string | null): number | null =>
  text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null
const strongEtag = (etag: string | null): string | null => (etag !== null && /^"[^"]*"$/.test(etag) ? etag : null)

async function store(
  job: Download,
  state: ResumePoint,
  response: Response,
  total: number | null,
  stopper: AbortController,
): Promise<void> {
  const { idleMs, maxBytes } = job.limits
  const limit = job.byteSize ?? maxBytes
  const idle = setTimeout(() => stopper.abort(new DownloadFailure(`nothing came for ${idleMs / 1000} s`, true)), idleMs)
  try {
    const body = response.body as AsyncIterable<Uint8Array> | null
    for await (const piece of body ?? []) {
      idle.refresh()
      if (state.receivedBytes + piece.byteLength > limit)
        throw new DownloadFailure(`more than the ${limit} bytes allowed came`, false)
      await writeAll(job.target, piece, state.receivedBytes)
      state.receivedBytes += piece.byteLength
      job.onProgress?.({ file: job.file, receivedBytes: state.receivedBytes, totalBytes: total ?? job.byteSize })
    }
  } catch (error) {
    if (stopper.signal.aborted) throw stopper.signal.reason
    job.signal.throwIfAborted()
    if (error instanceof DownloadFailure || error instanceof WriteFailure) throw error
    throw new DownloadFailure(`the connection was cut (${reasonOf(error)})`, true, error)
  } finally {
    clearTimeout(idle)
  }
}

async function writeAll(target: FileHandle, piece: Uint8Array, position: number): Promise<void> {
  try {
    for (let written = 0; written < piece.byteLength;) {
      written += (await target.write(piece, written, piece.byteLength - written, position + written)).bytesWritten
    }
  } catch (error) {
    throw new WriteFailure(error)
  }
}

/** `fetch` says "fetch failed" and keeps the reason in its cause. */
function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: unknown }
  const { code, message } = (cause ?? error) as { code?: unknown; message?: unknown }
  return String(code ?? message ?? error)
}
