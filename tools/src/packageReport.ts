import type { Check, Report } from '@lakelens/folder-validator'
import { printable } from './printable'

const marks: Readonly<Record<Check['outcome'], { mark: string; colour: number }>> = {
  PASSED: { mark: '✔', colour: 32 },
  WARNING: { mark: '!', colour: 33 },
  FAILED: { mark: '✖', colour: 31 },
  SKIPPED: { mark: '–', colour: 90 },
}

/** One line a check, with what to write beneath those that ask for something, and the sum at the end. */
export function formatReport(report: Report, { colours = false }: { colours?: boolean } = {}): string {
  const width = Math.max(0, ...report.checks.map((check) => check.code.length))
  const lines = report.checks.flatMap((check) => linesOf(check, width, colours))
  return [...lines, '', summaryOf(report)].join('\n')
}

function linesOf(check: Check, width: number, colours: boolean): string[] {
  const { mark, colour } = marks[check.outcome]
  const painted = colours ? `\u001b[${colour}m${mark}\u001b[0m` : mark
  const place = check.file === null ? '' : ` (${check.file}${check.line === null ? '' : `:${check.line}`})`
  const said = check.message === null ? check.name : `${check.name}: ${check.message}`
  const line = `${painted} ${printable(check.code).padEnd(width)}  ${printable(`${said}${place}`)}`
  const asks = check.hint !== null && (check.outcome === 'FAILED' || check.outcome === 'WARNING')
  return asks ? [line, `${' '.repeat(width + 4)}→ ${printable(check.hint ?? '')}`] : [line]
}

function summaryOf({ ok, checks, durationMs }: Report): string {
  const count = (outcome: Check['outcome']): number => checks.filter((check) => check.outcome === outcome).length
  const parts = [
    `${count('PASSED')} passed`,
    `${count('WARNING')} to look at`,
    `${count('FAILED')} failed`,
    `${count('SKIPPED')} skipped`,
  ]
  return `${ok ? 'The package is good' : 'The package is not usable'}: ${parts.join(', ')} (${(durationMs / 1000).toFixed(1)} s).`
}
