import { setMaxListeners } from 'node:events'
import type { handleUnaryCall } from '@grpc/grpc-js'
import { type Logger, isLakeError, messageOf } from '@lakelens/kernel'
import { errorStatus } from './errorStatus'

/**
 * A unary method out of an async function. The signal aborts when the caller cancels, its deadline passes or it is gone:
 * grpc-js tells all three by the same event.
 */
export function unary<Request, Response>(
  log: Logger,
  answer: (request: Request, signal: AbortSignal) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const gone = new AbortController()
    // Every picture of the request listens; a leak warning at the eleventh would be wrong.
    setMaxListeners(0, gone.signal)
    call.on('cancelled', () => gone.abort(new Error('The caller is gone.')))
    answer(call.request, gone.signal).then(
      (response) => callback(null, response),
      (error: unknown) => {
        if (gone.signal.aborted) return callback(errorStatus(error))
        if (!isLakeError(error)) log.error({ err: error, method: call.getPath() }, 'a call failed')
        else log.debug({ code: error.code, reason: messageOf(error), method: call.getPath() }, 'a call was refused')
        callback(errorStatus(error))
      },
    )
  }
}
