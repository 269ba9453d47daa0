import {
  isModelUnused,
  lockModel,
  setJobModel,
  setModelApplication,
  startVersion,
  type Db,
  type ModelRow,
} from '@lakelens/db'
import { announceWork, enqueue } from '@lakelens/jobs'
import type { LakeError } from '@lakelens/kernel'
import { digestOf } from '../analysis/request'
import { errors as metalake } from '../errors'
import { idempotencyKeyOf } from '../jobs/idempotencyKey'
import { hasEnded, toJob, type Job } from '../jobs/jobs'
import type { Lake } from '../lake'
import { errors as models } from '../models/errors'
import { requireLicense } from '../models/license'
import { getModel, modelVersionsByIds, type Model, type ModelVersion } from '../models/listModels'
import type { Application } from '../models/settings'
import { awaitEnd } from './awaitEnd'
import { errors } from './errors'
import { checkAlias, checkNewName, checkText } from './names'
import type { Registration } from './payload'
import { errorsOf } from './report'
import { resolveSource, sourceKey, sourceName, type PackageSource } from './source'

export interface RegisterModelInput {
  source: PackageSource
  modelName: string
  application: Application
  description?: string | null | undefined
  alias?: string | null | undefined
  license?: string | null | undefined
  idempotencyKey?: string | null | undefined
  /** Install the requirements and start the model now, not at the first use. */
  prepare?: boolean | undefined
}

export interface Registered {
  model: Model | null
  version: ModelVersion | null
  validation: Job['validation']
  /** Set while the checks go on; the version is VALIDATING then. */
  job: Job | null
  /** Why the package was refused, one a failed check; the version is FAILED then. */
  errors: LakeError[]
}

/**
 * Registers a package under a name (7.1): a job checks it, and it is a version of the name when it passed. Answers with the
 * report when that takes no longer than five seconds, else with the job. Whatever ends this process meanwhile, the job goes on.
 */
export async function registerModel(lake: Lake, input: RegisterModelInput, signal?: AbortSignal): Promise<Registered> {
  lake.viewer.require('run')
  const registration = await checkInput(lake, input)
  const queued = await queue(lake, registration, idempotencyKeyOf(lake.viewer, input.idempotencyKey))
  const job = await awaitEnd(lake, queued, signal)
  const [version] = job.modelVersionId === null ? [] : await modelVersionsByIds(lake, [job.modelVersionId])
  return {
    model: await getModel(lake, registration.modelName),
    version: version ?? null,
    validation: job.validation,
    job: hasEnded(job.status) ? null : job,
    errors: job.validation ? errorsOf(job.validation) : [],
  }
}

async function checkInput(lake: Lake, input: RegisterModelInput): Promise<Registration> {
  await checkNewName(lake, input.modelName)
  const license = checkText('license', input.license)
  if (license !== null) requireLicense(lake.models, input.modelName, license)
  return {
    modelName: input.modelName,
    application: input.application,
    alias: checkAlias(input.alias),
    description: checkText('description', input.description),
    license,
    prepare: input.prepare ?? false,
    role: lake.viewer.role,
    source: await resolveSource(lake, input.source),
  }
}

/** The version, numbered and VALIDATING, and the job that checks it, in one transaction. The same request, still under way, is the same job. */
async function queue(lake: Lake, registration: Registration, idempotencyKey: string | null): Promise<Job> {
  const { modelName, application, alias, source, prepare } = registration
  const key = digestOf({ kind: 'registerModel', registration })
  const { viewer } = lake
  const queued = await lake.db.transaction(async (tx) => {
    const model = await claimName(tx, registration, viewer.name)
    const { job, isNew } = await enqueue(
      tx,
      {
        kind: 'registerModel',
        name: `Registering ${modelName}`,
        key,
        idempotencyKey,
        payload: registration,
        parameters: { modelName, application, alias, prepare, source: sourceName(source) },
        collectionId: null,
        createdBy: viewer.name,
      },
      null,
    )
    // Thrown in here, so that the name it would have claimed is not.
    if (job.key !== key || job.kind !== 'registerModel')
      throw metalake.IDEMPOTENCY_KEY_REUSED({}, { path: ['idempotencyKey'] })
    if (!isNew) return { job: toJob(job), isNew }
    const of = { modelId: model.id, sourceKey: sourceKey(source), createdBy: viewer.name }
    const modelVersionId = await startVersion(tx, of)
    await setJobModel(tx, job.id, model.id, modelVersionId)
    return { job: { ...toJob(job), modelId: model.id, modelVersionId }, isNew }
  })
  if (queued.isNew) announceWork(lake.db)
  lake.log.info({ jobId: queued.job.id, isNew: queued.isNew, model: modelName }, 'registration queued')
  return queued.job
}

/** The model's row, locked. A name that was only ever tried, and never ready, may still change what it is for. */
async function claimName(tx: Db, { modelName, application }: Registration, createdBy: string): Promise<ModelRow> {
  const model = await lockModel(tx, { name: modelName, application, isSystem: false, description: null, createdBy })
  if (model.isSystem) throw errors.MODEL_NAME_RESERVED({ name: modelName }, { path: ['modelName'] })
  if (model.application === application) return model
  if (!(await isModelUnused(tx, model.id))) {
    throw models.MODEL_APPLICATION_MISMATCH(
      { modelId: modelName, expected: application, actual: model.application },
      { path: ['application'] },
    )
  }
  await setModelApplication(tx, model.id, application)
  return { ...model, application }
}
