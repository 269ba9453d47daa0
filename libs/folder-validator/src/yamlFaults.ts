import type { Document } from 'yaml'

// An alias stands for a copy: nested ones, nine deep with nine each, are the "billion laughs". Nobody needs them here.
export const maxAliases = 10

export interface YamlFault {
  message: string
  line: number | null
}

/** Why a YAML document can't be used: a syntax error, a key twice, a tag of another language, aliases without end. */
export function faultOfYaml(document: Document.Parsed): YamlFault | null {
  // An unknown tag (`!!python/object`) is only a warning of the parser's, which then reads the value as if it had none.
  const [problem] = [...document.errors, ...document.warnings]
  if (problem) {
    const [message = ''] = problem.message.split('\n', 1)
    return { message: message.replace(/ at line \d+, column \d+:?$/, ''), line: problem.linePos?.[0].line ?? null }
  }
  try {
    document.toJS({ maxAliasCount: maxAliases })
    return null
  } catch (error) {
    return { message: (error as Error).message, line: null }
  }
}
