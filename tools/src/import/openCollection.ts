import type { Api, UserError } from '../api'
import { apiError } from '../api'
import { errors } from '../errors'

interface Found {
  id: string
  name: string
  contentType: string
}

export type ImportType = 'IMAGE' | 'VIDEO'

/**
 * The collection of that name, made when there is none. Creating first costs one call and leaves no gap for a second
 * importer. The name comes back as the lake writes it: unique names begin with it. A type that was asked for must be that of a
 * collection that is there; a type that was guessed gives way to it.
 */
export async function openCollection(
  api: Api,
  name: string,
  type: { asked: ImportType } | { guessed: ImportType },
  signal: AbortSignal,
): Promise<{ id: string; name: string }> {
  const contentType = 'asked' in type ? type.asked : type.guessed
  const { createCollection } = await api.request<{
    createCollection: { collection: { id: string; name: string } | null; userErrors: UserError[] }
  }>(
    `mutation Open($input: CreateCollectionInput!) {
       createCollection(input: $input) { collection { id name } userErrors { code message path } }
     }`,
    { input: { name, contentType } },
    { signal },
  )
  if (createCollection.collection) return createCollection.collection
  const [error] = createCollection.userErrors
  const known = error?.code === 'ALREADY_EXISTS' ? await findCollection(api, name, signal) : null
  if (known === null)
    throw apiError(error?.code ?? 'INTERNAL', error?.message ?? `The collection ${name} was not created.`)
  const fits = 'asked' in type ? known.contentType === type.asked : known.contentType !== 'OTHER'
  if (!fits) throw errors.COLLECTION_TYPE({ name, contentType: known.contentType, wanted: contentType })
  return known
}

async function findCollection(api: Api, name: string, signal: AbortSignal): Promise<Found | null> {
  const wanted = name.normalize('NFC')
  let after: string | null = null
  do {
    const {
      collections,
    }: { collections: { nodes: Found[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } } } =
      await api.request(
        `query Collections($after: String) {
           collections(first: 100, after: $after) {
             nodes { id name contentType }
             pageInfo { hasNextPage endCursor }
           }
         }`,
        { after },
        { signal },
      )
    const found = collections.nodes.find((collection) => collection.name === wanted)
    if (found) return found
    after = collections.pageInfo.hasNextPage ? collections.pageInfo.endCursor : null
  } while (after !== null)
  return null
}
