import {
  getJob,
  jobDownloadUrl,
  isAnalysis,
  jobFailures,
  labelCounts,
  listJobs,
  watchJob,
  type Job,
  type JobFailure,
  type JobProgress,
} from '@lakelens/metalake'
import * as types from '@lakelens/schemas'
import { type GraphQLResolveInfo } from 'graphql'
import { Arg, Args, Ctx, FieldResolver, ID, Info, Query, Resolver, Root, Subscription } from 'type-graphql'
import type { GatewayContext } from '../context'
import { errors } from '../errors'
import { endingWithReader } from './asyncIterable'
import { toConnection } from './connection'
import { decodeId, encodeId, globalIdField } from './globalId'
import { chosenPage, ForwardPageArgs, PageArgs } from './pageArgs'

/** An unknown job is told at once, not by a stream that just ends. */
async function watch({ lake }: GatewayContext, globalId: string): Promise<AsyncIterable<JobProgress>> {
  const id = decodeId('Job', globalId)
  if (id === null || !(await getJob(lake, id))) throw errors.JOB_NOT_FOUND()
  return endingWithReader((signal) => watchJob(lake, id, signal))
}

@Resolver(() => types.Job)
export class JobResolver {
  @Query(() => types.Job, { nullable: true, description: 'One job; null when there is none of this id.' })
  job(@Ctx() { lake }: GatewayContext, @Arg('id', () => ID, { description: 'Of the job.' }) id: string) {
    return getJob(lake, decodeId('Job', id) ?? '')
  }

  @Query(() => types.JobConnection, { description: 'Jobs, newest first.' })
  async jobs(
    @Ctx() { lake }: GatewayContext,
    @Args(() => PageArgs) page: PageArgs,
    @Info() info: GraphQLResolveInfo,
    @Arg('filter', () => types.JobFilterInput, { nullable: true, description: 'Only those.' })
    filter: types.JobFilterInput | null,
  ) {
    const collectionId = filter?.collectionId == null ? null : (decodeId('Collection', filter.collectionId) ?? '0')
    return toConnection(await listJobs(lake, { ...filter, collectionId, ...chosenPage(page, info) }))
  }

  @Subscription(() => types.JobProgress, {
    description:
      'Sends the present state first, then at most one event per 250 ms, then the terminal state, and completes. ' +
      'A late or reconnected subscriber misses nothing it needs.',
    subscribe: ({ args, context }) => watch(context as GatewayContext, String(args['id'])),
  })
  jobProgress(
    @Root() event: JobProgress,
    @Arg('id', () => ID, { description: 'Of the job.' }) _id: string,
  ): JobProgress {
    return event
  }

  @FieldResolver(() => ID, globalIdField)
  id(@Root() job: Job) {
    return encodeId('Job', job.id)
  }

  @FieldResolver()
  jobName(@Root() job: Job) {
    return job.name
  }

  @FieldResolver()
  jobType(@Root() job: Job) {
    return job.type
  }

  /** Before a worker has prepared the model, the name it was asked with says which one. */
  @FieldResolver()
  model(@Root() job: Job, @Ctx() { loaders }: GatewayContext) {
    if (job.modelId !== null) return loaders.models.load(job.modelId)
    const asked = job.parameters['modelId']
    return typeof asked === 'string' ? loaders.modelsByName.load(asked.replace(/:\d+$/, '')) : null
  }

  @FieldResolver()
  async modelVersion(@Root() job: Job, @Ctx() { loaders }: GatewayContext) {
    return job.modelVersionId === null
      ? null
      : ((await loaders.modelVersions.load(job.modelVersionId))?.version ?? null)
  }

  @FieldResolver()
  async scope(@Root() job: Job, @Ctx() { loaders }: GatewayContext) {
    if (!isAnalysis(job.type)) return null
    const collection = job.collectionId === null ? null : await loaders.collections.load(job.collectionId)
    return { collection, contentType: job.contentType }
  }

  @FieldResolver()
  async failures(
    @Root() job: Job,
    @Ctx() { lake }: GatewayContext,
    @Args(() => ForwardPageArgs) page: ForwardPageArgs,
  ) {
    return toConnection(await jobFailures(lake, job.id, page))
  }

  @FieldResolver()
  downloadUrl(@Root() job: Job, @Ctx() { lake }: GatewayContext) {
    return jobDownloadUrl(lake, job)
  }

  @FieldResolver()
  labelCounts(@Root() job: Job, @Ctx() { lake }: GatewayContext) {
    return labelCounts(lake, job.id)
  }
}

@Resolver(() => types.JobFailure)
export class JobFailureResolver {
  @FieldResolver()
  item(@Root() failure: JobFailure, @Ctx() { loaders }: GatewayContext) {
    return failure.itemId === null ? null : loaders.items.load(failure.itemId)
  }
}

/** The parts of the job that a progress bar needs, beside the job itself. */
@Resolver(() => types.JobProgress)
export class JobProgressResolver {
  @FieldResolver()
  status(@Root() { job }: JobProgress) {
    return job.status
  }

  @FieldResolver()
  progress(@Root() { job }: JobProgress) {
    return job.progress
  }

  @FieldResolver()
  counts(@Root() { job }: JobProgress) {
    return job.counts
  }

  @FieldResolver()
  stage(@Root() { job }: JobProgress) {
    return job.stage
  }

  @FieldResolver()
  itemsPerSecond(@Root() { job }: JobProgress) {
    return job.itemsPerSecond
  }

  @FieldResolver()
  lastUniqueName(@Root() { job }: JobProgress) {
    return job.lastUniqueName
  }
}
