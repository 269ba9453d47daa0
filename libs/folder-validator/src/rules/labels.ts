import { readLabelList, type LabelList } from '../labels'
import { readText, type Inspection } from './inspection'
import { failed, passed, warned, type Finding, type Rule } from './rule'

const listFile = 'label_list.yaml'
const maxFindings = 20

async function readLabels(inspection: Inspection): Promise<Finding[]> {
  const { manifest, files } = inspection
  const declared = manifest?.labels
  if (Array.isArray(declared)) return takeDeclared(inspection, declared)
  if (declared !== undefined && !files.has(declared)) {
    const hint = 'Add the file, beside model.yaml, or correct its name.'
    return [
      failed('labels.file', `model.yaml says \`labels: ${declared}\`, and there is no such file`, hint, {
        file: 'model.yaml',
      }),
    ]
  }
  const file = declared ?? (files.has(listFile) ? listFile : null)
  if (file === null) return [passed('there are none')]
  const read = await readFile(inspection, file)
  if ('outcome' in read) return [read]
  const faults = read.faults
    .slice(0, maxFindings)
    .map(({ code, message, line }) => failed(code, message, hintOf(code), { file, line }))
  if (faults.length > 0) return faults
  Object.assign(inspection, { labels: read.labels, labelLines: read.lines, labelsFile: file })
  const second = file !== listFile && files.has(listFile) ? await compare(inspection, read.labels) : []
  return [...second, passed(`${read.labels.length} labels`, file)]
}

async function readFile(inspection: Inspection, file: string): Promise<LabelList | Finding> {
  const read = await readText(inspection, file)
  if (!('fault' in read)) return readLabelList(read.text)
  return failed(`labels.${read.fault}`, read.message, 'Save it as UTF-8 text, one name a label.', { file })
}

async function takeDeclared(inspection: Inspection, declared: string[]): Promise<Finding[]> {
  inspection.labels = declared
  inspection.labelsFile = 'model.yaml'
  const second = inspection.files.has(listFile) ? await compare(inspection, declared) : []
  return [...second, passed(`${declared.length} labels`, 'model.yaml')]
}

/** Two lists are one too many: which of them counts should nobody have to know. */
async function compare(inspection: Inspection, declared: readonly string[]): Promise<Finding[]> {
  const read = await readFile(inspection, listFile)
  const same =
    'labels' in read && read.labels.length === declared.length && read.labels.every((label, i) => label === declared[i])
  const hint = 'Keep one of them.'
  const where = { file: listFile }
  if (same) return [warned('labels.two-lists', 'model.yaml holds the same labels', hint, where)]
  return [failed('labels.two-lists', 'model.yaml holds other labels', hint, where)]
}

function hintOf(code: string): string {
  if (code === 'labels.indexes') return 'Number the labels from 0, each once.'
  if (code === 'labels.yaml') return 'Correct the YAML; quote names that hold `:` or `#`.'
  if (code === 'labels.shape') return 'Write `label_list: [person, bicycle, ...]`, in training order.'
  if (code === 'labels.too-many') return 'Name only the classes of the model.'
  return 'Write a name; for a class without one something like `unused-12`.'
}

function requireUnique({ labels, labelLines, labelsFile }: Inspection): Finding[] {
  const exact = new Map<string, number>()
  const folded = new Map<string, string>()
  const findings: Finding[] = []
  for (const [index, label] of labels.entries()) {
    const where = { file: labelsFile ?? undefined, line: labelLines[index] ?? null }
    const first = exact.get(label)
    const alike = folded.get(label.toLowerCase())
    if (first !== undefined) {
      const hint = 'Give every class a name of its own: with one name for two, nobody can tell their tags apart.'
      findings.push(failed('labels.duplicate', `label ${index}, "${label}", is label ${first} again`, hint, where))
    } else if (alike !== undefined) {
      const hint = 'Rename one of them, unless one tag is meant.'
      findings.push(
        warned('labels.case', `"${label}" and "${alike}" are one tag: tags are found in any case`, hint, where),
      )
    }
    exact.set(label, first ?? index)
    folded.set(label.toLowerCase(), alike ?? label)
  }
  return findings.slice(0, maxFindings)
}

export const labelRules: readonly Rule[] = [
  {
    code: 'labels.read',
    name: 'The labels can be read',
    applies: ({ runtime, files, manifest }) =>
      runtime !== null && (files.has(listFile) || manifest === null || manifest.labels !== undefined),
    needs: ['manifest.read'],
    run: readLabels,
  },
  {
    code: 'labels.unique',
    name: 'No label is there twice',
    applies: ({ labels }) => labels.length > 0,
    needs: ['labels.read'],
    run: requireUnique,
  },
]
