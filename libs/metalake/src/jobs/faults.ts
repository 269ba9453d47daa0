import type { JobProblem } from '@lakelens/db'
import type { FaultReport } from '@lakelens/jobs'
import { isLakeError, messageOf } from '@lakelens/kernel'

// Postgres' classes for a connection that is gone, resources that ran out, and a server that starts or stops; and the system's.
const passingFault =
  /^(08|53|57P|40001|40P01)|^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|ENOSPC|EDQUOT|EMFILE)$/

/** Tells what waiting can mend (inference or database away, disk full) from what it can't. */
export function reportFault(error: unknown): FaultReport {
  if (isLakeError(error)) {
    const waits =
      error.facts['retryable'] === true || error.category === 'UNAVAILABLE' || error.category === 'STORAGE_FULL'
    // The lake may be busy only now: it is tried again, but not for ever.
    const retryable = waits || error.code === 'STATEMENT_TOO_LONG'
    return { problem: { code: error.code, message: error.message, hint: null, retryable }, waits }
  }
  const code = String((error as { code?: unknown } | null)?.code ?? '')
  const waits =
    passingFault.test(code) || /connection terminated|timeout exceeded when trying to connect/i.test(messageOf(error))
  const problem: JobProblem = waits
    ? {
        code: 'UNAVAILABLE',
        message: 'The database or the disk is not available at the moment.',
        hint: 'The job goes on by itself.',
        retryable: true,
      }
    : {
        code: 'INTERNAL',
        message: 'Something unforeseen went wrong; the log has the details.',
        hint: null,
        retryable: true,
      }
  return { problem, waits }
}
