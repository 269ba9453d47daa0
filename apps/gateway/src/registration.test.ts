import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { useDatabase } from '@lakelens/db/testing'
import { sleep } from '@lakelens/kernel'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { detectorPackage, packageOf, pythonPackage, writePackage, type PackageFiles } from './testing/modelPackage'
import { useGateway } from './testing/testGateway'

const database = useDatabase()
const importDir = mkdtempSync(join(tmpdir(), 'lakelens-import-'))
const gateway = useGateway(
  {
    LAKELENS_ROLES: 'api,worker',
    INFERENCE_URL: '',
    INFERENCE_PORT: '0',
    INFERENCE_THREADS: '1',
    LAKELENS_IMPORT_DIR: importDir,
  },
  database,
)
afterAll(() => rm(importDir, { recursive: true, force: true }))
const pictures = join(__dirname, '..', '..', '..', 'examples', 'pictures')

const run = <T>(query: string, variables?: Record<string, unknown>): Promise<T> => gateway().run<T>(query, variables)

const upload = (bytes: Buffer, purpose: 'MODEL' | 'ITEM'): Promise<string> => gateway().upload('sent', bytes, purpose)

interface Registered {
  model: { modelId: string; status: string; currentVersion: { version: number } | null } | null
  version: Record<string, unknown> | null
  validation: { ok: boolean; checks: { code: string; outcome: string }[] } | null
  job: { id: string } | null
  userErrors: {
    __typename: string
    code: string
    reason: string
    path: string[] | null
    check?: string
    hint?: string
  }[]
}

const answer = `
  model { modelId status currentVersion { version } }
  version { version status runtime origin labels license sha256 byteSize inputs { name shape } installLog createdBy }
  validation { ok checks { code outcome } }
  job { id }
  userErrors { __typename code reason path ... on ModelPackageError { check file hint } }`

async function register(input: Record<string, unknown>): Promise<Registered> {
  const { registerModel } = await run<{ registerModel: Registered }>(
    `mutation ($input: RegisterModelInput!) { registerModel(input: $input) { ${answer} } }`,
    { input: { application: 'AUTO_TAGGING', ...input } },
  )
  return registerModel
}
const send = async (modelName: string, files: PackageFiles): Promise<Registered> =>
  register({ modelName, source: { uploadId: await upload(await packageOf(files), 'MODEL') } })

test('a graph of one’s own is registered, and tags as the system model of the same weights does', async () => {
  const registered = await send('blobs', await detectorPackage())
  expect(registered.userErrors).toEqual([])
  expect(registered).toMatchObject({
    model: { modelId: 'blobs', status: 'READY', currentVersion: { version: 1 } },
    version: {
      version: 1,
      status: 'READY',
      runtime: 'ONNX',
      origin: 'REGISTERED',
      labels: ['red', 'green', 'blue'],
      license: 'Apache-2.0',
      createdBy: 'anonymous',
    },
    validation: { ok: true },
    job: null,
  })
  const { createCollection } = await run<{ createCollection: { collection: { id: string } } }>(
    'mutation { createCollection(input: { name: "trip", contentType: IMAGE }) { collection { id } } }',
  )
  const collectionId = createCollection.collection.id
  const uploadId = await upload(await readFile(join(pictures, 'coffee.jpg')), 'ITEM')
  await run('mutation ($input: AddItemsInput!) { addItems(input: $input) { userErrors { message } } }', {
    input: { collectionId, items: [{ source: { uploadId }, name: 'coffee.jpg' }] },
  })
  for (const modelId of ['blobs', 'tiny-detector']) expect(await tag(collectionId, modelId)).toBe('COMPLETED')
  const { item } = await run<{
    item: { tags: { label: string; maxConfidence: number; model: { modelId: string } }[] }
  }>('{ item(uniqueName: "trip_coffee.jpg") { tags { label maxConfidence model { modelId } } } }')
  const tagsOf = (modelId: string) =>
    item.tags
      .filter((each) => each.model.modelId === modelId)
      .map(({ label, maxConfidence }) => ({ label, maxConfidence }))
  expect(tagsOf('blobs').length).toBeGreaterThan(0)
  expect(tagsOf('blobs')).toEqual(tagsOf('tiny-detector'))
  const { model } = await run<{ model: object }>('{ model(modelId: "blobs") { usage { jobs items } createdBy } }')
  expect(model).toEqual({ usage: { jobs: 1, items: 1 }, createdBy: 'anonymous' })
}, 60_000)

async function tag(collectionId: string, modelId: string): Promise<string> {
  const { autoTag } = await run<{ autoTag: { job: { id: string } } }>(
    'mutation ($input: AutoTagInput!) { autoTag(input: $input) { job { id } userErrors { message } } }',
    { input: { scope: { collectionId }, modelId, confidenceThreshold: 0.25 } },
  )
  for (;;) {
    const { job } = await run<{ job: { status: string } }>('query ($id: ID!) { job(id: $id) { status } }', {
      id: autoTag.job.id,
    })
    if (!['QUEUED', 'IN_PROGRESS'].includes(job.status)) return job.status
    await sleep(50)
  }
}

test('a package that fails is told check by check, each with what to write', async () => {
  const failed = await send('bad', await detectorPackage({ 'label_list.yaml': 'label_list: [red, green]\n' }))
  expect(failed.version).toMatchObject({ status: 'FAILED', sha256: null, byteSize: null })
  expect(failed.model).toMatchObject({ status: 'FAILED', currentVersion: null })
  expect(failed.validation?.ok).toBe(false)
  const checks = failed.validation?.checks.filter((check) => check.outcome === 'FAILED').map((check) => check.code)
  expect(failed.userErrors.map((error) => error.check)).toEqual(checks)
  for (const error of failed.userErrors)
    expect(error).toMatchObject({
      __typename: 'ModelPackageError',
      code: 'MODEL_PACKAGE_INVALID',
      reason: 'PACKAGE_CHECK_FAILED',
      hint: expect.any(String),
    })
})

