import { logicalLines } from './lines'
import { parseRequirement } from './requirement'

export interface RequirementFault {
  code:
    | 'requirements.source'
    | 'requirements.option'
    | 'requirements.syntax'
    | 'requirements.variable'
    | 'requirements.hash'
    | 'requirements.too-many'
  line: number
  message: string
  hint: string
}

export interface Requirements {
  /** In one way of writing, in the order of the file; hashes behind them. Empty when there is nothing to install. */
  requirements: string[]
  faults: RequirementFault[]
  /** Named twice under the same conditions: of these, the later line. */
  duplicates: { line: number; name: string }[]
  /** Without an exact version (`==`, `===`) or a hash. */
  unpinned: string[]
}

export interface RequirementOptions {
  /** Lets through what reaches outside of the configured index, as it is written. Default: refused. */
  allowedRequirementSources?: boolean
}

const maxRequirements = 1000
// Forty hashes take four kilobytes. Patterns are matched against a line: what is longer could make them slow, and is none.
const maxLineLength = 16_384
const reachingOptions =
  /^(-i|--index-url|--pypi-url|--extra-index-url|--no-index|-f|--find-links|--trusted-host|-e|--editable|-r|--requirement|-c|--constraint)(?![\w-])/
const shortReaching = /^-[iferc]\S/
const isUrlLike =
  /^(?:[A-Za-z][A-Za-z0-9+.-]*:|[^\s;@<>=!~[(]*[/\\]|~[^=])|^\.{1,2}$|\.(?:whl|zip|tar\.gz|tgz|tar\.bz2|tar)(?:$|[\s[;])/i
const directReference = /^[A-Za-z0-9][A-Za-z0-9._-]*\s*(?:\[[^\]]*\])?\s*@\s*\S/

/** Reads requirements.txt by the packaging rules (PEP 508, PEP 440, pip's file format). Never throws for what it holds. */
export function parseRequirements(
  text: string,
  { allowedRequirementSources = false }: RequirementOptions = {},
): Requirements {
  const found: Requirements = { requirements: [], faults: [], duplicates: [], unpinned: [] }
  const seen = new Set<string>()
  const lines = logicalLines(text)
  const tooMany = lines[maxRequirements]
  if (tooMany) {
    const message = `more than ${maxRequirements} requirements`
    found.faults.push({
      code: 'requirements.too-many',
      line: tooMany.line,
      message,
      hint: 'Keep only what is imported.',
    })
  }
  for (const { line, text: each } of lines.slice(0, maxRequirements)) {
    const fault = each.length > maxLineLength ? tooLong : reaching(each)
    if (fault && !(allowedRequirementSources && fault.code === 'requirements.source'))
      found.faults.push({ line, ...fault })
    else if (fault) found.requirements.push(each)
    else addPlain(found, seen, line, each)
  }
  return found
}

type Fault = Omit<RequirementFault, 'line'>

const tooLong: Fault = {
  code: 'requirements.syntax',
  message: 'the line is longer than any requirement',
  hint: 'Write one requirement a line.',
}

function reaching(text: string): Fault | null {
  const source = (what: string): Fault => ({
    code: 'requirements.source',
    message: `${what} reaches outside of the configured index`,
    hint: "Name a distribution and a version, as `numpy==2.1.3`; the index is the configuration's to choose.",
  })
  if (/\$\{[A-Z0-9_]+\}/.test(text))
    return {
      code: 'requirements.variable',
      message: `"${shorten(text)}" takes a value from the environment of whoever installs`,
      hint: 'Write the value itself.',
    }
  const option = reachingOptions.exec(text)?.[1] ?? (shortReaching.test(text) ? text.slice(0, 2) : null)
  if (option !== null) return source(`\`${option}\``)
  if (text.startsWith('-'))
    return {
      code: 'requirements.option',
      message: `the option \`${shorten(text)}\` is not taken`,
      hint: 'Take it out: how to install is for LakeLens to choose.',
    }
  if (isUrlLike.test(text) || directReference.test(text)) return source(`"${shorten(text)}"`)
  return null
}

const shorten = (text: string): string => (text.length > 100 ? `${text.slice(0, 100)}…` : text)

function addPlain(found: Requirements, seen: Set<string>, line: number, text: string): void {
  const [requirement = '', ...options] = text.split(/\s+(?=--)/)
  const fault = (code: RequirementFault['code'], message: string, hint: string): void =>
    void found.faults.push({ code, line, message, hint })
  const hashes = options.map((each) => each.replace(/^--hash[\s=]+/, '--hash='))
  const strange = hashes.find((each) => !each.startsWith('--hash='))
  if (strange !== undefined)
    return fault('requirements.option', `the option \`${shorten(strange)}\` is not taken`, 'Take it out.')
  if (hashes.some((each) => !/^--hash=(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/i.test(each)))
    return fault('requirements.hash', 'a hash is malformed', 'Write `--hash=sha256:` and 64 hexadecimal digits.')
  const parsed = parseRequirement(requirement)
  if ('reason' in parsed)
    return fault(
      'requirements.syntax',
      `"${shorten(requirement)}" is not a requirement: ${parsed.reason}`,
      'Write a name and, best, a version: `pillow==11.0.0`.',
    )
  const key = `${parsed.name};${parsed.marker ?? ''}`
  if (seen.has(key)) found.duplicates.push({ line, name: parsed.name })
  seen.add(key)
  const pinned = hashes.length > 0 || parsed.specifiers.some((each) => /^={2,3}[^*]*$/.test(each))
  if (!pinned) found.unpinned.push(parsed.name)
  found.requirements.push([parsed.text, ...hashes].join(' '))
}
