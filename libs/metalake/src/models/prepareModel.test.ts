import { insertModelVersion, lockModel, touchBlob } from '@lakelens/db'
import { useDatabase } from '@lakelens/db/testing'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { viewerOf } from '../access'
import type { Lake } from '../lake'
import type { PublishedModel } from './catalogue'
import { checkModel, resolveModelName } from './checkModel'
import {
  getModel,
  listModels,
  listModelVersions,
  modelsByIds,
  modelVersionById,
  modelVersionsByIds,
} from './listModels'
import { modelRef } from './modelRef'
import { prepareModel } from './prepareModel'
import { fetchedFolder } from './settings'
import { embeddingFacts, lakeOf, newFolder, OpeningBackend, settingsOf, systemModel } from './testing/lake'
import { fileHandler, sha256Of, someBytes, startPublisher, type Publisher } from './testing/publisher'

const database = useDatabase()
const signal = new AbortController().signal
const bytes = someBytes(5000)
let publisher: Publisher
let backend: OpeningBackend
let lake: Lake
// Every test has names of its own: they share the database.
let run = 0
let name: string

beforeEach(async () => {
  name = `Vectors${++run}`
  publisher = await startPublisher()
  publisher.serve(fileHandler(bytes))
  backend = new OpeningBackend()
  lake = await lakeOf(
    database(),
    await settingsOf({ catalogue: [vectors()], defaults: { AUTO_TAGGING: 'none', EMBEDDING: name } }),
    backend,
  )
})
afterEach(async () => {
  await publisher.close()
  await rm(lake.models.dataDir, { recursive: true, force: true })
})

const vectors = (given: Partial<PublishedModel> = {}): PublishedModel =>
  systemModel({ name, aliases: [`v${run}`], ...given }, bytes, `${publisher.url}/vectors.onnx`)
const prepare = (modelId = name, of: Lake = lake) => prepareModel(of, modelId, 'EMBEDDING', signal)
const withModels = (given: Partial<Lake['models']>): Lake => ({ ...lake, models: { ...lake.models, ...given } })

async function modelsDir(entries: object[], files: Record<string, Buffer>): Promise<string> {
  const folder = await newFolder()
  await writeFile(path.join(folder, 'models.json'), JSON.stringify({ models: entries }))
  for (const [file, content] of Object.entries(files)) await writeFile(path.join(folder, file), content)
  return folder
}
const entryOf = (of: Buffer, given: object = {}) => ({
  name,
  application: 'embedding',
  file: 'local.onnx',
  license: 'BSD-3-Clause',
  manifest: { output: 'embedding', vectorDimension: 3, input: { size: [8, 8] } },
  sha256: sha256Of(of),
  ...given,
})

