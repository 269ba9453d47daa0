import {
  dropValidatingVersion,
  failVersion,
  finishVersion,
  lockModel,
  modelVersionByPackage,
  reviveVersion,
  setJobModel,
  setJobResult,
  setModelAlias,
  setModelDescription,
  touchBlob,
  type Db,
  type JobRow,
} from '@lakelens/db'
import type { WholeJobTask } from '@lakelens/jobs'
import type { Lake } from '../lake'
import { checkPackage, type CheckedPackage } from './checkPackage'
import { registrationOf, validationOf } from './payload'
import { problemOf, reportOfProblem } from './report'

/** Checks a package and makes it a version, or says why it is none. */
export const registerModelTask = (lake: Lake): WholeJobTask => ({
  async perform(job, context) {
    const registration = registrationOf(job)
    const checked = await checkPackage(lake, { ...registration, jobId: job.id, keep: true }, context)
    return async (tx) => {
      if (checked.content) {
        await accept(tx, job, checked, checked.content)
        return null
      }
      await setJobResult(tx, job.id, { validation: checked.report })
      await failVersion(tx, registration.versionId, { validation: checked.report, installLog: checked.installLog })
      return problemOf(checked.report)
    }
  },

  /** A version never stays VALIDATING when nobody is checking it any more. */
  async onFailed(tx, job, problem) {
    const validation = reportOfProblem(problem)
    await setJobResult(tx, job.id, { validation })
    await failVersion(tx, registrationOf(job).versionId, { validation, installLog: null })
  },
})

/** Checks a package and keeps nothing. */
export const validateModelTask = (lake: Lake): WholeJobTask => ({
  async perform(job, context) {
    const request = validationOf(job)
    const { report } = await checkPackage(
      lake,
      { ...request, jobId: job.id, modelName: 'package', license: null, keep: false, prepare: false },
      context,
    )
    return async (tx) => {
      await setJobResult(tx, job.id, { validation: report })
      return null
    }
  },

  onFailed: (tx, job, problem) => setJobResult(tx, job.id, { validation: reportOfProblem(problem) }),
})

/**
 * The same content under the same name is the version there is; other content is the one that was numbered for it. Two that end
 * at once wait for each other at the model's row.
 */
async function accept(
  tx: Db,
  job: JobRow,
  { report, description, installLog }: CheckedPackage,
  content: NonNullable<CheckedPackage['content']>,
): Promise<void> {
  const { modelName, application, modelId, versionId, alias, description: given } = registrationOf(job)
  // Before the job's row: whoever asks for the same registration just now has the model's row and then waits for the job's.
  await lockModel(tx, { name: modelName, application, isSystem: false, description: null, createdBy: job.createdBy })
  await setJobResult(tx, job.id, { validation: report })
  // In this transaction: a blob nothing points at may be swept while a slow model starts.
  await touchBlob(tx, { digest: content.sha256, byteSize: content.byteSize })
  const present = await modelVersionByPackage(tx, modelId, content.packageDigest)
  if (present) {
    await reviveVersion(tx, present.id, { validation: report, installLog })
    await setJobModel(tx, job.id, modelId, present.id)
    await dropValidatingVersion(tx, versionId)
  } else if (!(await finishVersion(tx, versionId, content, { validation: report, installLog }))) {
    throw new Error(`version ${versionId} was no longer being checked`)
  }
  if (alias !== null) await setModelAlias(tx, modelId, alias, present?.id ?? versionId)
  const words = given ?? description
  if (words !== null) await setModelDescription(tx, modelId, words)
}
