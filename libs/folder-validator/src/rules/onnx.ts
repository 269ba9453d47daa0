import operatorTable from '../onnx/operators.json'
import { readOutline } from '../onnx/outline'
import { ProtobufError } from '../onnx/protobuf'
import { isOnnx, openFile, readStart, type Inspection } from './inspection'
import { failed, listed, passed, type Finding, type Rule } from './rule'
import { impostor, impostorFinding } from './weights'

const file = 'model.onnx'
const exportAgain = 'Export it again as one self-contained ONNX file.'

// onnxruntime 1.30, tried with a graph of one operator: versions of the format up to 13, of the operators from 7 (older ones
// lack implementations) to the `latest` of the table; one above each is refused by it.
const runtimeName = 'onnxruntime 1.30'
const newestIrVersion = 13
const oldestOpset = 7
const domains: Readonly<Record<string, { latest: number; operators: Readonly<Record<string, readonly number[]>> }>> =
  operatorTable
/** The runtime's own operators; which of them it has is for the trial run to say. */
const runtimeDomains: ReadonlySet<string> = new Set(['com.microsoft'])

async function readGraph(inspection: Inspection): Promise<Finding[]> {
  const start = await readStart(inspection, file, 1024)
  const kind = impostor(start)
  if (kind !== null) return [impostorFinding('onnx', kind, file)]
  const other = otherFormat(start)
  const handle = await openFile(inspection, file)
  try {
    const { size } = await handle.stat()
    const outline = await readOutline(handle, size)
    if (!outline.hasGraph) return [other ?? malformed('it holds no graph')]
    inspection.outline = outline
    return [passed(`${outline.nodes} operators`, file)]
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error
    return [other ?? protobufFinding(error)]
  } finally {
    await handle.close()
  }
}

const malformed = (what: string): Finding =>
  failed('onnx.malformed', `it is no ONNX graph: ${what}`, exportAgain, { file })

function protobufFinding({ kind, position }: ProtobufError): Finding {
  if (kind === 'truncated') {
    const hint = 'The copy was cut: copy it again, and pack again.'
    return failed('onnx.truncated', `it ends in the middle of what begins at byte ${position}`, hint, { file })
  }
  if (kind === 'endless')
    return failed('onnx.too-complex', 'it has more parts than any graph has', exportAgain, { file })
  return malformed(`byte ${position} can't be read`)
}

const signatures: readonly (readonly [hex: string, name: string, hint: string])[] = [
  ['504b0304', 'a ZIP archive, as PyTorch saves', 'Export the model with `torch.onnx.export`.'],
  ['1f8b', 'packed by gzip', 'Unpack it.'],
  ['894844460d0a1a0a', 'an HDF5 file, as Keras saves', 'Convert it with tf2onnx.'],
  ['80025d', 'a Python pickle', 'Export the model with `torch.onnx.export`.'],
  ['8002', 'a Python pickle', 'Export the model with `torch.onnx.export`.'],
  ['8004', 'a Python pickle', 'Export the model with `torch.onnx.export`.'],
]

/** What the file is instead, where it can be told; said only when it is no graph. */
function otherFormat(start: Buffer): Finding | null {
  const hex = start.toString('hex', 0, 16)
  const known = signatures.find(([prefix]) => hex.startsWith(prefix))
  if (known) return failed('onnx.other-format', `it is ${known[1]}, by its first bytes`, known[2], { file })
  if (start.toString('latin1', 4, 8) === 'TFL3')
    return failed('onnx.other-format', 'it is a TensorFlow Lite file, by its first bytes', 'Convert it with tf2onnx.', {
      file,
    })
  const isText = start.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 9 || byte === 10 || byte === 13)
  return isText ? failed('onnx.text', 'it is a text file', exportAgain, { file }) : null
}

function requireSelfContained({ outline, files }: Inspection): Finding[] {
  const outside = outline?.externalFiles ?? []
  if (outside.length === 0) return []
  const there = outside.filter((each) => files.has(each))
  const where = there.length === outside.length ? 'beside it' : 'in files that are not all here'
  const hint =
    'Save it as one file: `onnx.save_model(onnx.load("model.onnx"), "model.onnx", save_as_external_data=False)`; above 2 GB send it with `code/inference.py`.'
  return [failed('onnx.external-data', `its weights lie ${where}: ${listed(outside)}`, hint, { file })]
}

