import {
  collectionsByIds,
  estimateItems,
  findSameJob,
  lastItemId,
  lockCollection,
  markCollectionDeleting,
  type Db,
  type JobRow,
} from '@lakelens/db'
import { announceWork, enqueue } from '@lakelens/jobs'
import { z } from 'zod'
import { digestOf } from '../analysis/request'
import { errors } from '../errors'
import { isId } from '../ids'
import { resolveSelection, selectionOf, storedSelection, type Scope, type SelectionInput } from '../items/selection'
import { idempotencyKeyOf } from '../jobs/idempotencyKey'
import { toJob, type Job } from '../jobs/jobs'
import type { Lake } from '../lake'
import { planDeletion, type DeletionPlan } from './planDeletion'

/** A job, or under `dryRun` what it would take away. */
export interface Deletion {
  job: Job | null
  plan: DeletionPlan | null
}

interface Asked {
  dryRun?: boolean | undefined
  idempotencyKey?: string | null | undefined
}

export interface DeleteItemsInput extends SelectionInput, Asked {
  scope: Scope
  /** Said on purpose where the whole lake is meant and nothing narrows it. */
  confirmEverything?: boolean | undefined
}

/** What a worker needs to know. `collectionId`: it goes, too, once it is empty. */
export const deletionPayload = z.object({ selection: storedSelection, collectionId: z.string().nullable() })
type DeletionPayload = z.infer<typeof deletionPayload>

/**
 * Deletes items with their annotations, tags and vectors, as a job. Nothing brings them back, so it takes an ADMIN, names nobody
 * has are refused, and the whole lake must be meant in so many words.
 */
export async function deleteItems(lake: Lake, input: DeleteItemsInput): Promise<Deletion> {
  lake.viewer.require('admin')
  const { scope, query, filter } = input
  const request = requestOf(lake, { scope, query: query ?? null, filter: filter ?? null }, input)
  const known = input.dryRun ? null : await knownJob(lake, request)
  if (known) return { job: known, plan: null }
  const selection = await resolveSelection(lake, input, { unknownNames: 'refuse' })
  if (input.dryRun) return { job: null, plan: await planDeletion(lake, selection) }
  const predicate = selectionOf(selection).predicate
  const isNarrowed = selection.collectionId !== null || selection.itemIds !== null || predicate !== null
  if (!isNarrowed && !input.confirmEverything) {
    const items = await estimateItems(lake.db, selectionOf(selection))
    throw errors.DELETION_UNCONFIRMED(
      { items, contentType: selection.contentType ?? 'item' },
      { path: ['confirmEverything'] },
    )
  }
  return { job: await queue(lake, { selection, collectionId: null }, request), plan: null }
}

/**
 * Deletes a collection with all its items, as a job. From the moment this returns nothing can be added to it. Asking again after
 * a failure goes on where it stopped.
 */
export async function deleteCollection(lake: Lake, input: { collectionId: string } & Asked): Promise<Deletion> {
  lake.viewer.require('admin')
  const { collectionId } = input
  const request = requestOf(lake, { collectionId }, input)
  const known = input.dryRun ? null : await knownJob(lake, request)
  if (known) return { job: known, plan: null }
  const [collection] = isId(collectionId) ? await collectionsByIds(lake.db, [collectionId]) : []
  if (!collection) throw errors.COLLECTION_NOT_FOUND({}, { path: ['collectionId'] })
  const selection = { collectionId, itemIds: null, contentType: null, query: null, filter: null }
  if (input.dryRun) return { job: null, plan: await planDeletion(lake, selection) }
  return { job: await queue(lake, { selection, collectionId }, request), plan: null }
}

/** A request as it was asked, not as it was understood: when its job is done the names in it are nobody's any more. */
interface Request {
  key: string
  idempotencyKey: string | null
}

const requestOf = (lake: Lake, asked: object, { idempotencyKey }: Asked): Request => ({
  key: digestOf({ kind: 'deleteItems', asked }),
  idempotencyKey: idempotencyKeyOf(lake.viewer, idempotencyKey),
})

/** The job this idempotency key stands for already. */
async function knownJob(lake: Lake, { key, idempotencyKey }: Request): Promise<Job | null> {
  const row = idempotencyKey === null ? null : await findSameJob(lake.db, key, idempotencyKey)
  return row === null ? null : jobOf(row, key)
}

function jobOf(row: JobRow, key: string): Job {
  if (row.key !== key || row.kind !== 'deleteItems')
    throw errors.IDEMPOTENCY_KEY_REUSED({}, { path: ['idempotencyKey'] })
  return toJob(row)
}

async function queue(lake: Lake, payload: DeletionPayload, request: Request): Promise<Job> {
  const { query, filter, collectionId } = payload.selection
  const { job, isNew } = await lake.db.transaction(async (tx) => {
    const closed = await close(tx, payload.collectionId)
    const newJob = {
      ...request,
      kind: 'deleteItems',
      name: closed === null ? 'Deleting items' : `Deleting collection ${closed}`,
      payload,
      parameters: { query, filter },
      collectionId,
      createdBy: lake.viewer.name,
    }
    // The last item is read after the collection was closed: nothing comes behind it.
    return enqueue(tx, newJob, await lastItemId(tx))
  })
  if (isNew) announceWork(lake.db)
  lake.log.info({ jobId: job.id, isNew, by: lake.viewer.name }, 'deletion queued')
  return jobOf(job, request.key)
}

/** Closes the collection to additions: who is adding to it now has ended when this returns. Its name, null: there is none to close. */
async function close(tx: Db, collectionId: string | null): Promise<string | null> {
  if (collectionId === null) return null
  const collection = await lockCollection(tx, collectionId)
  if (!collection) throw errors.COLLECTION_NOT_FOUND({}, { path: ['collectionId'] })
  await markCollectionDeleting(tx, collectionId)
  return collection.name
}
