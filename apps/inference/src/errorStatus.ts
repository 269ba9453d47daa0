import { Metadata, type StatusObject, status } from '@grpc/grpc-js'
import { type ErrorCategory, LakeError, isLakeError } from '@lakelens/kernel'
import { errorTrailer } from '@lakelens/proto'

const ofCategory: Partial<Record<ErrorCategory, status>> = {
  INVALID_INPUT: status.INVALID_ARGUMENT,
  LIMIT_EXCEEDED: status.INVALID_ARGUMENT,
  BATCH_TOO_LARGE: status.INVALID_ARGUMENT,
  MODEL_PACKAGE_INVALID: status.FAILED_PRECONDITION,
  MODEL_APPLICATION_MISMATCH: status.FAILED_PRECONDITION,
  NOT_SUPPORTED: status.FAILED_PRECONDITION,
  STORAGE_FULL: status.FAILED_PRECONDITION,
  PLATFORM_UNAVAILABLE: status.FAILED_PRECONDITION,
  SANDBOX_UNAVAILABLE: status.FAILED_PRECONDITION,
  // Not by asking again unchanged: the address of the file may have run out, and the caller can sign another.
  MODEL_UNAVAILABLE: status.ABORTED,
  UNAVAILABLE: status.UNAVAILABLE,
}

const ofCode: Readonly<Record<string, status>> = {
  // Full is not down: a client waits and asks the same service again.
  QUEUE_FULL: status.RESOURCE_EXHAUSTED,
  MODEL_MEMORY_BUSY: status.RESOURCE_EXHAUSTED,
  // Waiting mends nothing: a job that needs it is to fail, and say so.
  MODEL_INSTALL_OFFLINE: status.FAILED_PRECONDITION,
}

// The trailer has it whole. grpc-js encodes these characters by nine bytes at worst, and cannot encode half a surrogate pair:
// it would throw where nobody catches. Through a buffer there are none.
const maxDetails = 1000

const hidden = 'The inference service failed on this request. Its log says why.'

/** The one place where errors become gRPC statuses. What was not foreseen is not told: its message may hold anything. */
export function errorStatus(error: unknown): Partial<StatusObject> {
  if (!isLakeError(error)) return { code: status.INTERNAL, details: hidden }
  const code = ofCode[error.code] ?? ofCategory[error.category] ?? status.INTERNAL
  return { code, details: Buffer.from(error.message.slice(0, maxDetails)).toString(), metadata: trailer(error) }
}

function trailer({ code, category, message, facts }: LakeError): Metadata {
  const metadata = new Metadata()
  metadata.set(errorTrailer, Buffer.from(JSON.stringify({ code, category, message, facts })))
  return metadata
}
