// The chapter's own calls (examples/operations/3x), run as they stand on a lake whose upload dates suit them: each finds its rows,
// and for each parameter there is a row that this parameter alone keeps out.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { useDatabase } from '@lakelens/db/testing'
import { sleep } from '@lakelens/kernel'
import { Kind, parse, print, visit, type ObjectValueNode, type ValueNode } from 'graphql'
import { readExamples } from './examples'
import { onlyOperation } from './testing/onlyOperation'
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

/** What a row of the seeded lake has; everything else is as the rows that the chapter's calls mean. */
interface Row {
  collection?: string
  day?: string
  label?: string
  source?: 'HUMAN' | 'MACHINE' | 'RAW'
  tags?: string[]
  metadata?: Record<string, unknown>
  video?: boolean
}
const lake: Record<string, Row> = {
  'IMG_first_day.jpg': { day: '2024-03-01T00:00:00Z' },
  'IMG_last_day.jpg': { day: '2024-03-31T23:59:59Z' },
  'IMG_unannotated.jpg': { source: 'RAW' },
  'IMG_by_model.jpg': { source: 'MACHINE' },
  'IMG_cat.jpg': { label: 'cat' },
  'IMG_dry.jpg': { tags: ['dry land'] },
  'IMG_elsewhere.jpg': { metadata: { 'Captured Location': 'Brandon' } },
  'IMG_early.jpg': { day: '2024-02-29T23:59:59Z' },
  'IMG_late.jpg': { day: '2024-04-01T00:00:00Z' },
  'scan.jpg': {},
  'IMG_other_collection.jpg': { collection: 'others' },
  'IMG_film.mp4': { collection: 'films', video: true },
  'raw.mp4': { collection: 'films', video: true, source: 'RAW' },
  'by_model.mp4': { collection: 'films', video: true, source: 'MACHINE' },
  'dry.mp4': { collection: 'films', video: true, source: 'RAW', tags: [] },
  'early.mp4': { collection: 'films', video: true, source: 'RAW', day: '2023-03-15T12:00:00Z' },
  'late.mp4': { collection: 'films', video: true, source: 'RAW', day: '2024-04-01T00:00:00Z' },
}

const run = <T>(query: string, variables?: Record<string, unknown>): Promise<T> => gateway().run<T>(query, variables)

const upload = async (fileName: string): Promise<string> =>
  gateway().upload(fileName, await readFile(join(pictures, fileName)))

const collections: Record<string, string> = {}

beforeAll(async () => {
  const uploadId = await upload('shapes-03.jpg')
  for (const [name, contentType] of [
    ['birds', 'IMAGE'],
    ['others', 'IMAGE'],
    ['films', 'VIDEO'],
  ]) {
    const { createCollection } = await run<{ createCollection: { collection: { id: string } } }>(
      'mutation ($input: CreateCollectionInput!) { createCollection(input: $input) { collection { id } userErrors { message } } }',
      { input: { name, contentType } },
    )
    collections[name as string] = createCollection.collection.id
  }
  for (const [name, row] of Object.entries(lake)) await addRow(uploadId, name, row)
}, 60_000)

/** Pictures over the API; dates, and films (their bytes would need a decoder, and no call here may come to them), as rows. */
async function addRow(uploadId: string, name: string, row: Row): Promise<void> {
  const { collection = 'birds', day = '2024-03-15T12:00:00Z', label = 'bird', source = 'HUMAN', video = false } = row
  const { tags = ['Water', 'summer'], metadata = { 'Captured Location': 'Winnipeg' } } = row
  const uniqueName = `${collection}_${name}`
  if (video) {
    await database().query(
      `insert into item (collection_id, unique_name, name, content_type, media_type, digest, byte_size, created_by, tags, metadata)
       select c.id, $1, $2, 'VIDEO', 'video/mp4', (select min(digest) from blob), 1, 'test', $4, $5 from collection c where c.name = $3`,
      [uniqueName, name, collection, tags, metadata],
    )
  } else {
    const { addItems } = await run<{ addItems: { userErrors: object[] } }>(
      'mutation ($input: AddItemsInput!) { addItems(input: $input) { userErrors { message } } }',
      { input: { collectionId: collections[collection], items: [{ source: { uploadId }, name, tags, metadata }] } },
    )
    expect(addItems.userErrors).toEqual([])
  }
  await database().query(`update item set created_at = $2 where unique_name = $1`, [uniqueName, day])
  if (source !== 'RAW')
    await database().query(
      `insert into annotation (item_id, label, source, kind, confidence, x, y, width, height)
       select id, $2, $3, 'BOX', $4, 0.1, 0.1, 0.2, 0.2 from item where unique_name = $1`,
      [uniqueName, label, source, source === 'MACHINE' ? 0.9 : null],
    )
}

