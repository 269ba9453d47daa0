import { inferenceRules } from './inference'
import { inputRules } from './graphInput'
import { outputRules } from './graphOutput'
import { labelRules } from './labels'
import { manifestRules } from './manifest'
import { onnxRules } from './onnx'
import { requirementRules } from './requirements'
import type { Rule } from './rule'
import { structureRules } from './structure'
import { trialRules } from './trialRun'

const [readManifest, ...aboutManifest] = manifestRules

/** Everything that is asked of a package, in the order it is asked. */
export const rules: readonly Rule[] = [
  readManifest!,
  ...structureRules,
  ...aboutManifest,
  ...labelRules,
  ...inferenceRules,
  ...requirementRules,
  ...onnxRules,
  ...outputRules,
  ...inputRules,
  ...trialRules,
]
