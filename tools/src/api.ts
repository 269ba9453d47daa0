import { LakeError, messageOf, userErrorCodes, type ErrorCategory } from '@lakelens/kernel'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { errors } from './errors'
import type { ApiAddress } from './settings'

/** An expected problem in a mutation's payload. */
export interface UserError {
  code: string
  message: string
  path: string[] | null
}

type Variables = Record<string, unknown>

/** GraphQL over HTTP, and subscriptions over WebSocket. Every failure is a LakeError with the API's own code. */
export interface Api {
  readonly url: string
  /** The data of a query or mutation; throws when the answer carries errors. */
  request<T>(document: string, variables?: Variables, options?: { signal?: AbortSignal }): Promise<T>
  /** As `request`, for one mutation: also throws its first user error. */
  mutate<T extends { userErrors: UserError[] }>(
    document: string,
    variables: Variables,
    signal?: AbortSignal,
  ): Promise<T>
  /** Events until the server completes or the loop is left. Reconnects by itself: progress begins with the present state. */
  subscribe<T>(document: string, variables: Variables, signal?: AbortSignal): AsyncIterable<T>
}

interface Answer<T> {
  data?: T | null
  errors?: { message: string; extensions?: { code?: string; requestId?: string; traceId?: string } }[]
}

// addItems waits until a hundred uploads were decoded once: a minute on a slow machine.
const requestTimeoutMs = 180_000

export function createApi(address: ApiAddress): Api {
  const endpoint = `${address.url}/graphql`
  const authorization: Record<string, string> =
    address.key === undefined ? {} : { authorization: `Bearer ${address.key}` }

  const request: Api['request'] = async <T>(
    document: string,
    variables: Variables = {},
    options: { signal?: AbortSignal } = {},
  ) => {
    const timeout = AbortSignal.timeout(requestTimeoutMs)
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...authorization },
      body: JSON.stringify({ query: document, variables }),
      signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
    }).catch((error: unknown) => {
      throw options.signal?.aborted
        ? options.signal.reason
        : errors.API_UNREACHABLE({ url: address.url, reason: reasonOf(error) }, { cause: error })
    })
    const answer = (await response.json().catch(() => null)) as Answer<T> | null
    if (answer === null || typeof answer !== 'object' || !('data' in answer || 'errors' in answer)) {
      throw errors.API_NOT_LAKELENS({ url: address.url, status: response.status })
    }
    throwFirst(answer)
    return answer.data as T
  }

  return {
    url: address.url,
    request,
    async mutate<T extends { userErrors: UserError[] }>(document: string, variables: Variables, signal?: AbortSignal) {
      const data = await request<Record<string, T>>(document, variables, signal ? { signal } : {})
      const payload = Object.values(data)[0] as T
      const [first] = payload.userErrors
      if (first) throw apiError(first.code, first.message, { path: first.path ?? [] })
      return payload
    },
    subscribe: (document, variables, signal) => subscribe(endpoint, authorization, document, variables, signal),
  }
}

async function* subscribe<T>(
  endpoint: string,
  authorization: Record<string, string>,
  query: string,
  variables: Variables,
  signal?: AbortSignal,
): AsyncGenerator<T> {
  const client = createClient({
    url: endpoint.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: authorization,
    retryAttempts: 5,
  })
  const events = client.iterate<T>({ query, variables })
  const stop = (): void => void client.dispose()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    for await (const event of events) {
      throwFirst(event as Answer<T>)
      if (event.data) yield event.data
    }
    signal?.throwIfAborted()
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof LakeError) throw error
    // graphql-ws rejects with the server's GraphQL errors, or with the socket's close event.
    if (Array.isArray(error)) throwFirst({ errors: error as Answer<T>['errors'] & object })
    const { reason, code } = error as { reason?: string; code?: number }
    throw errors.API_UNREACHABLE({
      url: endpoint,
      reason: reason || (code ? `WebSocket closed with ${code}` : messageOf(error)),
    })
  } finally {
    signal?.removeEventListener('abort', stop)
    await client.dispose()
  }
}

function throwFirst(answer: Answer<unknown>): void {
  const [first] = answer.errors ?? []
  if (!first) return
  throw apiError(first.extensions?.code ?? 'INTERNAL', first.message, { ...first.extensions })
}

const categories: ReadonlySet<string> = new Set([
  ...userErrorCodes,
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'UNAVAILABLE',
  'INTERNAL',
])

/** The API's error on this side of the wire. */
export function apiError(code: string, message: string, facts: Record<string, unknown> = {}): LakeError {
  return new LakeError(code, categories.has(code) ? (code as ErrorCategory) : 'INTERNAL', message, facts)
}

/** fetch says only "fetch failed"; what happened is in its cause. */
export function reasonOf(error: unknown): string {
  const cause = (error as { cause?: unknown }).cause
  if (cause instanceof AggregateError && cause.errors.length > 0) return messageOf(cause.errors[0])
  return cause instanceof Error ? cause.message || cause.name : messageOf(error)
}
