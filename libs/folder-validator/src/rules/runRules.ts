import type { CheckCode } from '../codes'
import type { Check, CheckOutcome } from '../report'
import type { Inspection } from './inspection'
import type { Finding, Rule } from './rule'

/** Asks every rule that applies, in order. A rule that builds on one that failed is SKIPPED and says so. */
export async function runRules(inspection: Inspection, rules: readonly Rule[]): Promise<Check[]> {
  const outcomes = new Map<CheckCode, { outcome: CheckOutcome; name: string }>()
  const checks: Check[] = []
  for (const rule of rules) {
    inspection.options.signal?.throwIfAborted()
    if (rule.applies && !rule.applies(inspection)) continue
    const blocker = (rule.needs ?? [])
      .map((code) => outcomes.get(code))
      .find((each) => each?.outcome === 'FAILED' || each?.outcome === 'SKIPPED')
    const found = blocker ? [blocked(blocker)] : await rule.run(inspection)
    const findings = found.length > 0 ? found : [{ outcome: 'PASSED' as const, message: null }]
    const outcome = worst(findings)
    outcomes.set(rule.code, { outcome, name: rule.name })
    const told = outcome === 'FAILED' ? findings.filter((each) => each.outcome !== 'PASSED') : findings
    checks.push(...told.map((finding) => checkOf(rule, finding)))
  }
  return checks
}

const blocked = ({ outcome, name }: { outcome: CheckOutcome; name: string }): Finding => ({
  outcome: 'SKIPPED',
  message:
    outcome === 'FAILED'
      ? `not checked, because this failed: ${name}`
      : `not checked, because this was not either: ${name}`,
})

const order: readonly CheckOutcome[] = ['FAILED', 'SKIPPED', 'WARNING', 'PASSED']
const worst = (findings: readonly Finding[]): CheckOutcome =>
  order.find((outcome) => findings.some((each) => each.outcome === outcome)) ?? 'PASSED'

// Names inside of a package may be as long as their author likes.
const maxTextLength = 1_000
const shorten = (text: string | null | undefined): string | null =>
  text == null || text.length <= maxTextLength ? (text ?? null) : `${text.slice(0, maxTextLength)}…`

const checkOf = (rule: Rule, { outcome, code, message, file, line, hint }: Finding): Check => ({
  code: code ?? rule.code,
  name: rule.name,
  outcome,
  message: shorten(message),
  file: file ?? null,
  line: line ?? null,
  hint: shorten(hint),
})
