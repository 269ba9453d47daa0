// Tagging over GraphQL with a real model: options, preview, dry run, and the whole lake.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { useDatabase } from '@lakelens/db/testing'
import { sleep } from '@lakelens/kernel'
import { useGateway } from './testing/testGateway'

const database = useDatabase()
const gateway = useGateway(
  {
    LAKELENS_ROLES: 'api,worker',
    INFERENCE_URL: '',
    INFERENCE_PORT: '0',
    INFERENCE_THREADS: '1',
    LAKELENS_DEFAULT_TAGGING: 'shapes-detector',
    LAKELENS_DEFAULT_EMBEDDING: 'shapes-embedder',
  },
  database,
)
const pictures = join(__dirname, '..', '..', '..', 'examples', 'shapes', 'pictures')
const files = ['shapes-01.jpg', 'shapes-02.jpg', 'shapes-03.jpg', 'shapes-04.jpg']
const names = files.map((file) => `shapes_${file}`)
const inputResolution = { width: 320, height: 320 }

const run = <T>(query: string, variables?: Record<string, unknown>): Promise<T> => gateway().run<T>(query, variables)

const upload = async (fileName: string): Promise<string> =>
  gateway().upload(fileName, await readFile(join(pictures, fileName)))

let collectionId: string
beforeAll(async () => {
  const made = await run<{ createCollection: { collection: { id: string } } }>(
    'mutation { createCollection(input: { name: "shapes", contentType: IMAGE }) { collection { id } } }',
  )
  collectionId = made.createCollection.collection.id
  const uploads = await Promise.all(files.map(upload))
  const { addItems } = await run<{ addItems: { items: object[] } }>(
    'mutation ($input: AddItemsInput!) { addItems(input: $input) { items { id } userErrors { message } } }',
    { input: { collectionId, items: uploads.map((uploadId) => ({ source: { uploadId } })) } },
  )
  expect(addItems.items).toHaveLength(files.length)
}, 60_000)

interface Problem {
  __typename: string
  reason: string
  path: string[] | null
  message: string
  suggestions?: string[]
}
interface Ended {
  id: string
  status: string
  query: string | null
  filter: object | null
  scope: { collection: { name: string } | null; contentType: string | null }
  counts: { total: number; succeeded: number; skipped: number }
  parameters: Record<string, unknown>
  labelCounts: { label: string; items: number; detections: number }[]
}
interface Plan {
  matched: number
  alreadyDone: number
  doneDifferently: number
  toProcess: number
  estimatedSeconds: number | null
  model: { modelId: string }
  modelVersion: number | null
  platform: string
  normalizedQuery: string | null
  parameters: Record<string, unknown>
  warnings: string[]
}

const planFields =
  'plan { matched alreadyDone doneDifferently toProcess estimatedSeconds model { modelId } modelVersion platform normalizedQuery parameters warnings }'

async function autoTag(
  input: object,
): Promise<{ job: { id: string } | null; plan: Plan | null; userErrors: Problem[] }> {
  const { autoTag: answer } = await run<{
    autoTag: { job: { id: string } | null; plan: Plan | null; userErrors: Problem[] }
  }>(
    `mutation ($input: AutoTagInput!) { autoTag(input: $input) { job { id } ${planFields}
      userErrors { __typename reason path message ... on NotFoundError { suggestions } } } }`,
    { input },
  )
  return answer
}

async function ended(input: object): Promise<Ended> {
  const { job, userErrors } = await autoTag(input)
  expect(userErrors).toEqual([])
  for (;;) {
    const { job: state } = await run<{ job: Ended }>(
      `query ($id: ID!) { job(id: $id) { id status query filter scope { collection { name } contentType }
        counts { total succeeded skipped } parameters labelCounts { label items detections } } }`,
      { id: job?.id },
    )
    if (/COMPLETED|FAILED/.test(state.status)) return state
    await sleep(50)
  }
}

interface Seen {
  label: string
  confidence: number
  box: { x: number; y: number; width: number; height: number } | null
}
const stored = async (uniqueName: string): Promise<Seen[]> => {
  const { item } = await run<{ item: { annotations: { nodes: Seen[] } } }>(
    'query ($name: String!) { item(uniqueName: $name) { annotations(first: 100) { nodes { label confidence box { x y width height } } } } }',
    { name: uniqueName },
  )
  return item.annotations.nodes
}

test('a dry run counts and leaves nothing', async () => {
  const { job, plan, userErrors } = await autoTag({ scope: { collectionId }, inputResolution, dryRun: true })
  expect([job, userErrors]).toEqual([null, []])
  expect(plan).toMatchObject({
    matched: 4,
    alreadyDone: 0,
    toProcess: 4,
    estimatedSeconds: null,
    model: { modelId: 'shapes-detector' },
    modelVersion: 1,
    platform: 'LOCAL',
    normalizedQuery: null,
    parameters: { effectiveResolution: inputResolution, confidenceThreshold: 0.5, nmsIou: 0.7, maxDetections: 300 },
    warnings: [],
  })
  const { jobs } = await run<{ jobs: { nodes: object[] } }>('{ jobs(first: 5) { nodes { id } } }')
  expect(jobs.nodes).toEqual([])
}, 60_000)

