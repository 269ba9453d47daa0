export interface LogicalLine {
  /** Where it begins, from 1. */
  line: number
  text: string
}

/**
 * The lines of a requirements.txt as pip joins them: a backslash at the end goes on in the next line, a comment is a `#` at the
 * start or behind a space, and a comment line ends a run of joined ones.
 */
export function logicalLines(text: string): LogicalLine[] {
  const found: LogicalLine[] = []
  let joined: LogicalLine | null = null
  for (const [index, physical] of text.split(/\r\n|[\n\r]/).entries()) {
    const comment = /^\s*#/.test(physical)
    const goesOn = !comment && physical.endsWith('\\')
    const part = comment ? '' : goesOn ? physical.slice(0, -1) : physical
    joined = joined === null ? { line: index + 1, text: part } : { line: joined.line, text: joined.text + part }
    if (goesOn) continue
    found.push(joined)
    joined = null
  }
  if (joined !== null) found.push(joined)
  return found
    .map(({ line, text: each }) => ({
      line,
      text: each
        .replace(/(^|\s)#.*$/, '')
        .replace(/\s+/g, ' ')
        .trim(),
    }))
    .filter(({ text: each }) => each !== '')
}
