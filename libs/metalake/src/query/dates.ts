const dayMs = 86_400_000
const day = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/

// Postgres has no year 0, and a fifth digit of a year is written otherwise: nothing is uploaded beyond these.
const earliest = Date.parse('0001-01-02T00:00:00Z')
const latest = Date.parse('9999-12-31T23:59:59.999Z')
const iso = (time: number): string => new Date(Math.min(latest, Math.max(earliest, time))).toISOString()

/**
 * The time a date stands for, from (inclusive) and before (exclusive), UTC: a day all of it, an instant its millisecond, which is as
 * exactly as the API tells instants. Null: no date.
 */
export function rangeOfDate(text: string): { from: string; before: string } | null {
  const [, date, clock] = day.exec(text) ?? []
  if (date === undefined) return null
  const start = Date.parse(`${date}T00:00:00Z`)
  // 2026-02-31 is read as 3 March: only a day that reads back the same exists.
  if (Number.isNaN(start) || !new Date(start).toISOString().startsWith(date)) return null
  if (clock === undefined) return { from: iso(start), before: iso(start + dayMs) }
  const instant = Date.parse(text)
  return Number.isNaN(instant) ? null : { from: iso(instant), before: iso(instant + 1) }
}
