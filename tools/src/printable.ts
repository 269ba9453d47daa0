import { isLakeError, messageOf } from '@lakelens/kernel'

/** Text that came from outside, safe on a terminal: control characters (which could move the cursor or hide text) shown as `\x1b`. */
export const printable = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.charCodeAt(0)
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
  })

/** Columns padded to their widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows].map((row) => row.map(printable))
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)))
  const render = (line: readonly string[]): string =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  const [first, ...rest] = lines.map(render)
  return [first, widths.map((width) => '-'.repeat(width)).join('  '), ...rest].join('\n')
}

/** One line of an error: its message, and its code when it has one. */
export const describeError = (error: unknown): string =>
  isLakeError(error) ? `${printable(error.message)} [${error.code}]` : printable(messageOf(error))
