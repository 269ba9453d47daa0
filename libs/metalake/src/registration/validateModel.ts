import { announceWork, enqueue } from '@lakelens/jobs'
import type { LakeError } from '@lakelens/kernel'
import { digestOf } from '../analysis/request'
import { hasEnded, toJob, type Job } from '../jobs/jobs'
import type { Lake } from '../lake'
import type { Application } from '../models/settings'
import { awaitEnd } from './awaitEnd'
import type { PackageRequest } from './payload'
import { errorsOf } from './report'
import { resolveSource, sourceName, type PackageSource } from './source'

export interface Validated {
  validation: Job['validation']
  /** Set while the checks go on. */
  job: Job | null
  errors: LakeError[]
}

/** The checks of `registerModel`, with nothing registered: not who may register it, but what is wrong with it. */
export async function validateModel(
  lake: Lake,
  input: { source: PackageSource; application: Application },
  signal?: AbortSignal,
): Promise<Validated> {
  lake.viewer.require('run')
  const { application } = input
  const { name, role } = lake.viewer
  const payload: PackageRequest = { source: await resolveSource(lake, input.source), application, role }
  const parameters = { application, source: sourceName(payload.source) }
  const queued = await lake.db.transaction((tx) =>
    enqueue(
      tx,
      {
        kind: 'validateModel',
        name: 'Checking a model package',
        key: digestOf({ kind: 'validateModel', payload }),
        idempotencyKey: null,
        payload,
        parameters,
        collectionId: null,
        createdBy: name,
      },
      null,
    ),
  )
  if (queued.isNew) announceWork(lake.db)
  const job = await awaitEnd(lake, toJob(queued.job), signal)
  return {
    validation: job.validation,
    job: hasEnded(job.status) ? null : job,
    errors: job.validation ? errorsOf(job.validation) : [],
  }
}
