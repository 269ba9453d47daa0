import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql'
import { Collection } from './collections'
import { ContentType, InferencePlatform, Node } from './common'
import { connectionOf } from './connection'
import { Item } from './items'
import { Model, ModelValidation } from './models'
import { DateTimeScalar, JsonScalar } from './scalars'

export const JobType = {
  GENERATE_AUTO_TAGGING: 'GENERATE_AUTO_TAGGING',
  GENERATE_EMBEDDING: 'GENERATE_EMBEDDING',
  REGISTER_MODEL: 'REGISTER_MODEL',
  VALIDATE_MODEL: 'VALIDATE_MODEL',
  DELETE: 'DELETE',
  EXPORT: 'EXPORT',
  IMPORT: 'IMPORT',
} as const
export type JobType = keyof typeof JobType
registerEnumType(JobType, {
  name: 'JobType',
  description: 'What a job does.',
  valuesConfig: {
    GENERATE_AUTO_TAGGING: { description: '7.2 and 7.3. `autoTag`.' },
    GENERATE_EMBEDDING: { description: '7.4 and 7.5. `embeddings`.' },
    REGISTER_MODEL: { description: '7.1. `registerModel`.' },
    VALIDATE_MODEL: { description: '7.1. `validateModel`.' },
    DELETE: { description: '`deleteItems` and `deleteCollection`.' },
    EXPORT: { description: '`exportAnnotations`.' },
    IMPORT: { description: '`importAnnotations`.' },
  },
})

export const JobStatus = {
  QUEUED: 'QUEUED',
  IN_PROGRESS: 'IN_PROGRESS',
  PAUSED: 'PAUSED',
  CANCELLED: 'CANCELLED',
  COMPLETED: 'COMPLETED',
  COMPLETED_WITH_ERRORS: 'COMPLETED_WITH_ERRORS',
  FAILED: 'FAILED',
  REVERTING: 'REVERTING',
  REVERTED: 'REVERTED',
} as const
export type JobStatus = keyof typeof JobStatus
registerEnumType(JobStatus, {
  name: 'JobStatus',
  description:
    'State of a job. Complete, so that clients can be written against it; this version does not pause, cancel or revert.',
  valuesConfig: {
    QUEUED: { description: 'Waits for a worker.' },
    IN_PROGRESS: { description: 'A worker has it, or will take it up again.' },
    PAUSED: { description: 'Held by a person.' },
    CANCELLED: { description: 'Ended by a person. Terminal.' },
    COMPLETED: { description: 'Every item processed or skipped. Terminal.' },
    COMPLETED_WITH_ERRORS: { description: 'Ended; some items failed, see `failures`. Terminal.' },
    FAILED: { description: 'Could not run, see `error`. Terminal.' },
    REVERTING: { description: 'Its results are being taken back.' },
    REVERTED: { description: 'Its results were taken back. Terminal.' },
  },
})

@ObjectType({ description: 'How many items a job has come to, and what became of them.' })
export class JobCounts {
  @Field(() => Int, { nullable: true, description: 'An estimate at first, exact at the end; null before it is known.' })
  total!: number | null

  @Field(() => Int, { description: 'Succeeded, skipped and failed together.' })
  processed!: number

  @Field(() => Int, { description: 'Processed by this job.' })
  succeeded!: number

  @Field(() => Int, { description: 'Done before under the same parameters.' })
  skipped!: number

  @Field(() => Int, { description: 'Failed alone; see `failures`.' })
  failed!: number
}

@ObjectType({ description: 'What a job covers.' })
export class JobScope {
  @Field(() => Collection, { nullable: true, description: 'Null for a list of items, and for the whole MetaLake.' })
  collection!: Collection | null

  @Field(() => ContentType, {
    nullable: true,
    description: '7.3 and 7.5. What it covers of the whole MetaLake; null for a collection or a list.',
  })
  contentType!: ContentType | null
}

@ObjectType({ description: 'What a run found of one label.' })
export class LabelCount {
  @Field(() => String, { description: 'The label.' })
  label!: string

  @Field(() => Int, { description: 'Items that have it.' })
  items!: number

  @Field(() => Int, { description: 'Detections of it.' })
  detections!: number
}

@ObjectType({ description: 'Why a job failed, or what it waits for.' })
export class JobError {
  @Field(() => String, { description: 'For programs; docs/errors.md lists them.' })
  code!: string

  @Field(() => String, { description: 'For people.' })
  message!: string

  @Field(() => String, { nullable: true, description: 'What to do about it, where the message does not say.' })
  hint!: string | null

  @Field(() => Boolean, { description: 'Asking again later may succeed.' })
  retryable!: boolean
}

@ObjectType({ description: 'One item that failed; the rest of the run went on.' })
export class JobFailure {
  @Field(() => String, { description: 'The item.' })
  uniqueName!: string

  @Field(() => Item, { nullable: true, description: 'The item itself.' })
  item!: Item | null

  @Field(() => Int, { nullable: true, description: 'Of a video: the frame from which on it failed.' })
  frame!: number | null

  @Field(() => String, { description: 'For programs; docs/errors.md lists them.' })
  code!: string

  @Field(() => String, { description: 'For people.' })
  message!: string

