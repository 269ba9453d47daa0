import type { CheckCode } from '../codes'
import type { CheckOutcome } from '../report'
import type { Inspection } from './inspection'

/** What a rule found. `code` and `name` are the rule's own where they are left out. */
export interface Finding {
  outcome: CheckOutcome
  code?: CheckCode
  message: string | null
  file?: string | undefined
  line?: number | null | undefined
  hint?: string
}

/** One line of the catalogue of what is asked of a package. */
export interface Rule {
  /** What it is called when it PASSED, and what other rules name in `needs`. */
  code: CheckCode
  /** For people: what it asks for. */
  name: string
  /** Packages it has nothing to say about don't show it at all. */
  applies?: (inspection: Inspection) => boolean
  /** Rules it builds on: it is SKIPPED when one of them FAILED or was SKIPPED. */
  needs?: readonly CheckCode[]
  /** Nothing found is PASSED. */
  run: (inspection: Inspection) => Finding[] | Promise<Finding[]>
}

export const passed = (message: string, file?: string): Finding => ({ outcome: 'PASSED', message, file })
export const skipped = (message: string): Finding => ({ outcome: 'SKIPPED', message })

interface Where {
  file?: string | undefined
  line?: number | null | undefined
}

/** A fault, and what to write instead. */
export const failed = (code: CheckCode, message: string, hint: string, where: Where = {}): Finding => ({
  outcome: 'FAILED',
  code,
  message,
  hint,
  ...where,
})

export const warned = (code: CheckCode, message: string, hint: string, where: Where = {}): Finding => ({
  ...failed(code, message, hint, where),
  outcome: 'WARNING',
})

/** `a, b, c and 7 more` */
export function listed(names: readonly string[], most = 5): string {
  const rest = names.length - most
  return rest > 0 ? `${names.slice(0, most).join(', ')} and ${rest} more` : names.join(', ')
}

/** A message of ours is fact plus next step: told apart, where it can be, for a report's two columns. */
export function factAndStep(message: string): { fact: string; step: string | null } {
  const at = message.search(/[.:] [A-Z]/)
  const step = at === -1 ? null : message.slice(at + 2)
  return { fact: (at === -1 ? message : message.slice(0, at)).replace(/\.$/, ''), step }
}