test('a folder of the server is checked and registered, and nothing outside of the import folder', async () => {
  await writePackage(join(importDir, 'tagger'), pythonPackage())
  const { validateModel } = await run<{ validateModel: Registered }>(
    `mutation { validateModel(input: { source: { path: "tagger" }, application: AUTO_TAGGING }) { validation { ok checks { code outcome } } job { id } userErrors { code } } }`,
  )
  expect(validateModel).toMatchObject({ validation: { ok: true }, job: null, userErrors: [] })
  const registered = await register({ modelName: 'tagger', source: { path: 'tagger' } })
  expect(registered.version).toMatchObject({ status: 'READY', runtime: 'PYTHON', labels: ['cat', 'dog'] })
  expect(await register({ modelName: 'x', source: { path: '../..' } })).toMatchObject({
    model: null,
    version: null,
    userErrors: [{ code: 'INVALID_INPUT', reason: 'IMPORT_PATH_OUTSIDE', path: ['source', 'path'] }],
  })
  const two = await gateway().graphql({
    query:
      'mutation { registerModel(input: { source: { path: "a", uploadId: "b" }, modelName: "x", application: EMBEDDING }) { job { id } } }',
  })
  expect(two.json.errors).toHaveLength(1)
})

test('a subscriber sees what a registration is at, and its report at the end', async () => {
  const uploadId = await upload(
    await packageOf(pythonPackage({ 'weights.pt': randomBytes(48 * 1024 * 1024) })),
    'MODEL',
  )
  const asked = register({ modelName: 'large', source: { uploadId } })
  let job: { id: string; jobName: string } | undefined
  while (job?.jobName !== 'Registering large') {
    const { jobs } = await run<{ jobs: { nodes: { id: string; jobName: string }[] } }>(
      '{ jobs(first: 1, filter: { types: [REGISTER_MODEL] }) { nodes { id jobName } } }',
    )
    job = jobs.nodes[0]
  }
  const client = createClient({
    url: `${gateway().gateway.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
  })
  interface Event {
    stage: string | null
    progress: number
    status: string
    job: { validation: { ok: boolean } | null; model: { modelId: string }; modelVersion: number; scope: object | null }
  }
  const events: Event[] = []
  const query =
    'subscription ($id: ID!) { jobProgress(id: $id) { stage progress status job { validation { ok } model { modelId } modelVersion scope { collection { id } } } } }'
  for await (const { data } of client.iterate<{ jobProgress: Event }>({ query, variables: { id: job.id } }))
    if (data) events.push(data.jobProgress)
  await client.dispose()
  expect(events.some((event) => event.stage !== null)).toBe(true)
  expect(events.at(-1)).toEqual({
    stage: null,
    progress: 100,
    status: 'COMPLETED',
    job: { validation: { ok: true }, model: { modelId: 'large' }, modelVersion: 1, scope: null },
  })
  expect((await asked).version).toMatchObject({ version: 1 })
}, 60_000)

test('aliases are set and shown, versions archived, and the list can be asked by state', async () => {
  await send('staged', await detectorPackage({ 'README.md': 'one' }))
  await send('staged', await detectorPackage({ 'README.md': 'two' }))
  const { setModelAlias } = await run<{ setModelAlias: object }>(
    'mutation { setModelAlias(input: { modelId: "staged", alias: "production", version: 1 }) { model { aliases { name version } currentVersion { version } } userErrors { code } } }',
  )
  expect(setModelAlias).toEqual({
    model: { aliases: [{ name: 'production', version: 1 }], currentVersion: { version: 2 } },
    userErrors: [],
  })
  const archive = (input: string) =>
    run<{ archiveModel: object }>(
      `mutation { archiveModel(input: { ${input} }) { model { status aliases { name } versions { nodes { version status } } } userErrors { code reason path } } }`,
    )
  expect((await archive('modelId: "staged"')).archiveModel).toEqual({
    model: {
      status: 'ARCHIVED',
      aliases: [],
      versions: {
        nodes: [
          { version: 2, status: 'ARCHIVED' },
          { version: 1, status: 'ARCHIVED' },
        ],
      },
    },
    userErrors: [],
  })
  expect((await archive('modelId: "tiny-detector"')).archiveModel).toMatchObject({
    model: null,
    userErrors: [{ code: 'INVALID_INPUT', reason: 'SYSTEM_MODEL_FIXED', path: ['modelId'] }],
  })
  const { models } = await run<{ models: { nodes: { modelId: string }[] } }>(
    '{ models(status: ARCHIVED) { nodes { modelId } } }',
  )
  expect(models.nodes).toEqual([{ modelId: 'staged' }])
})

test('a client can see what runs inference.py here, and how large a package may be', async () => {
  const { system } = await run<{
    system: {
      platforms: { platform: string; runsPython: boolean | null; sandbox: string | null; detail: string | null }[]
    }
  }>('{ system { limits { maxModelBytes maxUploadBytes } platforms { platform runsPython sandbox detail } } }')
  expect(system).toMatchObject({ limits: { maxModelBytes: 4096 * 1024 * 1024, maxUploadBytes: 512 * 1024 * 1024 } })
  const [local, aws] = system.platforms
  expect(['BUBBLEWRAP', 'NONE']).toContain(local?.sandbox)
  expect(typeof local?.runsPython).toBe('boolean')
  expect(local?.detail).toEqual(expect.any(String))
  expect(aws).toMatchObject({ runsPython: null, sandbox: null })
})
