/** Runs of a model over items, and what clients know each by. */
export const analysisTypes = { autoTag: 'GENERATE_AUTO_TAGGING', embeddings: 'GENERATE_EMBEDDING' } as const
export type AnalysisKind = keyof typeof analysisTypes
export const analysisKinds = Object.keys(analysisTypes) as AnalysisKind[]

/** Whether a job runs a model over items; the others have none. */
export const isAnalysis = (type: JobType): boolean => analysisKinds.some((kind) => analysisTypes[kind] === type)

/** Every kind of job there is. */
export const jobTypes = {
  ...analysisTypes,
  registerModel: 'REGISTER_MODEL',
  validateModel: 'VALIDATE_MODEL',
  deleteItems: 'DELETE',
  exportAnnotations: 'EXPORT',
  importAnnotations: 'IMPORT',
} as const
export type JobKind = keyof typeof jobTypes
export type JobType = (typeof jobTypes)[JobKind]

export const kindOfType = (type: string): JobKind | undefined =>
  (Object.keys(jobTypes) as JobKind[]).find((kind) => jobTypes[kind] === type)
