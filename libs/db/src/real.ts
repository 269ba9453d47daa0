// Beyond these Postgres refuses the text of a real as out of range.
const largestReal = 3.4e38
const smallestReal = 1.2e-38

/** The nearest number that Postgres takes as a real. */
export function asReal(value: number): number {
  if (Math.abs(value) < smallestReal) return 0
  return Math.fround(Math.min(largestReal, Math.max(-largestReal, value)))
}
