/** Every kind of job there is, and what clients know it by. */
export const jobTypes = { autoTag: 'GENERATE_AUTO_TAGGING', embeddings: 'GENERATE_EMBEDDING' } as const
export type JobKind = keyof typeof jobTypes
export type JobType = (typeof jobTypes)[JobKind]

export const kindOfType = (type: string): JobKind | undefined =>
  (Object.keys(jobTypes) as JobKind[]).find((kind) => jobTypes[kind] === type)