describe('preparing', () => {
  test('fetches, stores, opens and records a version, once', async () => {
    const first = await prepare()
    expect(first).toMatchObject({
      modelName: name,
      version: 1,
      status: 'READY',
      origin: 'PUBLISHER',
      runtime: 'ONNX',
      sha256: sha256Of(bytes),
      byteSize: bytes.length,
      license: 'MIT',
      vectorDimension: 3,
      fixedResolution: { width: 8, height: 8 },
      stride: 1,
      inputs: embeddingFacts.inputs,
      outputs: embeddingFacts.outputs,
      facts: embeddingFacts,
    })
    expect(sha256Of(await lake.blobs.read(first.sha256, 10_000))).toBe(sha256Of(bytes))
    expect(backend.opened[0]).toMatchObject({
      sha256: first.sha256,
      byteSize: bytes.length,
      manifest: { output: 'embedding', vectorDimension: 3 },
      labels: [],
    })
    expect(backend.opened[0]?.url).toContain(`/media/${first.sha256}`)
    expect((await prepare()).id).toBe(first.id)
    expect(publisher.requests).toHaveLength(1)
  })

  test('eight workers at once get one version', async () => {
    const versions = await Promise.all(Array.from({ length: 8 }, () => prepare()))
    expect(new Set(versions.map((version) => version.id)).size).toBe(1)
    expect((await listModelVersions(lake, { id: versions[0]?.modelId ?? '' }, {})).edges).toHaveLength(1)
  })

  test('another file under the name is the next version; the old one coming back is the old one', async () => {
    const other = someBytes(4000)
    const first = await prepare()
    const local = withModels({ modelsDir: await modelsDir([entryOf(other)], { 'local.onnx': other }) })
    const second = await prepare(name, local)
    expect(second).toMatchObject({ version: 2, origin: 'LOCAL', license: 'BSD-3-Clause', sha256: sha256Of(other) })
    expect((await prepare()).id).toBe(first.id)
    expect(await prepare(`${name}:2`)).toMatchObject({ id: second.id, version: 2 })
    const versions = await listModelVersions(lake, { id: first.modelId }, { first: 1 })
    expect(versions.edges.map(({ node }) => node.version)).toEqual([2])
    expect(versions.hasNextPage).toBe(true)
    const rest = await listModelVersions(lake, { id: first.modelId }, { first: 1, after: versions.edges[0]?.cursor })
    expect(rest.edges.map(({ node }) => node.version)).toEqual([1])
    expect(await rest.totalCount()).toBe(2)
  })

  test('the same file under another manifest is another version', async () => {
    const first = await prepare()
    const folder = await modelsDir([entryOf(bytes)], { 'local.onnx': bytes })
    const second = await prepare(name, withModels({ modelsDir: folder }))
    expect(second.sha256).toBe(first.sha256)
    expect(second.version).toBe(2)
  })

  test('a machine without the file takes what another one stored, also offline', async () => {
    const first = await prepare()
    const elsewhere = withModels({ dataDir: await newFolder(), offline: true })
    expect((await prepare(name, elsewhere)).id).toBe(first.id)
    expect(publisher.requests).toHaveLength(1)
    expect(await checkModel(elsewhere, name, 'EMBEDDING')).toEqual({ name })
  })

  test('a model that only models.json knew can be run from the store when the folder is gone', async () => {
    const own = `own${run}`
    const folder = await modelsDir([entryOf(bytes, { name: own })], { 'local.onnx': bytes })
    const first = await prepare(own, withModels({ modelsDir: folder }))
    expect((await prepare(own)).id).toBe(first.id)
  })

  test('a file put into the data folder by hand is used, and held to the pinned digest', async () => {
    await mkdir(fetchedFolder(lake.models))
    const file = path.join(fetchedFolder(lake.models), `${name}.onnx`)
    await writeFile(file, bytes)
    expect(await prepare(name, withModels({ offline: true }))).toMatchObject({ version: 1, origin: 'PUBLISHER' })
    await writeFile(file, someBytes(10))
    await expect(prepare()).rejects.toMatchObject({
      code: 'MODEL_DIGEST_MISMATCH',
      category: 'MODEL_UNAVAILABLE',
      facts: { expected: sha256Of(bytes) },
    })
    expect(publisher.requests).toHaveLength(0)
  })

  test('the publisher’s file may lie in the models folder without being listed', async () => {
    const folder = await modelsDir([], { [`${name}.onnx`]: bytes })
    expect(await prepare(name, withModels({ modelsDir: folder, offline: true }))).toMatchObject({
      origin: 'LOCAL',
      sha256: sha256Of(bytes),
    })
  })

  test('a listed file that is not what its digest says is an error, never passed over', async () => {
    const folder = await modelsDir([entryOf(bytes)], { 'local.onnx': someBytes(7) })
    await expect(prepare(name, withModels({ modelsDir: folder }))).rejects.toMatchObject({
      code: 'MODEL_DIGEST_MISMATCH',
      facts: { source: 'models.json' },
    })
    expect(publisher.requests).toHaveLength(0)
  })

  test('a broken entry of a system model is an error, never passed over', async () => {
    const folder = await modelsDir([entryOf(bytes, { file: '../x' })], {})
    await expect(prepare(name, withModels({ modelsDir: folder }))).rejects.toMatchObject({
      code: 'MODELS_ENTRY_INVALID',
    })
    const wrong = await modelsDir([entryOf(bytes, { application: 'auto_tagging' })], { 'local.onnx': bytes })
    await expect(prepare(name, withModels({ modelsDir: wrong }))).rejects.toMatchObject({
      code: 'MODELS_ENTRY_INVALID',
    })
  })

  test('a graph that can’t be opened leaves no version', async () => {
    backend.fault = new Error('not a graph')
    await expect(prepare()).rejects.toThrow('not a graph')
    expect(await getModel(lake, name)).toMatchObject({ id: null, currentVersion: null })
  })

  test('a vector of another length than declared is refused', async () => {
    backend.facts = { ...embeddingFacts, vectorDimension: 4 }
    await expect(prepare()).rejects.toMatchObject({
      code: 'MODEL_DIMENSION_MISMATCH',
      facts: { declared: 3, actual: 4 },
    })
  })

  test('labels are counted against the graph', async () => {
    const manifest = { output: 'yolov8' }
    const tagging = (labels: string[]) =>
      withModels({
        catalogue: [vectors({ name: `Tags${run}-${labels.length}`, application: 'AUTO_TAGGING', manifest, labels })],
      })
    backend.facts = {
      ...embeddingFacts,
      vectorDimension: null,
      fixedResolution: null,
      outputs: [{ name: 'output0', type: 'float32', shape: [-1, 6, -1] }],
    }
    await expect(prepareModel(tagging(['a']), `Tags${run}-1`, 'AUTO_TAGGING', signal)).rejects.toMatchObject({
      code: 'MODEL_LABELS_MISMATCH',
      facts: { labels: 1, classes: 2 },
    })
    expect(await prepareModel(tagging(['a', 'b']), `Tags${run}-2`, 'AUTO_TAGGING', signal)).toMatchObject({
      labels: ['a', 'b'],
      fixedResolution: null,
    })
  })
})

