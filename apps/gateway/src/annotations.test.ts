import { insertItems, touchBlob } from '@lakelens/db'
import { useDatabase } from '@lakelens/db/testing'
import { sleep } from '@lakelens/kernel'
import { readExamples } from './examples'
import { ask, useGateway } from './testing/testGateway'

const database = useDatabase()
const gateway = useGateway({ LAKELENS_ROLES: 'api,worker' }, database)

const run = <T>(query: string, variables?: Record<string, unknown>): Promise<T> => gateway().run<T>(query, variables)

interface UserError {
  code: string
  reason: string
  path: string[] | null
  __typename: string
}
/** One mutation with one input; its payload. */
async function mutate<T>(
  name: string,
  input: Record<string, unknown>,
  fields: string,
): Promise<T & { userErrors: UserError[] }> {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`
  const data = await run<Record<string, T & { userErrors: UserError[] }>>(
    `mutation ($input: ${type}!) { ${name}(input: $input) { ${fields} userErrors { __typename code reason path } } }`,
    { input },
  )
  return data[name]!
}

const annotation = `id label type kind confidence box { x y width height } polygons { outer { x y } holes { x y } } points { x y } rle
  phrase maskScore frame timestampSeconds model { modelId } modelVersion job { id } review reviewedBy createdBy createdAt item { uniqueName }`

let collectionId: string
beforeAll(async () => {
  const created = await mutate<{ collection: { id: string } }>(
    'createCollection',
    { name: 'pond', contentType: 'IMAGE' },
    'collection { id }',
  )
  collectionId = created.collection.id
  const digest = 'c'.repeat(64)
  await touchBlob(database(), { digest, byteSize: 9 })
  await insertItems(
    database(),
    ['a.png', 'b.png'].map((name) => ({
      collectionId: Buffer.from(collectionId, 'base64url').toString().replace('Collection:', ''),
      uniqueName: `pond_${name}`,
      name,
      contentType: 'IMAGE' as const,
      mediaType: 'image/png',
      digest,
      byteSize: 9,
      width: 200,
      height: 100,
      thumbnailDigest: null,
    })),
    'test',
  )
})

async function ended(id: string): Promise<Record<string, unknown>> {
  for (const deadline = Date.now() + 15_000; Date.now() < deadline; await sleep(50)) {
    const { job } = await run<{ job: { status: string } }>(
      `query ($id: ID!) { job(id: $id) { status jobType downloadUrl notes counts { succeeded skipped failed }
         failures { nodes { uniqueName code item { id } } } error { code } } }`,
      { id },
    )
    if (!['QUEUED', 'IN_PROGRESS'].includes(job.status)) return job
  }
  throw new Error(`job ${id} did not end`)
}

test('an annotation is made, found by its id, changed, judged and taken away; the tags of its item follow', async () => {
  const holes = [
    [
      { x: 0.4, y: 0.4 },
      { x: 0.5, y: 0.4 },
      { x: 0.5, y: 0.5 },
    ],
  ]
  const outer = [
    { x: 0.25, y: 0.25 },
    { x: 0.75, y: 0.25 },
    { x: 0.75, y: 0.75 },
  ]
  const made = await mutate<{ annotation: Record<string, unknown> & { id: string } }>(
    'createAnnotation',
    { uniqueName: 'pond_a.png', label: 'frog', shape: { polygons: [{ outer, holes }] } },
    `annotation { ${annotation} }`,
  )
  expect(made.userErrors).toEqual([])
  expect(made.annotation).toMatchObject({
    label: 'frog',
    type: 'HUMAN',
    kind: 'POLYGON',
    confidence: null,
    box: { x: 0.25, y: 0.25, width: 0.5, height: 0.5 },
    polygons: [{ outer, holes }],
    points: null,
    rle: null,
    model: null,
    job: null,
    review: 'PENDING',
    createdBy: 'anonymous',
    item: { uniqueName: 'pond_a.png' },
  })
  const { id } = made.annotation
  const { node } = await run<{ node: unknown }>(
    'query ($id: ID!) { node(id: $id) { __typename id ... on Annotation { label item { name } } } }',
    { id },
  )
  expect(node).toEqual({ __typename: 'Annotation', id, label: 'frog', item: { name: 'a.png' } })

  const tags = async (): Promise<unknown> =>
    (
      await run<{ item: unknown }>(
        '{ item(uniqueName: "pond_a.png") { tags { label source count frames } annotationTypes annotations(filter: { review: [REJECTED] }) { totalCount } } }',
      )
    ).item
  const changed = await mutate<{ annotation: unknown }>(
    'updateAnnotation',
    { annotationId: id, label: 'toad', shape: { points: [{ x: 0, y: 1 }] } },
    `annotation { ${annotation} }`,
  )
  expect(changed.annotation).toMatchObject({
    id,
    label: 'toad',
    kind: 'POINTS',
    points: [{ x: 0, y: 1 }],
    polygons: null,
  })
  expect(await tags()).toEqual({
    tags: [{ label: 'toad', source: 'HUMAN', count: 1, frames: null }],
    annotationTypes: ['HUMAN'],
    annotations: { totalCount: 0 },
  })
  const judged = await mutate<object>(
    'reviewAnnotations',
    { target: { annotationIds: [id] }, decision: 'REJECT' },
    'changedCount hasMore annotations { id review reviewedBy }',
  )
  expect(judged).toEqual({
    changedCount: 1,
    hasMore: false,
    annotations: [{ id, review: 'REJECTED', reviewedBy: 'anonymous' }],
    userErrors: [],
  })
  expect(await tags()).toEqual({ tags: [], annotationTypes: ['RAW'], annotations: { totalCount: 1 } })
  expect(await mutate('deleteAnnotations', { annotationIds: [id] }, 'deletedCount')).toEqual({
    deletedCount: 1,
    userErrors: [],
  })
  expect(await run('query ($id: ID!) { node(id: $id) { id } }', { id })).toEqual({ node: null })
})

test('what is wrong is told with its code, reason and place in the input', async () => {
  const label = 'x'
  const uniqueName = 'pond_a.png'
  const told = async (name: string, input: Record<string, unknown>): Promise<unknown[]> =>
    (await mutate(name, input, '__typename')).userErrors.map(({ code, reason, path }) => [code, reason, path])
  const job = Buffer.from('Job:999').toString('base64url')
  expect(await told('createAnnotation', { uniqueName: 'nobody', label })).toEqual([
    ['NOT_FOUND', 'ITEMS_UNKNOWN', ['uniqueName']],
  ])
  const shape = {
    polygons: [
      {
        outer: [
          { x: 0, y: 2 },
          { x: 1, y: 1 },
          { x: 0, y: 1 },
        ],
      },
    ],
  }
  expect(await told('createAnnotation', { uniqueName, label, shape })).toEqual([
    ['INVALID_INPUT', 'SHAPE_INVALID', ['shape', 'polygons', '0', 'outer', '0', 'y']],
  ])
  expect(await told('createAnnotation', { uniqueName, label, frame: 3 })).toEqual([
    ['INVALID_INPUT', 'FRAME_INVALID', ['frame']],
  ])
  expect(await told('updateAnnotation', { annotationId: job, label })).toEqual([
    ['NOT_FOUND', 'ID_UNKNOWN', ['annotationId']],
  ])
  expect(await told('deleteAnnotations', { annotationIds: ['x'] })).toEqual([
    ['NOT_FOUND', 'ID_UNKNOWN', ['annotationIds', '0']],
  ])
  expect(await told('reviewAnnotations', { target: { jobFilter: { jobId: job } }, decision: 'ACCEPT' })).toEqual([
    ['NOT_FOUND', 'RUN_NOT_FOUND', ['target', 'jobFilter', 'jobId']],
  ])
  expect(await told('importAnnotations', { uploadId: 'x', collectionId })).toEqual([
    ['NOT_FOUND', 'UPLOAD_NOT_FOUND', ['uploadId']],
  ])
  const scope = { uniqueNames: ['nobody'] }
  expect(await told('exportAnnotations', { scope, format: 'CSV' })).toEqual([
    ['NOT_FOUND', 'ITEMS_UNKNOWN', ['scope', 'uniqueNames']],
  ])
})

test('exactly one shape and exactly one target may be given', async () => {
  const refused = async (query: string): Promise<string> => {
    const { json } = await gateway().graphql(query)
    return json.errors?.[0]?.message ?? 'nothing was refused'
  }
  expect(
    await refused(
      'mutation { createAnnotation(input: { uniqueName: "pond_a.png", label: "x", shape: { rle: "1", points: [{ x: 0, y: 0 }] } }) { __typename } }',
    ),
  ).toMatch(/AnnotationShapeInput.*exactly one/)
  expect(
    await refused('mutation { reviewAnnotations(input: { target: {}, decision: ACCEPT }) { changedCount } }'),
  ).toMatch(/ReviewTargetInput.*exactly one/)
})

test('a file goes out by a signed address, and comes in by an upload', async () => {
  const box = { x: 0.1, y: 0.2, width: 0.3, height: 0.4 }
  await mutate('createAnnotation', { uniqueName: 'pond_b.png', label: 'newt', shape: { box } }, 'annotation { id }')
  const out = await mutate<{ job: { id: string } }>(
    'exportAnnotations',
    { scope: { collectionId }, format: 'COCO' },
    'job { id }',
  )
  const written = await ended(out.job.id)
  expect(written).toMatchObject({ status: 'COMPLETED', jobType: 'EXPORT', notes: [], counts: { succeeded: 1 } })
  const file = await ask(String(written['downloadUrl']))
  expect(file.headers).toMatchObject({
    'content-type': 'application/json',
    'content-disposition': expect.stringContaining('pond-coco.json'),
  })
  expect(file.json.annotations).toMatchObject([{ bbox: [20, 20, 60, 40] }])

  const moved = JSON.stringify({
    ...file.json,
    annotations: [
      { ...file.json.annotations[0], bbox: [0, 0, 10, 10] },
      { ...file.json.annotations[0], id: 2, bbox: [0, 0, 0, 0] },
    ],
  })
  const { upload } = await mutate<{ upload: { id: string; url: string } }>(
    'createUpload',
    { fileName: 'coco.json', byteSize: moved.length, purpose: 'ANNOTATIONS' },
    'upload { id url }',
  )
  await ask(upload.url, { method: 'PUT', headers: { 'content-length': String(moved.length) }, body: moved })
  const into = await mutate<{ job: { id: string } }>(
    'importAnnotations',
    { uploadId: upload.id, collectionId },
    'job { id }',
  )
  expect(await ended(into.job.id)).toEqual({
    status: 'COMPLETED_WITH_ERRORS',
    jobType: 'IMPORT',
    downloadUrl: null,
    notes: [],
    counts: { succeeded: 1, skipped: 0, failed: 1 },
    failures: { nodes: [{ uniqueName: 'annotation 2', code: 'SHAPE_INVALID', item: null }] },
    error: null,
  })
  const { item } = await run<{ item: { annotations: { nodes: unknown[] } } }>(
    '{ item(uniqueName: "pond_b.png") { annotations { nodes { label box { width } job { jobType } } } } }',
  )
  expect(item.annotations.nodes).toEqual([
    { label: 'newt', box: { width: 0.3 }, job: null },
    { label: 'newt', box: { width: 0.05 }, job: { jobType: 'IMPORT' } },
  ])
})

test('the example operations do what they say', async () => {
  const example = async (name: string): Promise<string> =>
    (await readExamples()).find((one) => one.name === name)?.document ?? ''
  const noErrors = { userErrors: [] }
  const made = await run<Record<string, { annotation: { id: string } }>>(await example('24-annotate'), {
    uniqueName: 'pond_a.png',
  })
  expect(made).toMatchObject({
    box: { annotation: { kind: 'BOX', type: 'HUMAN' }, ...noErrors },
    outline: { annotation: { kind: 'POLYGON', box: { x: 0.2, y: 0.2 } }, ...noErrors },
    whole: { annotation: { kind: 'LABEL', box: null }, ...noErrors },
  })
  const out = await run<{ exportAnnotations: { job: { id: string } } }>(await example('26-export-annotations'), {
    collectionId,
  })
  expect(out).toMatchObject({ exportAnnotations: { job: { jobType: 'EXPORT', downloadUrl: null }, ...noErrors } })
  await ended(out.exportAnnotations.job.id)
  const [wrong, corrected, needless] = Object.values(made).map(({ annotation: { id } }) => id)
  expect(
    await run(await example('25-review'), { jobId: out.exportAnnotations.job.id, wrong, corrected, needless }),
  ).toMatchObject({
    sure: { changedCount: 0, hasMore: false, ...noErrors },
    wrong: { changedCount: 1, annotations: [{ review: 'REJECTED' }], ...noErrors },
    updateAnnotation: { annotation: { id: corrected, label: 'lynx' }, ...noErrors },
    deleteAnnotations: { deletedCount: 1, ...noErrors },
  })
  expect(await run(await example('27-import-annotations'), { uploadId: 'none', collectionId })).toMatchObject({
    importAnnotations: { job: null, userErrors: [{ reason: 'UPLOAD_NOT_FOUND' }] },
  })
})
