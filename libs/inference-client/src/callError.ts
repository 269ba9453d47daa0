import { type ServiceError, status } from '@grpc/grpc-js'
import { type ErrorCategory, LakeError } from '@lakelens/kernel'
import { errorTrailer } from '@lakelens/proto'
import { type CallFacts, errors } from './errors'

/** What a failed call means: the error to throw, and what may be done about it. */
export interface CallFailure {
  error: LakeError
  /** `again`: the same service or another may take it in a moment. `lost`: it went down with the call in its hands. */
  then: 'again' | 'lost' | 'giveUp'
}

interface Row {
  make(facts: CallFacts): LakeError
  retryable: boolean
  then: CallFailure['then']
}

const failed: Row = { make: errors.INFERENCE_FAILED, retryable: false, then: 'giveUp' }
const refused: Row = { make: errors.INFERENCE_REFUSED, retryable: false, then: 'giveUp' }

/** The one place where gRPC statuses become errors. */
const ofStatus: Partial<Record<status, Row>> = {
  [status.UNAVAILABLE]: { make: errors.INFERENCE_UNAVAILABLE, retryable: true, then: 'again' },
  [status.RESOURCE_EXHAUSTED]: { make: errors.INFERENCE_BUSY, retryable: true, then: 'again' },
  [status.DEADLINE_EXCEEDED]: { make: errors.INFERENCE_TIMEOUT, retryable: true, then: 'giveUp' },
  // Whoever asked has not cancelled (that is seen to before): the service cut the call as it closed.
  [status.CANCELLED]: { make: errors.INFERENCE_UNAVAILABLE, retryable: true, then: 'again' },
  // Again, but not unchanged: a fresh address for a model's file, for example.
  [status.ABORTED]: { make: errors.INFERENCE_UNAVAILABLE, retryable: true, then: 'giveUp' },
  [status.INVALID_ARGUMENT]: refused,
  [status.FAILED_PRECONDITION]: refused,
  [status.UNIMPLEMENTED]: refused,
  [status.UNAUTHENTICATED]: refused,
  [status.PERMISSION_DENIED]: refused,
  [status.INTERNAL]: failed,
  [status.UNKNOWN]: failed,
  [status.DATA_LOSS]: failed,
}

export function callFailure(error: ServiceError, address: string): CallFailure {
  const row = rowOf(error)
  const facts = {
    address,
    reason: error.details.replace(/[\s.]+$/, '') || `status ${error.code}`,
    retryable: row.retryable,
  }
  const told = toldError(error, facts)
  if (told) return { error: told, then: row.then }
  const lost = row.then === 'again' && error.code !== status.RESOURCE_EXHAUSTED && !neverSent.test(error.details)
  return { error: row.make(facts), then: lost ? 'lost' : row.then }
}

// What grpc-js says when there was no connection to send the call over; every other end of a call was an end in mid-flight.
const neverSent = /^(No connection established|Name resolution failed)/

function rowOf({ code, details }: ServiceError): Row {
  // One status, two meanings: the queue is full (wait), or the message is too long (it will be tomorrow, too).
  if (code === status.RESOURCE_EXHAUSTED && /larger than max/i.test(details)) return refused
  // How a stream ends whose process was killed depends on what the system still sent.
  if (code === status.INTERNAL && /RST_STREAM|GOAWAY|connection/i.test(details)) return ofStatus[status.UNAVAILABLE]!
  return ofStatus[code] ?? failed
}

/** The typed error the service itself sent along, when it got as far as that. */
function toldError({ metadata }: ServiceError, { address, retryable }: CallFacts): LakeError | undefined {
  const [record] = metadata?.get(errorTrailer) ?? []
  if (!Buffer.isBuffer(record)) return undefined
  try {
    const told: unknown = JSON.parse(record.toString('utf8'))
    return isErrorRecord(told)
      ? new LakeError(told.code, told.category, told.message, { ...told.facts, address, retryable })
      : undefined
  } catch {
    // Of another version, or cut short: the status alone still says what to do.
    return undefined
  }
}

interface ErrorRecord {
  code: string
  category: ErrorCategory
  message: string
  facts?: Record<string, unknown>
}

const isErrorRecord = (value: unknown): value is ErrorRecord =>
  typeof value === 'object' &&
  value !== null &&
  ['code', 'category', 'message'].every((key) => typeof (value as Record<string, unknown>)[key] === 'string')
