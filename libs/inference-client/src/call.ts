import type { CallOptions as GrpcCallOptions, ClientUnaryCall } from '@grpc/grpc-js'
import { LakeError, type Logger, jitteredBackoff, sleep } from '@lakelens/kernel'
import { type CallFailure, callFailure } from './callError'
import type { Answer, Connection, Connections } from './connections'

/** How often a call may go down together with the service before it is suspected of having brought it down. */
const lossesAllowed = 2
const backoffBaseMs = 100
const backoffCapMs = 2_000

export interface Call<Response> {
  start(connection: Connection, options: GrpcCallOptions, answer: Answer<Response>): ClientUnaryCall
  /** When the caller's time is used up, in milliseconds since the epoch. */
  deadline: number
  signal: AbortSignal | undefined
}

export interface Answered<Response> {
  address: string
  response: Response
}

/** The service ended with the call in its hands `lossesAllowed` times. */
export class ServiceLost extends Error {
  constructor(readonly failure: CallFailure) {
    super(failure.error.message, { cause: failure.error })
  }

  /** What became of the last try, with `lost` among its facts: what was asked may be what ended the service. */
  asLakeError(): LakeError {
    const { code, category, message, facts } = this.failure.error
    return new LakeError(code, category, message, { ...facts, lost: true }, { cause: this })
  }
}

/**
 * Makes a call, and again while the service is full or away, with full jitter, until the caller's time is used up. Throws
 * the caller's own reason when its signal aborts, `ServiceLost` when the service keeps dying of it, else a `LakeError`.
 */
export async function callService<Response>(
  connections: Connections,
  log: Logger,
  { start, deadline, signal }: Call<Response>,
): Promise<Answered<Response>> {
  let losses = 0
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted()
    const connection = connections.next()
    const outcome = await callOnce(start, connection, deadline, signal)
    if ('response' in outcome) return { address: connection.address, response: outcome.response }
    if (outcome.then === 'giveUp') throw outcome.error
    if (outcome.then === 'lost' && ++losses >= lossesAllowed) throw new ServiceLost(outcome)
    const wait = jitteredBackoff(attempt, backoffBaseMs, backoffCapMs)
    if (Date.now() + wait >= deadline) throw outcome.error
    log.debug(
      { address: connection.address, attempt, code: outcome.error.code, wait: Math.round(wait) },
      'calling again',
    )
    await sleep(wait, signal)
  }
}

/** Rejects only for the caller's own abort. */
function callOnce<Response>(
  start: Call<Response>['start'],
  connection: Connection,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<{ response: Response } | CallFailure> {
  return new Promise((resolve, reject) => {
    const call = start(connection, { deadline }, (error, response) => {
      signal?.removeEventListener('abort', onAbort)
      if (signal?.aborted) reject(signal.reason as Error)
      else if (error) resolve(callFailure(error, connection.address))
      else resolve({ response: response as Response })
    })
    const onAbort = (): void => call.cancel()
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
