export const checkOutcomes = ['PASSED', 'WARNING', 'FAILED', 'SKIPPED'] as const
export type CheckOutcome = (typeof checkOutcomes)[number]

/** One line of a report: a rule and what became of it. */
export interface Check {
  /** Stable, for programs: `labels.count`, `archive.link`, ... */
  code: string
  /** For people: what the rule asks for. */
  name: string
  outcome: CheckOutcome
  /** What was found; null where the name says it all. */
  message: string | null
  /** Inside the package, `/` between folders. */
  file: string | null
  /** From 1. */
  line: number | null
  /** What to write, or to do. */
  hint: string | null
}

/** The checks in the order they were made. */
export interface Report {
  /** True when no check FAILED. */
  ok: boolean
  checks: Check[]
  durationMs: number
}