function requireOpset({ outline }: Inspection): Finding[] {
  if (!outline) return []
  const exportWith = (opset: number): string => `Export it with \`opset_version=${opset}\`.`
  if (outline.irVersion > newestIrVersion) {
    const message = `its format is version ${outline.irVersion}, and ${runtimeName} reads up to ${newestIrVersion}`
    return [
      failed('onnx.ir-version', message, 'Set `model.ir_version = 10` with the onnx package, and save it.', { file }),
    ]
  }
  const findings: Finding[] = []
  for (const domain of usedDomains(outline)) {
    const known = domains[domain]
    const version = outline.opsets.get(domain)
    if (!known) continue
    if (version === undefined) {
      findings.push(
        failed('onnx.opset-missing', `it does not say which version of ${nameOf(domain)} it uses`, exportAgain, {
          file,
        }),
      )
    } else if (version > known.latest) {
      const message = `it uses ${nameOf(domain)} ${version}, and ${runtimeName} has up to ${known.latest}`
      findings.push(failed('onnx.opset-new', message, exportWith(domain === '' ? 17 : known.latest), { file }))
    } else if (domain === '' && version < oldestOpset) {
      const message = `it uses ${nameOf(domain)} ${version}, and ${runtimeName} reads ${oldestOpset} and newer`
      const hint = 'Convert it with `onnx.version_converter.convert_version(model, 17)`.'
      findings.push(failed('onnx.opset-old', message, hint, { file }))
    }
  }
  if (findings.length > 0) return findings
  const versions = usedDomains(outline).map((domain) => `${nameOf(domain)} ${outline.opsets.get(domain) ?? '?'}`)
  return [passed(versions.join(', '), file)]
}

const nameOf = (domain: string): string => (domain === '' ? 'ai.onnx' : domain)
const usedDomains = ({ operators }: { operators: ReadonlyMap<string, unknown> }): string[] =>
  [...operators.keys()].sort()

function requireOperators({ outline }: Inspection): Finding[] {
  if (!outline) return []
  const findings: Finding[] = []
  for (const [domain, used] of outline.operators) {
    const names = [...used].filter((operator) => !outline.functions.has(`${domain}:${operator}`)).sort()
    if (runtimeDomains.has(domain) || names.length === 0) continue
    const known = domains[domain]
    if (!known) {
      const message = `it uses operators of ${domain} (${listed(names)}), a library that is not here`
      findings.push(
        failed('onnx.domain', message, 'Export it with standard operators, or send it with `code/inference.py`.', {
          file,
        }),
      )
      continue
    }
    const version = outline.opsets.get(domain) ?? 0
    const missing = names.filter((operator) => !isIn(known.operators, operator, version))
    if (missing.length > 0) {
      const message = `${listed(missing)}: not in ${nameOf(domain)} ${version}`
      findings.push(
        failed('onnx.operator', message, 'Export it with another `opset_version`, or with standard operators.', {
          file,
        }),
      )
    }
  }
  if (findings.length > 0) return findings
  const count = [...outline.operators.values()].reduce((sum, used) => sum + used.size, 0)
  return [passed(`${count} kinds of them`, file)]
}

function isIn(operators: Readonly<Record<string, readonly number[]>>, operator: string, version: number): boolean {
  if (!Object.hasOwn(operators, operator)) return false
  const [since = 1, gone] = operators[operator] ?? []
  return version >= since && (gone === undefined || version < gone)
}

export const onnxRules: readonly Rule[] = [
  { code: 'onnx.read', name: 'model.onnx is an ONNX graph', applies: isOnnx, run: readGraph },
  {
    code: 'onnx.self-contained',
    name: 'All weights are in model.onnx',
    applies: isOnnx,
    needs: ['onnx.read'],
    run: requireSelfContained,
  },
  { code: 'onnx.opset', name: 'The runtime has its opset', applies: isOnnx, needs: ['onnx.read'], run: requireOpset },
  {
    code: 'onnx.operators',
    name: 'The runtime has its operators',
    applies: isOnnx,
    needs: ['onnx.opset'],
    run: requireOperators,
  },
]