async function example(name: string): Promise<string> {
  const found = (await readExamples()).find((one) => one.name === name)
  if (!found) throw new Error(`no example ${name}`)
  return found.document
}

type Input = Record<string, unknown>
type Literal = string | number | boolean | null | Literal[] | { [key: string]: Literal }

/** The `input` of an operation as a value, with its variables filled in. */
function inputOf(document: string): Input {
  const read = (node: ValueNode): Literal => {
    if (node.kind === Kind.OBJECT) return Object.fromEntries(node.fields.map((f) => [f.name.value, read(f.value)]))
    if (node.kind === Kind.LIST) return node.values.map(read)
    if (node.kind === Kind.VARIABLE) return collections['birds'] as string
    if (node.kind === Kind.NULL) return null
    return node.kind === Kind.INT || node.kind === Kind.FLOAT ? Number(node.value) : (node.value as Literal)
  }
  let found: ObjectValueNode | undefined
  visit(parse(document), {
    Argument: (node) => {
      if (node.name.value === 'input' && node.value.kind === Kind.OBJECT) found ??= node.value
    },
  })
  return read(found as ObjectValueNode) as Input
}

/** Unique names that scope, query and filter of an input mean, by the list that front ends show. */
async function matches({ scope, query, filter }: Input): Promise<string[]> {
  const { items } = await run<{ items: { nodes: { uniqueName: string }[] } }>(
    `query ($scope: ScopeInput, $query: String, $filter: FilterInput) {
       items(scope: $scope, query: $query, filter: $filter, first: 100, orderBy: { field: NAME, direction: ASC }) { nodes { uniqueName } } }`,
    { scope, query, filter },
  )
  return items.nodes.map((item) => item.uniqueName)
}

interface Started {
  job: { id: string } | null
  userErrors: { code: string; message: string }[]
}

async function ended(jobId: string): Promise<{ status: string; counts: Record<string, number>; modelId: string }> {
  for (let tries = 0; tries < 200; tries++) {
    const { job } = await run<{
      job: { status: string; counts: Record<string, number>; model: { modelId: string } | null }
    }>('query ($id: ID!) { job(id: $id) { status counts { succeeded skipped failed } model { modelId } } }', {
      id: jobId,
    })
    if (!['QUEUED', 'IN_PROGRESS'].includes(job.status)) return { ...job, modelId: job.model?.modelId ?? '' }
    await sleep(50)
  }
  throw new Error(`job ${jobId} did not end`)
}

const databaseId = (globalId: string): string => Buffer.from(globalId, 'base64url').toString().split(':')[1] as string

async function processedBy(jobId: string): Promise<string[]> {
  const { rows } = await database().query<{ name: string }>(
    `select i.unique_name as name from item_result r join item i on i.id = r.item_id where r.job_id = $1 order by 1`,
    [databaseId(jobId)],
  )
  return rows.map((row) => row.name)
}

const without = (input: Input, ...path: string[]): Input => {
  const [head, ...rest] = path as [string, ...string[]]
  const { [head]: value, ...others } = input
  return rest.length === 0 ? others : { ...others, [head]: without(value as Input, ...rest) }
}
const anywhere = (input: Input): Input => ({ ...input, scope: { metalake: { contentType: 'IMAGE' } } })

