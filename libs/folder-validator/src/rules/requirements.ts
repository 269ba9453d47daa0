import { parseRequirements } from '../requirements/parseRequirements'
import { isPython, readText, type Inspection } from './inspection'
import { failed, listed, passed, warned, type Finding, type Rule } from './rule'

const file = 'code/requirements.txt'
const maxFindings = 50

async function readRequirements(inspection: Inspection): Promise<Finding[]> {
  const read = await readText(inspection, file)
  if ('fault' in read) return [failed(`requirements.${read.fault}`, read.message, 'Save it as UTF-8 text.', { file })]
  const { allowedRequirementSources = false } = inspection.options
  const found = parseRequirements(read.text, { allowedRequirementSources })
  inspection.requirements = found.requirements
  const findings = found.faults.map(({ code, line, message, hint }) => failed(code, message, hint, { file, line }))
  for (const { line, name } of found.duplicates)
    findings.push(warned('requirements.duplicate', `${name} is named twice`, 'Keep one of the lines.', { file, line }))
  if (found.unpinned.length > 0) {
    const message = `${listed(found.unpinned)}: the version is left open, and may be another one tomorrow`
    findings.push(
      warned('requirements.unpinned', message, 'Write the version that was tried: `numpy==2.1.3`.', { file }),
    )
  }
  const count = found.requirements.length
  const summary = count === 0 ? 'nothing to install' : `${count} to install`
  return findings.length > 0 ? findings.slice(0, maxFindings) : [passed(summary, file)]
}

export const requirementRules: readonly Rule[] = [
  {
    code: 'requirements.read',
    name: 'requirements.txt can be installed from the configured index',
    applies: isPython,
    needs: ['structure.requirements'],
    run: readRequirements,
  },
]
