import { isLakeError, type ErrorCategory, type LakeError } from '@lakelens/kernel'
import { describeTensor } from '@lakelens/vision'
import path from 'node:path'
import { isOnnx, type Inspection } from './inspection'
import { packageManifest } from './packageManifest'
import { factAndStep, failed, passed, skipped, type Finding, type Rule } from './rule'

const file = 'model.onnx'

// A fault of these classes is the package's; any other (the service is away, the disk full) is nobody's who sent it, and is
// thrown so that whoever validates can try again.
const ofThePackage: ReadonlySet<ErrorCategory> = new Set<ErrorCategory>([
  'MODEL_PACKAGE_INVALID',
  'MODEL_APPLICATION_MISMATCH',
  'NOT_SUPPORTED',
  'INVALID_INPUT',
  'DIMENSION_MISMATCH',
  'LIMIT_EXCEEDED',
])

async function run(inspection: Inspection): Promise<Finding[]> {
  const { options, opened, labels } = inspection
  if (!options.openGraph) return [skipped('there is no runtime here to open it with')]
  options.signal?.throwIfAborted()
  try {
    const manifest = packageManifest(inspection)
    const facts = await options.openGraph(path.join(opened.root, file), { manifest, labels })
    inspection.facts = facts
    const size = facts.fixedResolution
    const box = size ? `${size.width}×${size.height}` : `any multiple of ${facts.stride}`
    return [passed(`${box}; ${facts.outputs.map(describeTensor).join('; ')}; ${Math.round(facts.warmupMs)} ms`, file)]
  } catch (error) {
    if (!isLakeError(error) || !ofThePackage.has(error.category)) throw error
    return [runFault(error)]
  }
}

function runFault({ message }: LakeError): Finding {
  const { fact, step } = factAndStep(message)
  return failed('onnx.run', fact, step ?? 'Correct model.yaml, or export the graph again.', { file })
}

export const trialRules: readonly Rule[] = [
  {
    code: 'onnx.run',
    name: 'The runtime opens it and it answers a grey picture',
    applies: isOnnx,
    needs: ['onnx.self-contained', 'onnx.operators', 'onnx.input', 'labels.count'],
    run,
  },
]
