import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { sleep } from '@lakelens/kernel'
import type { Api, UserError } from '../api'

/** The few calls end-to-end tests and benchmarks make, over the API as anybody would make them. */
export interface JobState {
  id: string
  status: string
  counts: { total: number | null; processed: number; succeeded: number; skipped: number; failed: number }
  parameters: Record<string, unknown>
  error: { code: string; message: string } | null
}

export const jobFields = `id status parameters error { code message } counts { total processed succeeded skipped failed }`

export async function createCollection(
  api: Api,
  name: string,
  contentType: 'IMAGE' | 'VIDEO' = 'IMAGE',
): Promise<string> {
  const { collection } = await api.mutate<{ collection: { id: string }; userErrors: UserError[] }>(
    `mutation ($input: CreateCollectionInput!) { createCollection(input: $input) { collection { id } userErrors { code message path } } }`,
    { input: { name, contentType } },
  )
  return collection.id
}

/** Uploads one file and returns the upload's id. */
export async function upload(
  api: Api,
  file: string,
  purpose: 'ITEM' | 'MODEL' | 'ANNOTATIONS' = 'ITEM',
): Promise<string> {
  const { size } = await stat(file)
  const { upload: ticket } = await api.mutate<{
    upload: { id: string; url: string; method: string; headers: { name: string; value: string }[] }
    userErrors: UserError[]
  }>(
    `mutation ($input: CreateUploadInput!) {
       createUpload(input: $input) { upload { id url method headers { name value } } userErrors { code message path } } }`,
    { input: { fileName: basename(file), byteSize: size, purpose } },
  )
  const response = await fetch(ticket.url, {
    method: ticket.method,
    headers: Object.fromEntries(ticket.headers.map(({ name, value }) => [name, value])),
    body: Readable.toWeb(createReadStream(file)) as ReadableStream,
    duplex: 'half',
  } as RequestInit)
  if (!response.ok) throw new Error(`PUT ${basename(file)} answered ${response.status}: ${await response.text()}`)
  return ticket.id
}

/** Uploads files, four at a time, and adds them to a collection; `rename` gives each its name there. */
export async function addFiles(
  api: Api,
  collectionId: string,
  files: readonly string[],
  rename = basename,
): Promise<UserError[]> {
  const refused: UserError[] = []
  for (let at = 0; at < files.length; at += 32) {
    const group = files.slice(at, at + 32)
    const ids: string[] = []
    for (let from = 0; from < group.length; from += 4) {
      ids.push(...(await Promise.all(group.slice(from, from + 4).map((file) => upload(api, file)))))
    }
    const items = group.map((file, index) => ({ source: { uploadId: ids[index] }, name: rename(file) }))
    const { addItems } = await api.request<{ addItems: { userErrors: UserError[] } }>(
      `mutation ($input: AddItemsInput!) { addItems(input: $input) { items { uniqueName } userErrors { code message path } } }`,
      { input: { collectionId, items } },
    )
    refused.push(...addItems.userErrors)
  }
  return refused
}

const run =
  (mutation: 'autoTag' | 'embeddings') =>
  async (api: Api, input: Record<string, unknown>): Promise<JobState> => {
    const type = mutation === 'autoTag' ? 'AutoTagInput' : 'EmbeddingsInput'
    const { job } = await api.mutate<{ job: JobState; userErrors: UserError[] }>(
      `mutation ($input: ${type}!) { ${mutation}(input: $input) { job { ${jobFields} } userErrors { code message path } } }`,
      { input },
    )
    return job
  }

export const startAutoTag = run('autoTag')
export const startEmbeddings = run('embeddings')

export async function jobState(api: Api, id: string): Promise<JobState> {
  const { job } = await api.request<{ job: JobState }>(`query ($id: ID!) { job(id: $id) { ${jobFields} } }`, { id })
  return job
}

export async function jobEnd(api: Api, id: string, withinMs = 120_000, everyMs = 50): Promise<JobState> {
  for (const end = Date.now() + withinMs; ; await sleep(everyMs)) {
    const job = await jobState(api, id)
    if (!['QUEUED', 'IN_PROGRESS'].includes(job.status)) return job
    if (Date.now() > end)
      throw new Error(`job ${id} is still ${job.status} after ${withinMs} ms: ${JSON.stringify(job)}`)
  }
}

export interface ItemView {
  uniqueName: string
  name: string
  tags: { label: string; count: number; maxConfidence: number }[]
  annotations: {
    totalCount: number
    nodes: { label: string; confidence: number; box: { x: number; y: number; width: number; height: number } }[]
  }
}

/** Every item of a collection, page by page, with its tags and live boxes; of one model, when it is named. */
export async function itemsOf(api: Api, collectionId: string, modelId?: string): Promise<ItemView[]> {
  const items: ItemView[] = []
  for (let after: string | null = null; ;) {
    const page: { items: { nodes: ItemView[]; pageInfo: { hasNextPage: boolean; endCursor: string } } } =
      await api.request(
        `query ($id: ID!, $after: String, $filter: AnnotationFilterInput) {
         items(scope: { collectionId: $id }, orderBy: { field: NAME, direction: ASC }, first: 25, after: $after) {
           pageInfo { hasNextPage endCursor }
           nodes { uniqueName name tags { label count maxConfidence }
             annotations(first: 100, filter: $filter) { totalCount nodes { label confidence box { x y width height } } } } } }`,
        { id: collectionId, after, filter: modelId === undefined ? null : { modelId } },
      )
    items.push(...page.items.nodes)
    if (!page.items.pageInfo.hasNextPage) return items
    after = page.items.pageInfo.endCursor
  }
}
