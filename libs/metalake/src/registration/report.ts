import type { JobProblem } from '@lakelens/db'
import { serverChecks, type Check, type Report } from '@lakelens/folder-validator'
import { LakeError } from '@lakelens/kernel'
import { errors } from './errors'

/** A check that only the server can make, beside those of the package itself. */
export const ownCheck = (
  code: keyof typeof serverChecks,
  outcome: Check['outcome'],
  told: Partial<Pick<Check, 'message' | 'file' | 'hint'>> = {},
): Check => ({
  code,
  name: serverChecks[code].name,
  outcome,
  message: null,
  file: null,
  line: null,
  hint: null,
  ...told,
})

export const withChecks = (report: Report, more: readonly Check[], durationMs: number): Report => {
  const checks = [...report.checks, ...more]
  return { ok: checks.every((check) => check.outcome !== 'FAILED'), checks, durationMs }
}

/** A report for a job that ended before there was one. */
export const reportOfProblem = ({ message, hint }: JobProblem): Report => ({
  ok: false,
  checks: [ownCheck('registration.ended', 'FAILED', { message, hint })],
  durationMs: 0,
})

const failed = (report: Report): Check[] => report.checks.filter((check) => check.outcome === 'FAILED')

/** Why a job failed whose package did. */
export function problemOf(report: Report): JobProblem {
  const [first, ...rest] = failed(report).map((check) => errorOf(check))
  const message = first?.message ?? 'The package did not pass its checks.'
  return {
    code: first?.code ?? 'PACKAGE_CHECK_FAILED',
    message: rest.length === 0 ? message : `${message} And ${rest.length} more: see the report.`,
    hint: null,
    retryable: false,
  }
}

/** A report's faults as errors are told to clients: a list of hundreds helps nobody. */
export const maxErrors = 50

/** One error a FAILED check. */
export const errorsOf = (report: Report): LakeError[] => failed(report).slice(0, maxErrors).map(errorOf)

/** What a client can do about a check that isn't about the package's files has a class of its own. */
function errorOf(check: Check): LakeError {
  const { code, name, message, file, line, hint } = check
  const error = errors.PACKAGE_CHECK_FAILED({ check: code, name, message, file, line, hint })
  if (code === 'license.denied') return new LakeError('LICENSE_DENIED', 'LICENSE_DENIED', error.message, error.facts)
  if (code === 'manifest.remote')
    return new LakeError(error.code, 'NOT_SUPPORTED', error.message, { ...error.facts, field: 'remote' })
  if (code === 'registration.ended') return errors.REGISTRATION_FAILED({ reason: message ?? name })
  return error
}
