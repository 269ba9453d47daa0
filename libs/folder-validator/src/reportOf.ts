import type { LakeError } from '@lakelens/kernel'
import type { Report } from './report'

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** An archive that could not be opened at all, as a report of one FAILED check. */
export function reportOf({ code, message, facts }: LakeError, durationMs: number): Report {
  const check = {
    code: text(facts['check']) ?? code,
    name: 'The package can be read',
    outcome: 'FAILED' as const,
    message: text(facts['fact'])?.replace(/\.$/, '') ?? message,
    file: text(facts['file']),
    line: null,
    hint: text(facts['hint']),
  }
  return { ok: false, checks: [check], durationMs: Math.round(durationMs) }
}
