import { isLakeError } from '@lakelens/kernel'
import {
  chooseOutputs,
  describeTensor,
  effectiveManifest,
  graphInputs,
  requireRunnable,
  type Manifest,
  type OutputFormat,
  type Size,
  type TensorSpec,
} from '@lakelens/vision'
import { classesOf, inferOutput } from '../onnx/inferOutput'
import { isNaming, isOnnx, type Inspection } from './inspection'
import { chooseVector } from './graphVector'
import { declaredTask, fitsApplication } from './manifest'
import { factAndStep, failed, passed, type Finding, type Rule } from './rule'

const graphFile = 'model.onnx'
const manifestFile = 'model.yaml'

/** Decides how the answers are read: as model.yaml says, or as the shapes of the outputs leave no doubt. */
function chooseOutput(inspection: Inspection): Finding[] {
  const { manifest, outline } = inspection
  if (!manifest || !outline) return []
  if (!isNaming(inspection)) return chooseVector(inspection, manifest, outline.outputs)
  const declared = manifest.output ?? (manifest.task === 'classification' ? 'classification' : undefined)
  const chosen = declared ?? inferred(inspection, outline.outputs)
  return typeof chosen === 'string' ? takeOutput(inspection, chosen, declared !== undefined) : [chosen]
}

function inferred(inspection: Inspection, outputs: readonly TensorSpec[]): OutputFormat | Finding {
  const guess = inferOutput(outputs, fixedSize(inspection), inspection.labels.length)
  const given = `Its outputs are ${outputs.map(describeTensor).join('; ')}`
  if (guess.kind === 'one' || guess.kind === 'classes') return guess.output
  if (guess.kind === 'several') {
    const lines = guess.outputs.map((output) => `\`output: ${output}\``).join(' or ')
    return failed(
      'onnx.output-unclear',
      `${given}, which several formats could be`,
      `Write ${lines} into model.yaml.`,
      { file: graphFile },
    )
  }
  const hint =
    'Write `output:` into model.yaml if it is one of yolov5, yolov8, yolov10, yolox, detr, ssd and classification; else export it so, or send it with `code/inference.py`.'
  return failed('onnx.output-unknown', `${given}, which none of the known formats is`, hint, { file: graphFile })
}

function takeOutput(inspection: Inspection, output: OutputFormat, declared: boolean): Finding[] {
  const { manifest, options } = inspection
  const filled: Manifest = { ...manifest, output }
  const task = declaredTask({ output })
  if (task !== null && !fitsApplication(task, options.application)) {
    const message = `its outputs are those of a model of ${task}, which is not what ${options.application} takes`
    return [failed('manifest.application', message, 'Register it for the application it is for.', { file: graphFile })]
  }
  try {
    requireRunnable(effectiveManifest(filled))
  } catch (error) {
    if (!isLakeError(error)) throw error
    const { fact } = factAndStep(error.message)
    const hint = 'Export it in a format that is run, or send it with `code/inference.py`.'
    return [failed('onnx.output-unsupported', fact, hint, { file: declared ? manifestFile : graphFile })]
  }
  inspection.inferred = { output, ...(task && { task }), ...activationOf(inspection, output) }
  return [passed(declared ? `${output}, as model.yaml says` : `${output}, by the shapes of its outputs`)]
}

/** A graph that ends in the activation itself leaves none to be applied. */
function activationOf({ manifest, outline }: Inspection, output: OutputFormat): Manifest {
  if (manifest?.activation !== undefined || output !== 'classification') return {}
  const main = outline?.outputs.find(({ type }) => type === 'float32')
  const maker = outline?.madeBy.get(main?.name ?? '')
  return maker === 'Softmax' || maker === 'Sigmoid' ? { activation: 'none' } : {}
}

/** The size of a graph's picture where it is fixed, whichever side of the shape the channels are. */
function fixedSize({ outline, manifest }: Inspection): Size | null {
  const [, a = -1, b = -1, c = -1] = graphInputs(outline?.inputs ?? [])?.picture.shape ?? []
  const [height, width] = c === 3 && a !== 3 ? [a, b] : [b, c]
  if (height > 0 && width > 0) return { width, height }
  const size = manifest?.input?.size
  return size ? { width: size[0], height: size[1] } : null
}

function countClasses(inspection: Inspection): Finding[] {
  const { outline, labels, labelsFile } = inspection
  const { output } = inspection.inferred
  if (!outline || output === undefined) return []
  const classes = classesOf(output, outline.outputs, labels.length)
  const where = { file: labelsFile ?? undefined }
  if (classes !== null && classes !== labels.length) {
    const message = `the graph tells ${classes} classes apart (read as ${output}), and there are ${labels.length} labels`
    return [failed('labels.count', message, 'Give it the list it was trained with, in that order.', where)]
  }
  return fitOutputs(inspection, classes === null ? 'as many as the graph’s answers will show' : `${classes}`)
}

/** The outputs as a whole, once the number of classes is known to be right. */
function fitOutputs(inspection: Inspection, count: string): Finding[] {
  const { manifest, inferred: added, outline, labels } = inspection
  try {
    chooseOutputs(effectiveManifest({ ...manifest, ...added }), outline?.outputs ?? [], labels.length)
    return [passed(count)]
  } catch (error) {
    if (!isLakeError(error)) throw error
    const { fact, step } = factAndStep(error.message)
    const hint = step ?? 'Correct `output`, or export the graph with these outputs.'
    return [failed('onnx.output-unknown', fact, hint, { file: graphFile })]
  }
}

export const outputRules: readonly Rule[] = [
  {
    code: 'onnx.output',
    name: 'Its answers can be read',
    applies: isOnnx,
    needs: ['onnx.read', 'manifest.read', 'labels.read', 'structure.labels', 'manifest.application'],
    run: chooseOutput,
  },
  {
    code: 'labels.count',
    name: 'There are as many labels as classes',
    applies: (inspection) => isOnnx(inspection) && isNaming(inspection),
    needs: ['onnx.output'],
    run: countClasses,
  },
]
