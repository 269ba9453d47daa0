import {
  collectionsByIds,
  insertItems,
  itemsByUniqueNames,
  type CollectionRow,
  type Db,
  type NewItemRow,
} from '@lakelens/db'
import { isLakeError, type LakeError } from '@lakelens/kernel'
import { holdOpen } from '../collections/holdOpen'
import { errors } from '../errors'
import { isId } from '../ids'
import type { Lake } from '../lake'
import { ensureProbed } from '../uploads'
import type { Item } from './items'
import { describe as describeItem, underDefaults, type Described } from './metadata'

export interface NewItem {
  source: {
    uploadId?: string | null | undefined
    path?: string | null | undefined
    storageUrl?: string | null | undefined
  }
  /** Else the upload's file name. */
  name?: string | null | undefined
  /** A JSON object of fields; `Tags` in it are tags. */
  metadata?: unknown
  tags?: readonly string[] | null | undefined
}

const maxItems = 100
const maxUniqueName = 256

interface Candidate {
  index: number
  row: NewItemRow & Described
}

/**
 * Adds finished uploads to a collection. Each item stands for itself: what is refused is listed with `path: ["items", n]`
 * and stops nothing else. The same name with the same bytes is the item there is already, so that a client may simply repeat.
 */
export async function addItems(
  lake: Lake,
  input: { collectionId: string; items: readonly NewItem[] },
): Promise<{ items: Item[]; errors: LakeError[] }> {
  lake.viewer.require('run')
  if (input.items.length > maxItems)
    throw errors.ITEMS_TOO_MANY({ limit: maxItems, received: input.items.length }, { path: ['items'] })
  const [collection] = isId(input.collectionId) ? await collectionsByIds(lake.db, [input.collectionId]) : []
  if (!collection) throw errors.COLLECTION_NOT_FOUND({}, { path: ['collectionId'] })
  if (collection.deleting) throw errors.COLLECTION_DELETING({ name: collection.name }, { path: ['collectionId'] })

  const refusals: LakeError[] = []
  const candidates: Candidate[] = []
  await Promise.all(
    input.items.map(async (item, index) => {
      try {
        candidates.push({ index, row: await describe(lake, collection, item) })
      } catch (error) {
        if (!isLakeError(error)) throw error
        refusals.push(error.at('items', String(index), ...(error.path ?? [])))
      }
    }),
  )
  candidates.sort((a, b) => a.index - b.index)
  const accepted = await store(lake, collection, candidates)
  refusals.push(...accepted.refusals)
  refusals.sort((a, b) => Number(a.path?.[1]) - Number(b.path?.[1]))
  return { items: accepted.items, errors: refusals }
}

async function describe(lake: Lake, collection: CollectionRow, item: NewItem): Promise<NewItemRow & Described> {
  const described = describeItem(item)
  if (item.source.path != null)
    throw errors.NOT_SUPPORTED(
      { field: 'source.path', what: 'importing from a folder of the server' },
      { path: ['source', 'path'] },
    )
  if (item.source.storageUrl != null)
    throw errors.NOT_SUPPORTED(
      { field: 'source.storageUrl', what: 'importing from a storage address' },
      { path: ['source', 'storageUrl'] },
    )
  if (item.source.uploadId == null)
    throw errors.PARAMETER_INVALID({ field: 'source', reason: 'needs an `uploadId`' }, { path: ['source'] })
  const upload = await ensureProbed(lake, item.source.uploadId)
  if (upload.contentType !== collection.contentType) {
    const facts = { found: upload.contentType, collection: collection.name, takes: collection.contentType }
    throw errors.ITEM_CONTENT_TYPE(facts, { path: ['source', 'uploadId'] })
  }
  const name = checkName((item.name ?? upload.fileName).normalize('NFC'), collection)
  return {
    collectionId: collection.id,
    uniqueName: `${collection.name}_${name}`,
    name,
    contentType: upload.contentType,
    mediaType: upload.mediaType,
    digest: upload.digest,
    byteSize: upload.byteSize,
    width: upload.width,
    height: upload.height,
    thumbnailDigest: upload.thumbnailDigest,
    durationSeconds: upload.durationSeconds,
    frameCount: upload.frameCount,
    frameRate: upload.frameRate,
    ...described,
  }
}

function checkName(name: string, collection: CollectionRow): string {
  const refuse = (reason: string) => errors.ITEM_NAME_INVALID({ name: name.slice(0, 80), reason }, { path: ['name'] })
  if (name.trim() === '') throw refuse('it is empty')
  if (/[\p{Cc}\p{Cs}/\\]/u.test(name)) throw refuse('slashes and control characters are not allowed')
  const length = [...collection.name].length + 1 + [...name].length
  if (length > maxUniqueName)
    throw refuse(`with the collection's name it has ${length} characters; ${maxUniqueName} is the limit`)
  return name
}

async function store(
  lake: Lake,
  collection: CollectionRow,
  candidates: readonly Candidate[],
): Promise<{ items: Item[]; refusals: LakeError[] }> {
  const { present, taken, refusals } = await lake.db.transaction((tx) => insert(lake, tx, collection.id, candidates))
  const items: Item[] = []
  for (const { index, row } of taken) {
    const item = present.get(row.uniqueName)
    if (item && item.collectionId === collection.id && item.name === row.name && item.digest === row.digest)
      items.push(item)
    else {
      const [other] = item ? await collectionsByIds(lake.db, [item.collectionId]) : []
      const facts = {
        name: row.name,
        uniqueName: row.uniqueName,
        collection: other?.name ?? collection.name,
        existingName: item?.name ?? row.name,
      }
      refusals.push(errors.ITEM_EXISTS(facts, { path: ['items', String(index)] }))
    }
  }
  return { items, refusals }
}

/**
 * Collection and items in one transaction: what its deletion or an edit of its defaults would change waits until the items
 * are in, or was there before.
 */
async function insert(lake: Lake, tx: Db, collectionId: string, candidates: readonly Candidate[]) {
  const collection = await holdOpen(tx, collectionId, ['collectionId'])
  const taken: Candidate[] = []
  const refusals: LakeError[] = []
  for (const { index, row } of candidates) {
    try {
      taken.push({ index, row: { ...row, ...underDefaults(row, collection) } })
    } catch (error) {
      if (!isLakeError(error)) throw error
      refusals.push(error.at('items', String(index), ...(error.path ?? [])))
    }
  }
  const rows = taken.map((candidate) => candidate.row)
  await insertItems(tx, rows, lake.viewer.name)
  const names = rows.map((row) => row.uniqueName)
  const present = new Map((await itemsByUniqueNames(tx, names)).map((item) => [item.uniqueName, item]))
  return { present, taken, refusals }
}
