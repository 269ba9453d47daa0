// PEP 508, "Environment Markers". What they evaluate to is the installer's business; here they must only be ones.
const variables = new Set([
  'os_name',
  'sys_platform',
  'platform_machine',
  'platform_python_implementation',
  'platform_release',
  'platform_system',
  'platform_version',
  'python_version',
  'python_full_version',
  'implementation_name',
  'implementation_version',
  'extra',
  'os.name',
  'sys.platform',
  'platform.machine',
  'platform.python_implementation',
  'platform.version',
  'python_implementation',
])
const token =
  /\s*(?:(\(|\))|(and|or|not\s+in|in)(?![\w.])|(===|~=|==|!=|<=|>=|<|>)|('[^']*'|"[^"]*")|([A-Za-z_][\w.]*))/y

type Kind = 'bracket' | 'word' | 'operator' | 'string' | 'name'
interface Token {
  kind: Kind
  text: string
}

function tokensOf(text: string): Token[] | null {
  const tokens: Token[] = []
  for (let at = 0; at < text.length; at = token.lastIndex) {
    token.lastIndex = at
    const found = token.exec(text)
    if (!found) return text.slice(at).trim() === '' ? tokens : null
    const [, bracket, word, operator, string, name] = found
    if (bracket !== undefined) tokens.push({ kind: 'bracket', text: bracket })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word.replace(/\s+/, ' ') })
    else if (operator !== undefined) tokens.push({ kind: 'operator', text: operator })
    else if (string !== undefined) tokens.push({ kind: 'string', text: string })
    else tokens.push({ kind: 'name', text: name ?? '' })
  }
  return tokens
}

/** The marker in one way of writing, or null when it is none. */
export function normaliseMarker(text: string): string | null {
  const tokens = tokensOf(text)
  return tokens && isMarker(tokens) ? tokens.map((each) => each.text).join(' ') : null
}

// Comparisons joined by `and` and `or`, with brackets around any run of them. Precedence does not matter to the form.
function isMarker(tokens: readonly Token[]): boolean {
  let depth = 0
  for (let at = 0; at < tokens.length;) {
    while (tokens[at]?.text === '(') {
      depth++
      at++
    }
    if (!isComparison(tokens.slice(at, at + 3))) return false
    at += 3
    while (tokens[at]?.text === ')') {
      depth--
      at++
    }
    if (depth < 0) return false
    if (at === tokens.length) return depth === 0
    if (!['and', 'or'].includes(tokens[at]?.text ?? '')) return false
    at++
  }
  return false
}

const isValue = (each: Token | undefined): boolean =>
  each?.kind === 'string' || (each?.kind === 'name' && variables.has(each.text))

const isComparison = ([left, operator, right]: readonly Token[]): boolean =>
  isValue(left) &&
  isValue(right) &&
  (operator?.kind === 'operator' || operator?.text === 'in' || operator?.text === 'not in')