describe('checking', () => {
  const check = (modelId: string, given: Partial<Lake['models']> = {}) =>
    checkModel(withModels(given), modelId, 'EMBEDDING')

  test('names: exact, in any case, by alias, default, and by version', async () => {
    expect(await check(name)).toEqual({ name })
    expect(await check(name.toLowerCase())).toEqual({ name })
    expect(await check(`V${run}`)).toEqual({ name })
    expect(await check('default')).toEqual({ name })
    await prepare()
    expect(await check(`${name}:1`)).toEqual({ name, version: 1 })
    await expect(check(`${name}:2`)).rejects.toMatchObject({ code: 'MODEL_VERSION_NOT_FOUND', category: 'NOT_FOUND' })
    await expect(check(`${name}@best`)).rejects.toMatchObject({ code: 'MODEL_ALIAS_NOT_FOUND', category: 'NOT_FOUND' })
  })

  test('nothing is fetched and nothing opened', async () => {
    await check(name)
    expect(publisher.requests).toHaveLength(0)
    expect(backend.opened).toHaveLength(0)
  })

  test('an unknown name comes with what was probably meant', async () => {
    await expect(check(`Vector${run}`)).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      category: 'NOT_FOUND',
      facts: { suggestions: [name] },
    })
  })

  test('a default that can’t be had is an error that names the variable', async () => {
    const defaults = { AUTO_TAGGING: 'none', EMBEDDING: `Vectorz${run}` }
    await expect(check('default', { defaults })).rejects.toMatchObject({
      code: 'MODEL_DEFAULT_UNKNOWN',
      facts: { variable: 'LAKELENS_DEFAULT_EMBEDDING', suggestions: [name] },
    })
    await expect(check('default', { defaults: { AUTO_TAGGING: 'none', EMBEDDING: 'default' } })).rejects.toMatchObject({
      code: 'MODEL_ID_INVALID',
    })
  })

  test('a model of another application is refused with both', async () => {
    await expect(checkModel(lake, name, 'AUTO_TAGGING')).rejects.toMatchObject({
      code: 'MODEL_APPLICATION_MISMATCH',
      facts: { expected: 'AUTO_TAGGING', actual: 'EMBEDDING' },
    })
  })

  test('offline, a file that isn’t here is unavailable; denied licences are refused also when it is here', async () => {
    await expect(check(name, { offline: true })).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' })
    await prepare()
    expect(await check(name, { offline: true })).toEqual({ name })
    await expect(check(name, { deniedLicenses: ['MIT'] })).rejects.toMatchObject({ code: 'LICENSE_DENIED' })
    await expect(check(`${name}:1`, { deniedLicenses: ['MIT'] })).rejects.toMatchObject({ code: 'LICENSE_DENIED' })
    await expect(prepare(name, withModels({ deniedLicenses: ['MIT'] }))).rejects.toMatchObject({
      code: 'LICENSE_DENIED',
    })
  })

  test('what a model made can be read when it can no longer be run', async () => {
    await prepare()
    const refused = withModels({ deniedLicenses: ['MIT'], offline: true, dataDir: await newFolder() })
    expect(await resolveModelName({ ...refused, viewer: viewerOf('VIEWER') }, 'default', 'EMBEDDING')).toEqual({ name })
  })

  test('a model whose versions all failed is not ready', async () => {
    const failed = `failed${run}`
    await database().transaction(async (tx) => {
      const { id } = await lockModel(tx, {
        name: failed,
        application: 'EMBEDDING',
        isSystem: false,
        description: null,
        createdBy: 'x',
      })
      await touchBlob(tx, { digest: sha256Of('x'), byteSize: 1 })
      const columns = {
        runtime: 'ONNX',
        origin: 'REGISTERED',
        sha256: sha256Of('x'),
        packageDigest: 'p',
        byteSize: 1,
        license: null,
        manifest: {},
        labels: [],
        vectorDimension: null,
        inputs: [],
        outputs: [],
        fixedResolution: null,
        stride: null,
        warmupMs: null,
      } as const
      await insertModelVersion(tx, { modelId: id, status: 'FAILED', ...columns, labels: [], inputs: [], outputs: [] })
    })
    await expect(check(failed)).rejects.toMatchObject({ code: 'MODEL_WITHOUT_VERSION', category: 'MODEL_NOT_READY' })
    await expect(check(`${failed}:1`)).rejects.toMatchObject({ code: 'MODEL_NOT_READY', facts: { status: 'FAILED' } })
  })

  test('permissions: running needs `run`, looking needs `read`', async () => {
    const viewer = { ...lake, viewer: viewerOf('VIEWER') }
    await expect(checkModel(viewer, name, 'EMBEDDING')).rejects.toMatchObject({ category: 'FORBIDDEN' })
    await expect(prepare(name, viewer)).rejects.toMatchObject({ category: 'FORBIDDEN' })
    expect(await getModel(viewer, name)).not.toBeNull()
  })
})