test('a preview sees the very boxes that a run stores', async () => {
  const { previewAutoTag } = await run<{
    previewAutoTag: {
      results: {
        uniqueName: string
        item: { id: string } | null
        error: string | null
        inferenceMs: number | null
        detections: Seen[]
      }[]
      userErrors: Problem[]
    }
  }>(
    `mutation ($input: PreviewAutoTagInput!) { previewAutoTag(input: $input) { userErrors { reason }
      results { uniqueName item { id } error inferenceMs detections { label confidence box { x y width height } } } } }`,
    { input: { uniqueNames: [...names, 'nobody'], inputResolution, confidenceFloor: 0.25 } },
  )
  expect(previewAutoTag.userErrors).toEqual([])
  expect(await stored(names[0] as string)).toEqual([])
  const results = new Map(previewAutoTag.results.map((result) => [result.uniqueName, result]))
  expect(results.get('nobody')).toMatchObject({
    item: null,
    detections: [],
    inferenceMs: null,
    error: expect.any(String) as string,
  })

  await ended({ scope: { uniqueNames: names }, inputResolution, confidenceThreshold: 0.25 })
  let boxes = 0
  for (const name of names) {
    const kept = await stored(name)
    expect(results.get(name)?.detections).toEqual(kept)
    boxes += kept.length
  }
  expect(boxes).toBeGreaterThan(3)
}, 60_000)

test('labels are chosen, merged and given thresholds of their own', async () => {
  const plain = (await Promise.all(names.map(stored))).flat().map((found) => found.label)
  expect(plain).toContain('circle')
  const job = await ended({
    scope: { collectionId },
    inputResolution,
    confidenceThreshold: 0.25,
    includeLabels: ['circle', 'SQUARE', 'triangle', 'star', 'cross', 'heart'],
    excludeLabels: [],
    classMapping: [
      { from: 'circle', to: 'round' },
      { from: 'heart', to: 'round' },
      { from: 'cross', to: null },
    ],
    classThresholds: [{ label: 'star', confidenceThreshold: 1 }],
    nmsIou: 0.6,
    maxDetections: 50,
  })
  expect(job).toMatchObject({
    status: 'COMPLETED',
    counts: { succeeded: 4 },
    parameters: { nmsIou: 0.6, maxDetections: 50 },
  })
  const called: Record<string, string | null> = { circle: 'round', heart: 'round', cross: null, star: null }
  const expected = plain.map((label) => (label in called ? called[label] : label)).filter((label) => label !== null)
  expect(job.labelCounts.map((count) => count.label).sort()).toEqual([...new Set(expected)].sort())
}, 60_000)

test('the whole lake, narrowed by query and filter, and what the job says of it', async () => {
  const input = {
    scope: { metalake: { contentType: 'IMAGE' } },
    inputResolution,
    query: 'metadata.name~shapes-0 AND NOT item.name=shapes-04.jpg',
    filter: { annotationTypes: ['MACHINE'], fromDate: '2020-01-01' },
    confidenceThreshold: 0.4,
  }
  const { plan } = await autoTag({ ...input, dryRun: true })
  expect(plan).toMatchObject({ alreadyDone: 0, matched: plan?.doneDifferently })
  expect(plan?.matched).toBeGreaterThan(0)
  expect(plan?.estimatedSeconds).toBeGreaterThan(0)
  const job = await ended(input)
  expect(job).toMatchObject({
    status: 'COMPLETED',
    query: input.query,
    filter: input.filter,
    scope: { collection: null, contentType: 'IMAGE' },
    counts: { total: plan?.matched, succeeded: plan?.matched },
  })
  expect((await ended({ ...input, scope: { metalake: { contentType: 'VIDEO' } } })).counts).toMatchObject({ total: 0 })
}, 60_000)

test('embeddings have dry runs too', async () => {
  const { embeddings } = await run<{ embeddings: { job: null; plan: Plan } }>(
    `mutation ($input: EmbeddingsInput!) { embeddings(input: $input) { job { id } ${planFields} } }`,
    { input: { scope: { metalake: { contentType: 'IMAGE' } }, dryRun: true } },
  )
  expect(embeddings).toMatchObject({
    job: null,
    plan: { matched: 4, toProcess: 4, model: { modelId: 'shapes-embedder' } },
  })
}, 60_000)

test('what is wrong is told where it is', async () => {
  const refused = async (input: object): Promise<Problem | undefined> =>
    (await autoTag({ scope: { collectionId }, ...input })).userErrors[0]
  expect(await refused({ includeLabels: ['circle', 'squar'] })).toMatchObject({
    __typename: 'NotFoundError',
    reason: 'LABELS_UNKNOWN',
    path: ['includeLabels', '1'],
    suggestions: expect.arrayContaining(['square']) as string[],
  })
  expect(await refused({ includeLabels: ['circle'], excludeLabels: ['Circle'] })).toMatchObject({
    reason: 'PARAMETER_INVALID',
    path: ['excludeLabels', '0'],
  })
  expect(await refused({ classThresholds: [{ label: 'star', confidenceThreshold: 7 }] })).toMatchObject({
    path: ['classThresholds', '0', 'confidenceThreshold'],
  })
  expect(await refused({ videoSampling: { fps: -1 } })).toMatchObject({ path: ['videoSampling', 'fps'] })
  expect(await refused({ query: 'nothing', dryRun: true })).toMatchObject({ path: ['query'] })
  const both = await gateway().graphql({
    query: 'mutation ($input: AutoTagInput!) { autoTag(input: $input) { job { id } } }',
    variables: { input: { scope: { collectionId }, videoSampling: { fps: 1, frameCount: 2 } } },
  })
  expect(both.json.errors).toHaveLength(1)
})
