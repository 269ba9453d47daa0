import type { Api } from '../api'
import type { DemoBox, DemoModel, DemoPicture } from './page'
import { nearestNeighbours } from './similarity'

interface ItemAnswer {
  uniqueName: string
  name: string
  url: string | null
  resolution: { width: number; height: number } | null
  tags: { label: string; count: number; maxConfidence: number | null }[]
  annotations: {
    nodes: (Omit<DemoBox, 'box' | 'confidence'> & { confidence: number | null; box: DemoBox['box'] | null })[]
  }
}

interface VectorAnswer {
  uniqueName: string
  embedding: { embeddings: number[]; modelName: string; vectorDimension: number[] } | null
}

/** Which models made what is read: names, or `default`. */
export interface DemoModels {
  tagger: string
  embedder: string
}

export interface DemoResults {
  pictures: DemoPicture[]
  tagger: DemoModel
  embedder: DemoModel & { dimension: number | null }
}

/** Reads back what the jobs wrote: tags, boxes and vectors, and from the vectors who is most like whom. */
export async function readResults(
  api: Api,
  collectionId: string,
  models: DemoModels,
  signal: AbortSignal,
): Promise<DemoResults> {
  const { items, tagger, embedder } = await api.request<{
    items: { nodes: ItemAnswer[] }
    tagger: ModelAnswer | null
    embedder: ModelAnswer | null
  }>(
    `query Results($collectionId: ID!, $tagger: String!, $embedder: String!) {
       items(scope: { collectionId: $collectionId }, first: 100, orderBy: { field: NAME, direction: ASC }) {
         nodes {
           uniqueName name url resolution { width height }
           tags { label count maxConfidence }
           annotations(first: 100) { nodes { label confidence box { x y width height } } }
         }
       }
       tagger: model(modelId: $tagger, application: AUTO_TAGGING) { modelId currentVersion { license } }
       embedder: model(modelId: $embedder, application: EMBEDDING) { modelId currentVersion { license } }
     }`,
    { collectionId, ...models },
    { signal },
  )
  const vectors = await readVectors(api, items.nodes, models.embedder, signal)
  const neighbours = nearestNeighbours(new Map([...vectors].map(([name, { embeddings }]) => [name, embeddings])))
  const names = new Map(items.nodes.map((item) => [item.uniqueName, item.name]))
  const pictures: DemoPicture[] = []
  for (const item of items.nodes) {
    const nearest = neighbours.get(item.uniqueName)
    pictures.push({
      name: item.name,
      width: item.resolution?.width ?? 1,
      height: item.resolution?.height ?? 1,
      source: await asDataAddress(item.url, signal),
      tags: item.tags,
      boxes: item.annotations.nodes.flatMap(({ label, confidence, box }) =>
        box ? [{ label, confidence: confidence ?? 1, box }] : [],
      ),
      neighbour: nearest ? { name: names.get(nearest.name) ?? nearest.name, score: nearest.score } : null,
    })
  }
  const [first] = vectors.values()
  return {
    pictures,
    tagger: modelOf(tagger),
    embedder: { ...modelOf(embedder), dimension: first?.vectorDimension[0] ?? null },
  }
}

interface ModelAnswer {
  modelId: string
  currentVersion: { license: string | null } | null
}

const modelOf = (model: ModelAnswer | null): DemoModel => ({
  name: model?.modelId ?? 'default',
  license: model?.currentVersion?.license ?? null,
})

async function readVectors(api: Api, items: ItemAnswer[], modelName: string, signal: AbortSignal) {
  const { embeddingVectors } = await api.request<{ embeddingVectors: VectorAnswer[] }>(
    `query Vectors($uniqueNames: [String!]!, $modelName: String!) {
       embeddingVectors(uniqueNames: $uniqueNames, modelName: $modelName) {
         uniqueName embedding { embeddings modelName vectorDimension }
       }
     }`,
    { uniqueNames: items.map((item) => item.uniqueName), modelName },
    { signal },
  )
  return new Map(
    embeddingVectors.flatMap(({ uniqueName, embedding }) => (embedding ? [[uniqueName, embedding] as const] : [])),
  )
}

/** The picture itself, through its signed address, so that the page needs neither network nor gateway. */
async function asDataAddress(url: string | null, signal: AbortSignal): Promise<string> {
  if (url === null) return ''
  const response = await fetch(url, { signal })
  if (!response.ok) {
    await response.body?.cancel()
    return ''
  }
  const type = response.headers.get('content-type') ?? 'image/jpeg'
  return `data:${type};base64,${Buffer.from(await response.arrayBuffer()).toString('base64')}`
}
