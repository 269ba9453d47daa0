import type { Api, UserError } from '../api'
import { apiError } from '../api'
import { errors } from '../errors'

interface Found {
  id: string
  name: string
  contentType: string
}

/**
 * The collection of that name, made when there is none. Creating first costs one call and leaves no gap for a second
 * importer. The name comes back as the lake writes it: unique names begin with it.
 */
export async function openCollection(
  api: Api,
  name: string,
  signal: AbortSignal,
): Promise<{ id: string; name: string }> {
  const { createCollection } = await api.request<{
    createCollection: { collection: { id: string; name: string } | null; userErrors: UserError[] }
  }>(
    `mutation Open($input: CreateCollectionInput!) {
       createCollection(input: $input) { collection { id name } userErrors { code message path } }
     }`,
    { input: { name, contentType: 'IMAGE' } },
    { signal },
  )
  if (createCollection.collection) return createCollection.collection
  const [error] = createCollection.userErrors
  const known = error?.code === 'ALREADY_EXISTS' ? await findCollection(api, name, signal) : null
  if (known === null)
    throw apiError(error?.code ?? 'INTERNAL', error?.message ?? `The collection ${name} was not created.`)
  if (known.contentType !== 'IMAGE') throw errors.COLLECTION_TYPE({ name, contentType: known.contentType })
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
