import { markCollectionDeleting, type Db } from '@lakelens/db'
import { useDatabase } from '@lakelens/db/testing'
import { isLakeError } from '@lakelens/kernel'
import { createCollection, startAutoTag, startEmbeddings, type Lake } from '..'
import { exportAnnotations } from '../exchange'
import { useShowingLake } from './testing/showingLake'

const database = useDatabase()
const { lake } = useShowingLake(database)

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'nothing was refused',
    (error: unknown) => (isLakeError(error) ? `${error.code} ${error.path?.join('.') ?? ''}` : String(error)),
  )

test('nothing is run on a collection that is being deleted, or gone since it was looked up', async () => {
  const begin: ((over: Lake, collectionId: string) => Promise<unknown>)[] = [
    (over, collectionId) => startEmbeddings(over, { scope: { collectionId } }),
    (over, collectionId) => startAutoTag(over, { scope: { collectionId } }),
    (over, collectionId) => exportAnnotations(over, { scope: { collectionId }, format: 'COCO' }),
  ]
  for (const start of begin) {
    const { id } = await createCollection(lake(), { name: 'closing', contentType: 'IMAGE' })
    await database().transaction((tx) => markCollectionDeleting(tx, id))
    expect(await codeOf(start(lake(), id))).toBe('COLLECTION_DELETING scope.collectionId')
    // As when its deletion ends between the look and the transaction.
    const db = new Proxy(database(), {
      get: (target, key) =>
        key !== 'transaction'
          ? Reflect.get(target, key, target)
          : async (write: (tx: Db) => Promise<unknown>) => {
              await target.query('delete from collection where id = $1', [id])
              return target.transaction(write)
            },
    })
    expect(await codeOf(start({ ...lake(), db }, id))).toBe('COLLECTION_NOT_FOUND scope.collectionId')
  }
})