interface Case {
  rows: string[]
  /** A parameter, how the call is without it, and the row that then comes in. */
  keepsOut: [parameter: string, relaxed: (input: Input) => Input, row: string][]
}
const cases: Record<string, Case> = {
  '31-auto-tag-collection': {
    rows: [
      'birds_IMG_dry.jpg',
      'birds_IMG_elsewhere.jpg',
      'birds_IMG_first_day.jpg',
      'birds_IMG_last_day.jpg',
      'birds_scan.jpg',
    ],
    keepsOut: [
      ['scope', anywhere, 'others_IMG_other_collection.jpg'],
      ['query', (input) => without(input, 'query'), 'birds_IMG_cat.jpg'],
      ['annotationTypes', (input) => without(input, 'filter', 'annotationTypes'), 'birds_IMG_by_model.jpg'],
      ['fromDate', (input) => without(input, 'filter', 'fromDate'), 'birds_IMG_early.jpg'],
      ['toDate', (input) => without(input, 'filter', 'toDate'), 'birds_IMG_late.jpg'],
    ],
  },
  '32-auto-tag-metalake': {
    rows: [
      'birds_IMG_cat.jpg',
      'birds_IMG_elsewhere.jpg',
      'birds_IMG_first_day.jpg',
      'birds_IMG_last_day.jpg',
      'birds_IMG_unannotated.jpg',
      'birds_scan.jpg',
      'others_IMG_other_collection.jpg',
    ],
    keepsOut: [
      ['contentType', (input) => without(input, 'scope'), 'films_IMG_film.mp4'],
      ['query', (input) => without(input, 'query'), 'birds_IMG_dry.jpg'],
      ['annotationTypes', (input) => without(input, 'filter', 'annotationTypes'), 'birds_IMG_by_model.jpg'],
      ['fromDate', (input) => without(input, 'filter', 'fromDate'), 'birds_IMG_early.jpg'],
      ['toDate', (input) => without(input, 'filter', 'toDate'), 'birds_IMG_late.jpg'],
    ],
  },
  // Run on real videos by chapterVideos.real.ts.
  '33-auto-tag-videos': {
    rows: ['films_by_model.mp4', 'films_raw.mp4'],
    keepsOut: [
      ['contentType', (input) => without(input, 'scope'), 'birds_IMG_unannotated.jpg'],
      ['query', (input) => without(input, 'query'), 'films_dry.mp4'],
      ['annotationTypes', (input) => without(input, 'filter', 'annotationTypes'), 'films_IMG_film.mp4'],
      ['fromDate', (input) => without(input, 'filter', 'fromDate'), 'films_early.mp4'],
      ['toDate', (input) => without(input, 'filter', 'toDate'), 'films_late.mp4'],
    ],
  },
  '34-embeddings-collection': {
    rows: [
      'birds_IMG_by_model.jpg',
      'birds_IMG_cat.jpg',
      'birds_IMG_dry.jpg',
      'birds_IMG_first_day.jpg',
      'birds_IMG_last_day.jpg',
      'birds_scan.jpg',
    ],
    keepsOut: [
      ['scope', anywhere, 'others_IMG_other_collection.jpg'],
      ['query', (input) => without(input, 'query'), 'birds_IMG_elsewhere.jpg'],
      ['annotationTypes', (input) => without(input, 'filter', 'annotationTypes'), 'birds_IMG_unannotated.jpg'],
      ['fromDate', (input) => without(input, 'filter', 'fromDate'), 'birds_IMG_early.jpg'],
      ['toDate', (input) => without(input, 'filter', 'toDate'), 'birds_IMG_late.jpg'],
    ],
  },
  '35-embeddings-metalake': {
    rows: [
      'birds_IMG_by_model.jpg',
      'birds_IMG_dry.jpg',
      'birds_IMG_elsewhere.jpg',
      'birds_IMG_first_day.jpg',
      'birds_IMG_last_day.jpg',
      'others_IMG_other_collection.jpg',
    ],
    keepsOut: [
      ['contentType', (input) => without(input, 'scope'), 'films_IMG_film.mp4'],
      ['query', (input) => without(input, 'query'), 'birds_IMG_cat.jpg'],
      ['query, its second condition', (input) => ({ ...input, query: 'annotation.label=Bird' }), 'birds_scan.jpg'],
      [
        'annotationTypes',
        // Whoever has the label is annotated, so that this narrows only what the query leaves open.
        (input) => ({ ...without(input, 'filter', 'annotationTypes'), query: 'metadata.name~IMG' }),
        'birds_IMG_unannotated.jpg',
      ],
      ['fromDate', (input) => without(input, 'filter', 'fromDate'), 'birds_IMG_early.jpg'],
      ['toDate', (input) => without(input, 'filter', 'toDate'), 'birds_IMG_late.jpg'],
    ],
  },
}

// Runs write annotations of their own, which a later call would see: what each call means is asked before any of them runs.
describe.each(Object.entries(cases))('%s', (name, { rows, keepsOut }) => {
  test('means the rows expected', async () => {
    expect(await matches(inputOf(await example(name)))).toEqual(rows)
  })

  test.each(keepsOut)('%s keeps a row out, alone', async (_parameter, relaxed, row) => {
    const relaxedRows = await matches(relaxed(inputOf(await example(name))))
    expect(relaxedRows).toEqual(expect.arrayContaining([row, ...rows]))
    expect(rows).not.toContain(row)
  })

  test('another platform than the local one is refused, and nothing starts', async () => {
    const document = print(
      visit(parse(await example(name)), {
        ObjectField: (node) =>
          node.name.value === 'inferencePlatform' ? { ...node, value: { kind: Kind.ENUM, value: 'AWS' } } : undefined,
      }),
    )
    const [answer] = Object.values(
      await run<Record<string, Started>>(document, hasVariable(document) ? { collectionId: collections['birds'] } : {}),
    )
    expect(answer?.job).toBeNull()
    expect(answer?.userErrors).toMatchObject([{ code: 'NOT_SUPPORTED' }])
  })
})