  @Field(() => Int, { description: 'How often it was tried.' })
  attempts!: number
}

export const JobFailureConnection = connectionOf(JobFailure, 'JobFailure', 'the items that failed in a job')

@ObjectType({
  implements: Node,
  description: '7.2 - 7.5. A run: started at once, worked on in the background, never lost.',
})
export class Job extends Node {
  @Field(() => String, { description: 'For people.' })
  jobName!: string

  @Field(() => JobType, { description: 'What it does.' })
  jobType!: JobType

  @Field(() => JobStatus, { description: 'State.' })
  status!: JobStatus

  @Field(() => Float, { description: '0 to 100.' })
  progress!: number

  @Field(() => JobCounts, { description: 'How far it has come.' })
  counts!: JobCounts

  @Field(() => Model, { nullable: true, description: 'The model it runs.' })
  model!: Model | null

  @Field(() => Int, { nullable: true, description: 'The version it runs; null until a worker has prepared the model.' })
  modelVersion!: number | null

  @Field(() => InferencePlatform, { nullable: true, description: 'Where it runs.' })
  platform!: InferencePlatform | null

  @Field(() => JobScope, { nullable: true, description: 'What it covers; null for a job without items.' })
  scope!: JobScope | null

  @Field(() => String, { nullable: true, description: '7.2 - 7.5. As it was asked.' })
  query!: string | null

  @Field(() => JsonScalar, { nullable: true, description: '7.2 - 7.5. As it was asked.' })
  filter!: unknown

  @Field(() => JsonScalar, {
    description: 'Every effective parameter, defaults filled in: what you need to run it again.',
  })
  parameters!: unknown

  @Field(() => Float, { nullable: true, description: 'Items a second; null until it is known.' })
  itemsPerSecond!: number | null

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When it will end at this speed; null until it is known, and after the end.',
  })
  estimatedCompletionAt!: Date | null

  @Field(() => JobFailureConnection, {
    description: 'Items that failed, with the reason; the rest of the run goes on.',
  })
  failures!: InstanceType<typeof JobFailureConnection>

  @Field(() => [LabelCount], {
    description: '7.2. What a tagging run has found so far, most frequent first; empty for others.',
  })
  labelCounts!: LabelCount[]

  @Field(() => String, {
    nullable: true,
    description: 'For people: what it is at before its items or without any, e.g. `opening the model`; null otherwise.',
  })
  stage!: string | null

  @Field(() => ModelValidation, {
    nullable: true,
    description: '7.1. The report of a REGISTER_MODEL or VALIDATE_MODEL job; null until it is there, and for others.',
  })
  validation!: ModelValidation | null

  @Field(() => String, {
    nullable: true,
    description:
      'Signed address of the file that an EXPORT job made, good for an hour; null before its end and 7 days after it.',
  })
  downloadUrl!: string | null

  @Field(() => [String], { description: 'For people: what it left out or could not keep, and why; empty for most.' })
  notes!: string[]

  @Field(() => JobError, { nullable: true, description: 'Why it failed, or what it waits for.' })
  error!: JobError | null

  @Field(() => Int, { description: 'Higher first; 0 unless said.' })
  priority!: number

  @Field(() => Int, { description: 'Highest number of times one piece of it was tried.' })
  attempt!: number

  @Field(() => String, { nullable: true, description: 'Name of the key that started it.' })
  createdBy!: string | null

  @Field(() => DateTimeScalar, { description: 'When it was asked for.' })
  createdAt!: Date

  @Field(() => DateTimeScalar, { nullable: true, description: 'When a worker first took it.' })
  startedAt!: Date | null

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it came to its terminal state.' })
  finishedAt!: Date | null
}

export const JobConnection = connectionOf(Job, 'Job', 'jobs, newest first')

@ObjectType({ description: 'One event of `jobProgress`. `seq` grows: a client can drop what it has seen.' })
export class JobProgress {
  @Field(() => Int, { description: 'Grows with every change of the job.' })
  seq!: number

  @Field(() => Job, { description: 'The job as it is at this event.' })
  job!: Job

  @Field(() => JobStatus, { description: 'State.' })
  status!: JobStatus

  @Field(() => Float, { description: '0 to 100.' })
  progress!: number

  @Field(() => JobCounts, { description: 'How far it has come.' })
  counts!: JobCounts

  @Field(() => String, { nullable: true, description: 'For people: what it is at before its items or without any.' })
  stage!: string | null

  @Field(() => Float, { nullable: true, description: 'Items a second; null until it is known.' })
  itemsPerSecond!: number | null

  @Field(() => String, { nullable: true, description: 'An item that was just done.' })
  lastUniqueName!: string | null

  @Field(() => DateTimeScalar, { description: 'When this was read.' })
  at!: Date
}

@InputType({ description: 'Which jobs; all that is given must hold.' })
export class JobFilterInput {
  @Field(() => [JobStatus], { nullable: true, description: 'In any of these states.' })
  statuses?: JobStatus[] | null

  @Field(() => [JobType], { nullable: true, description: 'Of any of these types.' })
  types?: JobType[] | null

  @Field(() => ID, { nullable: true, description: 'Over this collection.' })
  collectionId?: string | null
}
