import { embeddingVersionToRead, itemsByUniqueNames, readEmbeddings as embeddingRows } from '@lakelens/db'
import { errors } from '../errors'
import type { Lake } from '../lake'
import { resolveModelName } from '../models'

export interface EmbeddingVector {
  uniqueName: string
  modelName: string
  modelVersion: number
  vectorDimension: number[]
  /** Exactly the float32 values stored. */
  vector: Float32Array
  createdAt: Date
  source: 'GENERATED' | 'INSERTED'
}

export interface EmbeddingAnswer {
  uniqueName: string
  status: 'FOUND' | 'NO_SUCH_ITEM' | 'NO_EMBEDDING'
  embedding: EmbeddingVector | null
}

const maxNames = 1_000

/** One answer a name, in the order asked, never dropped (7.8). Names may repeat; at most 1,000 a call. */
export async function readEmbeddings(
  lake: Lake,
  input: { uniqueNames: readonly string[]; modelName?: string | undefined },
): Promise<EmbeddingAnswer[]> {
  lake.viewer.require('read')
  const { uniqueNames } = input
  if (uniqueNames.length > maxNames)
    throw errors.ITEMS_TOO_MANY({ limit: maxNames, received: uniqueNames.length }, { path: ['uniqueNames'] })
  const model = await resolveModelName(lake, input.modelName ?? 'default', 'EMBEDDING')
  const items = new Map(
    (await itemsByUniqueNames(lake.db, [...new Set(uniqueNames)])).map((item) => [item.uniqueName, item]),
  )
  const version = await embeddingVersionToRead(lake.db, model.name, model.version ?? null)
  const vectors = new Map(
    (version
      ? await embeddingRows(
          lake.db,
          version.id,
          [...items.values()].map((item) => item.id),
        )
      : []
    ).map((row) => [row.itemId, row]),
  )
  return uniqueNames.map((uniqueName) => {
    const item = items.get(uniqueName)
    if (!item) return { uniqueName, status: 'NO_SUCH_ITEM', embedding: null }
    const row = vectors.get(item.id)
    if (!row || !version) return { uniqueName, status: 'NO_EMBEDDING', embedding: null }
    const { vector, createdAt, source } = row
    const embedding = {
      uniqueName,
      modelName: model.name,
      modelVersion: version.version,
      vectorDimension: [vector.length],
      vector,
      createdAt,
      source,
    }
    return { uniqueName, status: 'FOUND', embedding }
  })
}
