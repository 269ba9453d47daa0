import { isLakeError } from '@lakelens/kernel'
import { parseManifest, type Manifest, type Task } from '@lakelens/vision'
import { isNode, type Document, type LineCounter } from 'yaml'
import { maxAliases, readYaml } from '../readYaml'
import { readText, type Inspection } from './inspection'
import { failed, passed, warned, type Finding, type Rule } from './rule'

const file = 'model.yaml'

async function readManifest(inspection: Inspection): Promise<Finding[]> {
  if (!inspection.files.has(file)) {
    inspection.manifest = {}
    return [passed('there is none: everything follows the graph, or the defaults')]
  }
  const read = await readText(inspection, file)
  if ('fault' in read) {
    return [failed(`manifest.${read.fault}`, read.message, 'Save it as UTF-8 text of a few lines.', { file })]
  }
  const { document, counter, fault } = readYaml(read.text)
  if (fault) return [failed('manifest.yaml', fault.message, 'Correct the YAML.', { file, line: fault.line })]
  try {
    inspection.manifest = parseManifest(withTask(document.toJS({ maxAliasCount: maxAliases }), inspection))
    return [passed(keysOf(inspection.manifest), file)]
  } catch (error) {
    if (!isLakeError(error) || error.code !== 'MANIFEST_INVALID') throw error
    const faults = error.facts['faults'] as readonly string[]
    return faults.map((each) => {
      const line = lineOf(document, counter, each)
      return failed('manifest.invalid', each, manifestHint(each), { file, line })
    })
  }
}

/** A silent manifest of an embedder is about embeddings: `tensor` and `pooling` mean something there. */
function withTask(content: unknown, { options }: Inspection): unknown {
  const keys = typeof content === 'object' && content !== null && !Array.isArray(content) ? Object.keys(content) : null
  const silent = keys !== null && !keys.includes('task') && !keys.includes('output')
  return silent && options.application === 'EMBEDDING' ? { ...(content as object), task: 'embedding' } : content
}

const keysOf = (manifest: Manifest): string => {
  const keys = Object.keys(manifest)
  return keys.length === 0 ? 'it is empty: everything follows the graph, or the defaults' : keys.join(', ')
}

const known =
  'task, input, output, tensor, pooling, boxes, activation, labels, vectorDimension, license, description, python, remote'

function manifestHint(fault: string): string {
  if (/^unknown key/.test(fault)) return `Take it out, or correct its name. The keys are ${known}.`
  return 'Correct the value, or leave the key out to get its default.'
}

/** Faults begin with the path of the key: `input.size.0: …`, or name unknown keys: `` input: unknown key `colour` ``. */
function lineOf(document: Document.Parsed, counter: LineCounter, fault: string): number | null {
  const path = (/^([\w-]+(?:\.[\w-]+)*): /.exec(fault)?.[1] ?? '').split('.').filter((part) => part !== '')
  const unknown = /unknown keys? `([^`]*)`/.exec(fault)?.[1]
  for (let keys = unknown === undefined ? path : [...path, unknown]; keys.length > 0; keys = keys.slice(0, -1)) {
    const parent: unknown = document.getIn(keys.slice(0, -1), true)
    const key = keys.at(-1)
    const items = (parent as { items?: unknown[] } | undefined)?.items ?? []
    const pair = items.find((item) => String((item as { key?: unknown }).key) === key) as { key?: unknown } | undefined
    const at = pair?.key ?? items[Number(key)]
    const start = isNode(at) ? at.range?.[0] : undefined
    if (start !== undefined) return counter.linePos(start).line
  }
  return null
}

const tasksOf: Readonly<Record<Inspection['options']['application'], readonly Task[]>> = {
  AUTO_TAGGING: ['detection', 'segmentation', 'classification'],
  AUTO_ANNOTATION: ['detection', 'segmentation'],
  EMBEDDING: ['embedding'],
}

/** The task that a manifest says, in `task` or by its `output`; null when it is silent. */
export function declaredTask({ task, output }: Manifest): Task | null {
  if (task !== undefined) return task
  if (output === undefined) return null
  if (output === 'embedding' || output === 'classification') return output
  return output === 'yolov8-seg' ? 'segmentation' : 'detection'
}

export const fitsApplication = (task: Task, application: Inspection['options']['application']): boolean =>
  tasksOf[application].includes(task)

function requireApplication({ manifest, options }: Inspection): Finding[] {
  const task = declaredTask(manifest ?? {})
  if (task === null || fitsApplication(task, options.application)) return []
  const fitting = tasksOf[options.application].join(' or ')
  const message = `model.yaml says ${task}, and ${options.application} is done by ${fitting}`
  return [
    failed('manifest.application', message, `Register it for the application it is for, or correct \`task\`.`, {
      file,
    }),
  ]
}

function refuseRemote({ manifest }: Inspection): Finding[] {
  if (!manifest?.remote) return []
  const hint = 'Send the model itself: `model.onnx`, or `code/inference.py` with its weights.'
  return [failed('manifest.remote', 'a remote endpoint (`remote`) is not supported yet', hint, { file })]
}

const warnPython = (): Finding[] => [
  warned('manifest.python', '`python` says how code/inference.py is run, and there is none', 'Take it out.', { file }),
]

export const manifestRules: readonly Rule[] = [
  { code: 'manifest.read', name: 'model.yaml is well-formed', run: readManifest },
  {
    code: 'manifest.remote',
    name: 'The model comes with the package',
    applies: ({ manifest }) => manifest?.remote !== undefined,
    run: refuseRemote,
  },
  {
    code: 'manifest.application',
    name: 'The task is one of the application',
    applies: ({ manifest }) => manifest !== null && declaredTask(manifest) !== null,
    run: requireApplication,
  },
  {
    code: 'manifest.python',
    name: 'Every key has a meaning',
    applies: ({ manifest, runtime }) => runtime === 'ONNX' && manifest?.python !== undefined,
    run: warnPython,
  },
]
