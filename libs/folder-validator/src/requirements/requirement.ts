import { normaliseMarker } from './markers'

export interface Requirement {
  /** PEP 503: lower case, runs of `-`, `_` and `.` one `-`. */
  name: string
  /** In one way of writing, sorted: `['<3', '>=2']`. */
  specifiers: string[]
  marker: string | null
  /** The whole in one way of writing. */
  text: string
}

const name = '[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?'
const pattern = new RegExp(`^(${name})\\s*(?:\\[([^\\]]*)\\])?\\s*(.*)$`, 's')
const extra = new RegExp(`^${name}$`)

// PEP 440: [epoch!]release[pre][post][dev][+local]
const release = String.raw`v?(?:\d+!)?\d+(?:\.\d+)*`
const suffixes =
  String.raw`(?:[-_.]?(?:alpha|beta|preview|pre|a|b|c|rc)[-_.]?\d*)?` +
  String.raw`(?:-\d+|[-_.]?(?:post|rev|r)[-_.]?\d*)?(?:[-_.]?dev[-_.]?\d*)?`
const local = String.raw`(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?`
const anyVersion = new RegExp(`^${release}${suffixes}$`, 'i')
const exactVersion = new RegExp(`^(?:${release}${suffixes}${local}|${release}\\.\\*)$`, 'i')
const compatibleVersion = new RegExp(String.raw`^v?(?:\d+!)?\d+(?:\.\d+)+${suffixes}$`, 'i')

const versionOf: Readonly<Record<string, RegExp>> = {
  '==': exactVersion,
  '!=': exactVersion,
  '~=': compatibleVersion,
  '<=': anyVersion,
  '>=': anyVersion,
  '<': anyVersion,
  '>': anyVersion,
  '===': /^\S+$/,
}

/** `name[extra] >=1,<2 ; marker` (PEP 508), or why it is none. A direct reference (`name @ url`) is not read here. */
export function parseRequirement(line: string): Requirement | { reason: string } {
  const [, given, extrasText, rest = ''] = pattern.exec(line.trim()) ?? []
  if (given === undefined) return { reason: 'it does not begin with the name of a distribution' }
  const extras = (extrasText ?? '').split(',').map((each) => each.trim())
  const named = extras.filter((each) => each !== '')
  if (named.some((each) => !extra.test(each)) || (extrasText?.trim() && named.length < extras.length))
    return { reason: `its extras [${extrasText}] are not names` }
  const semicolon = rest.indexOf(';')
  const versions = (semicolon === -1 ? rest : rest.slice(0, semicolon)).trim()
  const marker = semicolon === -1 ? null : normaliseMarker(rest.slice(semicolon + 1))
  if (semicolon !== -1 && marker === null) return { reason: `"${rest.slice(semicolon + 1).trim()}" is not a marker` }
  const specifiers = parseSpecifiers(versions)
  if ('reason' in specifiers) return specifiers
  const normal = given.toLowerCase().replace(/[-_.]+/g, '-')
  const suffix = named.length > 0 ? `[${named.map((each) => each.toLowerCase().replace(/[-_.]+/g, '-')).sort()}]` : ''
  const condition = marker === null ? '' : ` ; ${marker}`
  return {
    name: normal,
    specifiers: specifiers.list,
    marker,
    text: `${normal}${suffix}${specifiers.list.join(',')}${condition}`,
  }
}

function parseSpecifiers(text: string): { list: string[] } | { reason: string } {
  const inner = /^\((.*)\)$/s.exec(text)?.[1] ?? text
  if (inner.trim() === '') return { list: [] }
  const list: string[] = []
  for (const part of inner.split(',')) {
    const [, operator, version = ''] = /^\s*(===|~=|==|!=|<=|>=|<|>)\s*(\S+)\s*$/.exec(part) ?? []
    if (operator === undefined) {
      const single = /^\s*=(?!=)/.test(part) ? ' (two equals signs are wanted)' : ''
      return { reason: `"${part.trim()}" is not a version specifier${single}` }
    }
    if (!versionOf[operator]?.test(version)) return { reason: `"${operator}${version}" is not a version specifier` }
    list.push(operator + version)
  }
  return { list: list.sort() }
}
