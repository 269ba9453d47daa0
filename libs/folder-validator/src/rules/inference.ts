import { defLine, judgeSignature, requiredFunctions, type RequiredFunction } from '../python/functions'
import { findPython } from '../python/findPython'
import { readFunctions, type ModuleFacts } from '../python/readFunctions'
import { isPython, readStart, type Inspection } from './inspection'
import { failed, passed, skipped, warned, type Finding, type Rule } from './rule'

const file = 'code/inference.py'
// Ten times the longest scripts of the field; what is larger carries data, which belong beside it.
const maxSourceBytes = 2 * 1024 * 1024

async function readModule(inspection: Inspection): Promise<Finding[]> {
  const source = await readStart(inspection, file, maxSourceBytes + 1)
  if (source.length > maxSourceBytes) {
    const hint = 'Move data out of the script, into files beside `code/`.'
    return [failed('inference.too-large', 'it is larger than 2 MiB', hint, { file })]
  }
  const { python: given, signal } = inspection.options
  const python = given === undefined ? ((await findPython())?.path ?? null) : given
  if (python === null) {
    return [skipped('there is no Python 3.9 or newer here to read it with: its functions were not checked')]
  }
  const module = await readFunctions(source, { python, ...(signal && { signal }) })
  inspection.module = module
  return module.kind === 'module' ? [] : [moduleFault(module)]
}

function moduleFault(module: Exclude<ModuleFacts, { kind: 'module' }>): Finding {
  if (module.kind === 'gaveUp') {
    const hint = 'Write it in simpler expressions: it is nested too deep, or too long.'
    return failed('inference.parser', `Python’s parser gave up on it: ${module.reason}`, hint, { file })
  }
  const { line, text, message } = module
  const shown = text === null ? '' : `: ${text.trim()}`
  const hint = 'Correct it; `python3 -m py_compile code/inference.py` shows the same.'
  return failed('inference.syntax', `${message}${shown}`, hint, { file, line })
}

function judgeFunction(inspection: Inspection, required: RequiredFunction): Finding[] {
  const { module } = inspection
  if (module?.kind !== 'module') return [skipped('inference.py was not read')]
  const bound = module.names[required.name]
  const write = `Write \`${defLine(required)}\``
  if (!bound) {
    if (!module.star) return [failed('inference.missing', `\`${required.name}\` is missing`, `${write}.`, { file })]
    const message = `\`${required.name}\` is not seen; perhaps \`import *\` brings it`
    return [warned('inference.unseen', message, 'Import it by its name.', { file })]
  }
  const where = { file, line: bound.line }
  const finding = judgeSignature(required, bound)
  const findings: Finding[] = []
  if (finding) {
    const hint = finding.fatal ? `${write}.` : `${write} where the parameters can be seen.`
    findings.push((finding.fatal ? failed : warned)(finding.code, finding.message, hint, where))
  }
  if (bound.times > 1) {
    const message = `\`${required.name}\` is defined ${bound.times} times; the last one counts`
    findings.push(warned('inference.redefined', message, 'Keep one of them.', where))
  }
  return findings.length > 0 ? findings : [{ ...passed(`line ${bound.line}`, file), line: bound.line }]
}

export const inferenceRules: readonly Rule[] = [
  {
    code: 'inference.read',
    name: 'inference.py is valid Python',
    applies: isPython,
    needs: ['structure.inference'],
    run: readModule,
  },
  ...requiredFunctions.map((required): Rule => ({
    code: 'inference.function',
    name: `inference.py defines ${required.name}(${required.parameters.join(', ')})`,
    applies: isPython,
    needs: ['inference.read'],
    run: (inspection) => judgeFunction(inspection, required),
  })),
]