const hasVariable = (document: string): boolean => (onlyOperation(parse(document)).variableDefinitions ?? []).length > 0

describe('run as they stand', () => {
  test.each(['34-embeddings-collection', '31-auto-tag-collection'])(
    '%s works on its rows and on no others',
    async (name) => {
      const document = await example(name)
      const [answer] = Object.values(
        await run<Record<string, Started>>(document, { collectionId: collections['birds'] }),
      )
      expect(answer?.userErrors).toEqual([])
      const id = answer?.job?.id ?? ''
      const rows = cases[name]?.rows ?? []
      expect(await ended(id)).toMatchObject({
        status: 'COMPLETED',
        counts: { succeeded: rows.length, skipped: 0, failed: 0 },
        modelId: name.includes('tag') ? 'shapes-detector' : 'shapes-embedder',
      })
      expect(await processedBy(id)).toEqual(rows)
    },
    60_000,
  )

  interface Found {
    label: string
    confidence: number
    box: { x: number; y: number; width: number; height: number }
  }
  /** What the collection's call finds in one picture with other parameters. */
  async function found(changes: Input): Promise<Found[]> {
    const input = { ...inputOf(await example('31-auto-tag-collection')), ...changes }
    const { autoTag } = await run<{ autoTag: Started }>(
      'mutation ($input: AutoTagInput!) { autoTag(input: $input) { job { id } userErrors { message } } }',
      { input: { ...input, scope: { uniqueNames: ['birds_scan.jpg'] }, onExisting: 'REPLACE' } },
    )
    const jobId = autoTag.job?.id ?? ''
    expect(await ended(jobId)).toMatchObject({ status: 'COMPLETED', counts: { succeeded: 1 } })
    const { item } = await run<{ item: { annotations: { nodes: Found[] } } }>(
      `query ($jobId: ID!) { item(uniqueName: "birds_scan.jpg") {
         annotations(filter: { jobId: $jobId }) { nodes { label confidence box { x y width height } } } } }`,
      { jobId },
    )
    return item.annotations.nodes
  }
  const overlaps = (a: Found, b: Found): boolean =>
    Math.abs(a.box.x - b.box.x) + Math.abs(a.box.y - b.box.y) < 0.05 && a.label === b.label

  test('confidenceThreshold, inputResolution and modelId decide which findings there are', async () => {
    const asItStands = await found({})
    expect(asItStands.length).toBeGreaterThan(0)
    expect(asItStands.every(({ confidence }) => confidence >= 0.5)).toBe(true)
    const doubtful = await found({ confidenceThreshold: 0.01 })
    expect(doubtful.some(({ confidence }) => confidence < 0.5)).toBe(true)
    const coarse = await found({ inputResolution: { width: 32, height: 32 } })
    expect(asItStands.some((one) => !coarse.some((other) => overlaps(one, other)))).toBe(true)
    const labels = new Set(asItStands.map(({ label }) => label))
    const other = await found({ modelId: 'tiny-detector', confidenceThreshold: 0.01 })
    expect(other.some(({ label }) => !labels.has(label))).toBe(true)
  }, 60_000)

  test.each(['32-auto-tag-metalake', '35-embeddings-metalake'])(
    '%s covers every collection of pictures',
    async (name) => {
      const document = await example(name)
      const rows = await matches(inputOf(document))
      expect(rows).toContain('others_IMG_other_collection.jpg')
      const [answer] = Object.values(await run<Record<string, Started>>(document))
      expect(answer?.userErrors).toEqual([])
      const id = answer?.job?.id ?? ''
      const end = await ended(id)
      expect(end.status).toBe('COMPLETED')
      const processed = await processedBy(id)
      expect(processed).toContain('others_IMG_other_collection.jpg')
      // What an earlier call did under the same parameters is skipped, and nothing else is left out.
      expect((end.counts['succeeded'] ?? 0) + (end.counts['skipped'] ?? 0)).toBe(rows.length)
      expect(rows).toEqual(expect.arrayContaining(processed))
    },
    60_000,
  )
})
