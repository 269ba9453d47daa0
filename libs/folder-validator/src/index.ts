export { type Check, type CheckOutcome, type Report, checkOutcomes } from './report'
export { serverChecks } from './codes'
export { defaultLimits, type PackageLimits } from './archive/limits'
export type { OpenedPackage, OpenOptions, OpenProgress, PackageFile } from './archive/opened'
export { extractArchive } from './archive/extractArchive'
export { openFolder } from './archive/openFolder'
export { packFiles, type FileToPack } from './archive/packFiles'
export { packPackage } from './archive/packPackage'
export { parseLabelList } from './labels'
export {
  parseRequirements,
  type RequirementFault,
  type RequirementOptions,
  type Requirements,
} from './requirements/parseRequirements'
export { findPython, type Python } from './python/findPython'
export { reportOf } from './reportOf'
export {
  validatePackage,
  type GraphFacts,
  type OpenGraph,
  type ValidateOptions,
  type ValidPackage,
} from './validatePackage'