describe('looking', () => {
  test('a system model: not fetched, then here, then opened', async () => {
    expect(await getModel(lake, name)).toMatchObject({
      id: null,
      modelId: name,
      status: 'NOT_FETCHED',
      isSystem: true,
      isDefault: true,
      license: 'MIT',
      currentVersion: null,
    })
    await mkdir(fetchedFolder(lake.models))
    await writeFile(path.join(fetchedFolder(lake.models), `${name}.onnx`), bytes)
    expect(await getModel(lake, name.toUpperCase())).toMatchObject({ id: null, status: 'READY' })
    const version = await prepare()
    const model = await getModel(lake, 'default', 'EMBEDDING')
    expect(model).toMatchObject({
      id: version.modelId,
      status: 'READY',
      currentVersion: { id: version.id, version: 1 },
    })
    expect(await getModel(lake, name, 'AUTO_TAGGING')).toBeNull()
    expect(await getModel(lake, 'nothing-like-it')).toBeNull()
  })

  test('pages of names in both directions, filtered, none twice and none lost', async () => {
    const names = ['a', 'B', 'c', 'D', 'e'].map((letter) => `page${run}-${letter}`)
    const of = withModels({ catalogue: names.map((each) => vectors({ name: each })) })
    const wanted = [...names].sort()
    const seen: string[] = []
    for (let after: string | undefined; ;) {
      const page = await listModels(of, { query: `PAGE${run}-`, first: 2, after })
      expect(await page.totalCount()).toBe(5)
      seen.push(...page.edges.map(({ node }) => node.modelId))
      after = page.edges.at(-1)?.cursor
      if (!page.hasNextPage) break
    }
    expect(seen).toEqual(wanted)
    const last = await listModels(of, { query: `page${run}-`, last: 2 })
    expect(last.edges.map(({ node }) => node.modelId)).toEqual(wanted.slice(-2))
    expect(last.hasPreviousPage).toBe(true)
    expect((await listModels(of, { query: `page${run}-`, application: 'AUTO_TAGGING' })).edges).toEqual([])
    expect((await listModels(of, { query: `page${run}-`, status: 'NOT_FETCHED' })).edges).toHaveLength(5)
    await expect(listModels(of, { first: 101 })).rejects.toMatchObject({ category: 'LIMIT_EXCEEDED' })
  })

  test('a models folder that can’t be read keeps nobody from looking', async () => {
    const of = withModels({ modelsDir: '/nowhere/at/all' })
    expect(await getModel(of, name)).toMatchObject({ modelId: name })
    await expect(checkModel(of, name, 'EMBEDDING')).rejects.toMatchObject({ code: 'MODELS_FOLDER_INVALID' })
  })

  test('loaders answer in the order asked, null for what is not there', async () => {
    const version = await prepare()
    const versions = await modelVersionsByIds(lake, ['999999', version.id, 'x', version.id])
    expect(versions.map((found) => found?.id ?? null)).toEqual([null, version.id, null, version.id])
    const models = await modelsByIds(lake, ['999999', version.modelId, "1' or '1'='1"])
    expect(models.map((found) => found?.modelId ?? null)).toEqual([null, name, null])
    expect(await modelVersionById(lake, version.id)).toMatchObject({ id: version.id, registeredAt: expect.any(Date) })
    await expect(modelVersionById(lake, '999999')).rejects.toMatchObject({ code: 'MODEL_VERSION_GONE' })
  })

  test('a reference for the backend is content and a signed address', async () => {
    const version = await prepare()
    const ref = await modelRef(lake, version)
    expect(ref).toMatchObject({
      name: `${name}:1`,
      sha256: version.sha256,
      byteSize: bytes.length,
      labels: [],
      manifest: version.manifest,
    })
    const { pathname, search } = new URL(ref.url)
    await expect(lake.signer.verify('GET', pathname + search)).resolves.toMatchObject({
      path: `/media/${version.sha256}`,
    })
  })
})

test('the file fetched is the file stored', async () => {
  await prepare()
  expect(sha256Of(await readFile(path.join(fetchedFolder(lake.models), `${name}.onnx`)))).toBe(sha256Of(bytes))
})
