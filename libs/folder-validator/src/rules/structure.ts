import { isNaming, isOnnx, isPython, type Inspection } from './inspection'
import { failed, listed, passed, warned, type Finding, type Rule } from './rule'
import { isWeights } from './weightNames'
import { judgeWeights } from './weights'

const pathsOf = ({ files }: Inspection): string[] => [...files.keys()]
const baseName = (file: string): string => file.slice(file.lastIndexOf('/') + 1)

/** How a package that can't be run where it is should be laid out. */
const inferenceHint = 'Put it at `code/inference.py`, beside `code/requirements.txt`.'
const graphHint = 'Put it at the top of the package, as `model.onnx`.'

function findKind(inspection: Inspection): Finding[] {
  const { files, manifest } = inspection
  if (files.has('code/inference.py')) return found(inspection, 'PYTHON', 'a Python package: code/inference.py')
  const misplaced = findMisplaced(pathsOf(inspection))
  // Half a Python package is one, so that the rules say what is missing of it.
  if (pathsOf(inspection).some((file) => file.startsWith('code/')) && !misplaced)
    return found(inspection, 'PYTHON', 'a Python package: code/')
  if (files.has('model.onnx')) return found(inspection, 'ONNX', 'an ONNX graph: model.onnx')
  if (manifest?.remote) return found(inspection, 'REMOTE', 'a remote endpoint: model.yaml')
  return [misplaced ?? findUnnamed(pathsOf(inspection))]
}

function found(inspection: Inspection, runtime: 'PYTHON' | 'ONNX' | 'REMOTE', message: string): Finding[] {
  inspection.runtime = runtime
  return [passed(message)]
}

function findMisplaced(files: readonly string[]): Finding | null {
  const ofCase = files.find(
    (file) => ['code/inference.py', 'model.onnx'].includes(file.toLowerCase()) && file !== file.toLowerCase(),
  )
  if (ofCase !== undefined) {
    const hint = `Rename it to \`${ofCase.toLowerCase()}\`: names are read in their exact case.`
    return failed('structure.case', `${ofCase} has the wrong case`, hint, { file: ofCase })
  }
  const deep = files.find(
    (file) => /^([^/]+\/)+(code\/inference\.py|model\.onnx)$/.test(file) && !file.startsWith('code/'),
  )
  if (deep !== undefined) {
    const hint = 'Pack what is inside of that folder: the files lie at the top, or in one folder around all of them.'
    return failed('structure.nested', `${deep} lies in a folder that does not hold everything else`, hint, {
      file: deep,
    })
  }
  const script = files.find((file) => baseName(file).toLowerCase() === 'inference.py' && file !== 'code/inference.py')
  if (script !== undefined)
    return failed('structure.misplaced', `${script} is not where it is looked for`, inferenceHint, { file: script })
  return null
}

function findUnnamed(files: readonly string[]): Finding {
  const graphs = files.filter((file) => /\.onnx$/i.test(file))
  const [graph] = graphs
  if (graph !== undefined && graphs.length === 1) {
    const code = baseName(graph) === 'model.onnx' ? 'structure.misplaced' : 'structure.graph-name'
    return failed(code, `the graph is named ${graph}`, graphHint, { file: graph })
  }
  const weights = files.filter(isWeights)
  if (weights.length > 0) {
    const hint =
      'Export the model as one `model.onnx`, or write `code/inference.py` with model_fn, input_fn, predict_fn and output_fn.'
    return failed('structure.weights-only', `nothing says how ${listed(weights)} is run`, hint, { file: weights[0] })
  }
  const hint = 'Add `model.onnx`, or `code/inference.py` and `code/requirements.txt`.'
  return failed('structure.kind', `found ${listed(files)}`, hint)
}

/** A required file; where it is missing, a file that was probably meant is named. */
function requireFile(inspection: Inspection, wanted: string, alike: RegExp, absent: string): Finding[] {
  if (inspection.files.has(wanted)) return []
  const code = wanted === 'code/inference.py' ? 'structure.inference' : 'structure.requirements'
  const meant = pathsOf(inspection).find((file) => alike.test(baseName(file)))
  if (meant === undefined) return [failed(code, `${wanted} is missing`, absent, { file: wanted })]
  return [failed(code, `${wanted} is missing, and ${meant} is there`, `Rename it to \`${wanted}\`.`, { file: meant })]
}

const labelNames =
  /^(labels?|label[-_]?list|labels?[-_]?map|classes|class[-_]?names|names|coco)\.(txt|ya?ml|json|names|csv|pbtxt)$/i

function requireLabels(inspection: Inspection): Finding[] {
  const { files, manifest } = inspection
  if (files.has('label_list.yaml') || manifest?.labels !== undefined) return []
  const meant = pathsOf(inspection).find((file) => labelNames.test(baseName(file)))
  const write = '`label_list: [person, bicycle, ...]`, in training order'
  if (meant === undefined)
    return [
      failed('structure.labels', 'there is no list of labels', `Add \`label_list.yaml\` with ${write}.`, {
        file: 'label_list.yaml',
      }),
    ]
  const hint = `Write \`label_list.yaml\` at the top of the package: ${write}.`
  return [failed('structure.labels', `label_list.yaml is missing, and ${meant} is not read`, hint, { file: meant })]
}

const readAtTop = ['model.yaml', 'label_list.yaml']

/** Names that are nearly those that are read: their contents would be missed without a word. */
function findStrays(inspection: Inspection): Finding[] {
  return pathsOf(inspection).flatMap((file) => {
    const name = baseName(file).toLowerCase()
    if (isOnnx(inspection) && name === 'inference.py') {
      const hint = 'Move it to `code/inference.py` if it is to be run, or take it out.'
      return [warned('structure.stray', `${file} is not read: model.onnx is run without Python`, hint, { file })]
    }
    const meant = readAtTop.find((each) => [each, each.replace('.yaml', '.yml')].includes(name))
    if (meant === undefined || readAtTop.includes(file) || file === inspection.manifest?.labels) return []
    const hint = `Move it to \`${meant}\`, at the top, or take it out.`
    return [warned('structure.stray', `${file} is not read`, hint, { file })]
  })
}

export const structureRules: readonly Rule[] = [
  { code: 'structure.kind', name: 'The package is one of the known kinds', run: findKind },
  {
    code: 'structure.inference',
    name: 'code/inference.py is there',
    applies: isPython,
    run: (inspection) =>
      requireFile(
        inspection,
        'code/inference.py',
        /^(inference|infer|predict|handler)s?\.(py|txt)$/i,
        'Write it, with model_fn, input_fn, predict_fn and output_fn.',
      ),
  },
  {
    code: 'structure.requirements',
    name: 'code/requirements.txt is there',
    applies: isPython,
    run: (inspection) =>
      requireFile(
        inspection,
        'code/requirements.txt',
        /^requirements?\.(txt|in)$/i,
        'Write it, one distribution a line; an empty file where only the standard library is used.',
      ),
  },
  { code: 'structure.weights', name: 'There are weights', applies: isPython, run: judgeWeights },
  {
    code: 'structure.labels',
    name: 'There is a list of labels',
    applies: (inspection) => isNaming(inspection) && inspection.runtime !== null && inspection.runtime !== 'REMOTE',
    needs: ['manifest.read'],
    run: requireLabels,
  },
  {
    code: 'structure.stray',
    name: 'No file is misnamed',
    applies: (inspection) => findStrays(inspection).length > 0,
    run: findStrays,
  },
]
