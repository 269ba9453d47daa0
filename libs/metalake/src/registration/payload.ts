import type { JobRow } from '@lakelens/db'
import { z } from 'zod'
import { roles } from '../access'
import { storedSource } from './source'

const application = z.enum(['AUTO_TAGGING', 'AUTO_ANNOTATION', 'EMBEDDING'])

/** What is checked, for whom. The role stands in the job: a worker checks in the name of who asked, whatever its own rights. */
const request = z.object({ source: storedSource, application, role: z.enum(roles) })
export type PackageRequest = z.infer<typeof request>

const registration = request.extend({
  modelName: z.string(),
  alias: z.string().nullable(),
  description: z.string().nullable(),
  license: z.string().nullable(),
  prepare: z.boolean(),
})
export type Registration = z.infer<typeof registration>

export const validationOf = (job: JobRow): PackageRequest => request.parse(job.payload)

/** With the version that is being checked. */
export function registrationOf(job: JobRow): Registration & { modelId: string; versionId: string } {
  if (job.modelId === null || job.modelVersionId === null) throw new Error(`job ${job.id} registers no version`)
  return { ...registration.parse(job.payload), modelId: job.modelId, versionId: job.modelVersionId }
}
