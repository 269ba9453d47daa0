import { useDatabase } from '@lakelens/db/testing'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { LakeError, type Closeable } from '@lakelens/kernel'
import { createCollection } from '../collections'
import { startWorker, watchJob, type Job } from '../jobs'
import { startAutoTag } from '../tagging'
import { createUpload, ensureProbed } from '../uploads'
import { checkModel, getModel, listModels, listModelVersions, prepareModel, usageOfModels } from '../models'
import { archiveModel, registerModel, setModelAlias, validateModel, type Registered, type RegisterModelInput } from '.'
import { pythonPackage, tinyPackage, type PackageFiles } from './testing/packages'
import { useRegistrationLake } from './testing/lake'

const database = useDatabase()
const { lake, as, backend, root, upload } = useRegistrationLake(database)
const signal = new AbortController().signal
let worker: Closeable
let detector: PackageFiles
// Every test has a name of its own: they share the database.
let run = 0
let name: string

beforeAll(async () => {
  detector = await tinyPackage('tiny-detector')
  worker = startWorker(lake())
})
afterAll(() => worker.close())
beforeEach(() => {
  name = `mine-${++run}`
  backend.opened = []
  backend.beforeOpen = () => Promise.resolve()
  backend.service = { ...backend.service, runsPython: true }
})

/** Other bytes that mean the same: what makes a version another one. */
const variant = (n: number): PackageFiles => ({ ...detector, 'README.md': `variant ${n}` })

async function register(
  files: PackageFiles,
  given: Partial<RegisterModelInput> = {},
  of = lake(),
): Promise<Registered> {
  return registerModel(of, {
    source: { uploadId: await upload(files) },
    modelName: name,
    application: 'AUTO_TAGGING',
    ...given,
  })
}

const versionsOf = async (modelName = name): Promise<[number, string][]> => {
  const model = await getModel(lake(), modelName)
  const page = await listModelVersions(lake(), { id: model?.id ?? null }, { first: 50 })
  return page.edges.map(({ node }) => [node.version, node.status])
}

const failedChecks = ({ errors }: Registered): unknown[] => errors.map((error) => error.facts['check'])
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'nothing was refused',
    (error: LakeError) => error.code,
  )

describe('registering', () => {
  test('a graph becomes a version that runs, and its report says what was looked at', async () => {
    const registered = await register(detector, { description: 'Finds blobs.', license: 'Apache-2.0' })
    expect(registered.errors).toEqual([])
    expect(registered.job).toBeNull()
    expect(registered.validation).toMatchObject({ ok: true })
    expect(registered.validation?.checks.length).toBeGreaterThan(5)
    expect(registered.version).toMatchObject({
      version: 1,
      status: 'READY',
      runtime: 'ONNX',
      origin: 'REGISTERED',
      labels: ['red', 'green', 'blue'],
      license: 'Apache-2.0',
      createdBy: 'ada',
      stride: 32,
      byteSize: (detector['model.onnx'] as Buffer).length,
    })
    expect(registered.model).toMatchObject({
      modelId: name,
      status: 'READY',
      isSystem: false,
      description: 'Finds blobs.',
      createdBy: 'ada',
      currentVersion: { version: 1 },
    })
    expect(backend.opened[0]).toMatchObject({
      runtime: 'ONNX',
      application: 'AUTO_TAGGING',
      sha256: registered.version?.sha256,
    })
    expect(await prepareModel(lake(), name, 'AUTO_TAGGING', signal)).toMatchObject({ version: 1 })
    expect((await listModels(lake(), { query: name })).edges).toHaveLength(1)
  })

  test('nothing of a package is left in the scratch folder', async () => {
    await register(detector)
    await register({ ...detector, 'label_list.yaml': 'label_list: [red]\n' })
    const folders = await readdir(path.join(root(), 'scratch'))
    expect(folders).toHaveLength(1)
    expect(await readdir(path.join(root(), 'scratch', folders[0] as string))).toEqual([])
  })

  test('other bytes are the next version, the same bytes the same one, also packed anew', async () => {
    const first = await register(variant(1))
    const second = await register(variant(2))
    expect(await versionsOf()).toEqual([
      [2, 'READY'],
      [1, 'READY'],
    ])
    const again = await register(Object.fromEntries(Object.entries(variant(1)).reverse()), { license: 'MIT' })
    expect(again.version).toMatchObject({ id: first.version?.id, version: 1, license: null })
    expect(second.version?.version).toBe(2)
    expect(await versionsOf()).toHaveLength(2)
    expect(await checkModel(lake(), name, 'AUTO_TAGGING')).toEqual({ name })
    expect(await prepareModel(lake(), name, 'AUTO_TAGGING', signal)).toMatchObject({ version: 2 })
  })

  test('two at once with other bytes get two versions, with the same bytes one', async () => {
    const different = await Promise.all([register(variant(1)), register(variant(2)), register(variant(3))])
    expect(different.map(({ version }) => version?.version).sort()).toEqual([1, 2, 3])
    const [a, b] = await Promise.all([upload(variant(9)), upload(variant(9))])
    const input = { modelName: name, application: 'AUTO_TAGGING' as const }
    const same = await Promise.all([
      registerModel(lake(), { ...input, source: { uploadId: a } }),
      registerModel(lake(), { ...input, source: { uploadId: b }, alias: 'second' }),
    ])
    expect(new Set(same.map(({ version }) => version?.id)).size).toBe(1)
    expect((await versionsOf()).filter(([, status]) => status === 'READY')).toHaveLength(4)
    expect(await versionsOf()).toHaveLength(4)
  })

  test('an idempotency key stands for one request for good', async () => {
    const uploadId = await upload(detector)
    const ask = (modelName: string) =>
      registerModel(lake(), {
        source: { uploadId },
        modelName,
        application: 'AUTO_TAGGING',
        idempotencyKey: `key-${run}`,
      })
    const first = await ask(name)
    expect((await ask(name)).version?.id).toBe(first.version?.id)
    expect(backend.opened).toHaveLength(1)
    expect(await codeOf(ask(`${name}-other`))).toBe('IDEMPOTENCY_KEY_REUSED')
    expect(await getModel(lake(), `${name}-other`)).toBeNull()
  })
})

describe('a package that fails', () => {
  const broken = (): PackageFiles => ({ ...detector, 'label_list.yaml': 'label_list: [red, green]\n' })

  test('has a version with its report, one error a failed check, and keeps nobody from running the last good one', async () => {
    await register(detector)
    const failed = await register(broken())
    expect(failed.version).toMatchObject({ version: 2, status: 'FAILED', sha256: null, byteSize: null })
    expect(failed.validation).toMatchObject({ ok: false })
    expect(failed.errors.length).toBeGreaterThan(0)
    for (const error of failed.errors) {
      expect(error).toMatchObject({ code: 'PACKAGE_CHECK_FAILED', category: 'MODEL_PACKAGE_INVALID' })
      expect(error.facts['hint']).toEqual(expect.any(String))
    }
    expect(failed.version?.validation).toEqual(failed.validation)
    expect(await getModel(lake(), name)).toMatchObject({ status: 'READY', currentVersion: { version: 1 } })
  })

  test('tried again, it is another try and not another row', async () => {
    expect((await register(broken())).version).toMatchObject({ version: 1, status: 'FAILED' })
    expect((await register(broken())).version).toMatchObject({ version: 1, status: 'FAILED' })
    expect(await getModel(lake(), name)).toMatchObject({ status: 'FAILED', currentVersion: null })
    expect((await register(detector)).version).toMatchObject({ version: 2, status: 'READY' })
    expect((await register(broken())).version).toMatchObject({ version: 3, status: 'FAILED' })
    expect(await versionsOf()).toEqual([
      [3, 'FAILED'],
      [2, 'READY'],
    ])
  })

  test('whatever it says of itself, its report can be kept', async () => {
    const odd = { ...detector, 'model.yaml': '"\\0\\ud800": 1\nlicense: "a\\0b"\n' }
    const failed = await register(odd)
    expect(new Set(failedChecks(failed))).toEqual(new Set(['manifest.invalid']))
    backend.beforeOpen = () =>
      Promise.reject(new LakeError('MODEL_WRONG', 'MODEL_PACKAGE_INVALID', 'It is \0 and \ud800.', {}))
    const unopened = await register(variant(1))
    expect(unopened.errors[0]?.message).toContain('It is \ufffd and \ufffd')
  })

  test('an archive that can’t be read is one failed check', async () => {
    const failed = await registerModel(lake(), {
      source: { uploadId: await upload(Buffer.from('no archive at all'.repeat(100))) },
      modelName: name,
      application: 'AUTO_TAGGING',
    })
    expect(failed.version?.status).toBe('FAILED')
    expect(failed.validation?.checks.filter((check) => check.outcome === 'FAILED')).toHaveLength(1)
    expect(failed.errors[0]?.facts['check']).toMatch(/^archive\./)
  })

  test('a name that was only tried may still be for something else', async () => {
    await register(broken())
    const embedder = await tinyPackage('tiny-embedder')
    expect((await register(embedder, { application: 'EMBEDDING' })).model).toMatchObject({ application: 'EMBEDDING' })
    await expect(register(detector)).rejects.toMatchObject({
      code: 'MODEL_APPLICATION_MISMATCH',
      path: ['application'],
    })
  })

  test('a graph that won’t open is a failed check, a licence that is refused is LICENSE_DENIED', async () => {
    backend.beforeOpen = () =>
      Promise.reject(
        new LakeError('MODEL_UNREADABLE', 'MODEL_PACKAGE_INVALID', 'It has no head.', { retryable: false }),
      )
    const failed = await register(detector)
    expect(failed.version?.status).toBe('FAILED')
    expect(failed.errors.map((error) => error.message).join()).toContain('It has no head.')
    backend.beforeOpen = () => Promise.resolve()
    await expect(register(detector, { license: 'AGPL-3.0-only' })).rejects.toMatchObject({ category: 'LICENSE_DENIED' })
    const manifest = String(detector['model.yaml'])
    const denied = await register({ ...detector, 'model.yaml': `${manifest}license: AGPL-3.0\n` })
    expect(denied.errors).toMatchObject([{ category: 'LICENSE_DENIED' }])
    expect(denied.version?.status).toBe('FAILED')
  })
})

describe('what is refused at once', () => {
  const refusals: [string, Partial<RegisterModelInput>, string][] = [
    ['default', { modelName: 'Default' }, 'MODEL_NAME_INVALID'],
    ['a version', { modelName: 'a:1' }, 'MODEL_NAME_INVALID'],
    ['empty', { modelName: '' }, 'MODEL_NAME_INVALID'],
    ['a system model', { modelName: 'YOLOv8n' }, 'MODEL_NAME_RESERVED'],
    ['another name of one', { modelName: 'Resnet50' }, 'MODEL_NAME_RESERVED'],
    ['an alias of digits', { alias: '12' }, 'ALIAS_INVALID'],
    ['latest', { alias: 'Latest' }, 'ALIAS_INVALID'],
    ['a description no database keeps', { description: 'a\0b' }, 'MODEL_TEXT_INVALID'],
    ['a licence of half a character', { license: 'a\ud800' }, 'MODEL_TEXT_INVALID'],
    ['an idempotency key no database keeps', { idempotencyKey: 'a\0b' }, 'PARAMETER_INVALID'],
    ['an idempotency key no index takes', { idempotencyKey: 'x'.repeat(300) }, 'PARAMETER_INVALID'],
    ['a long licence', { license: 'x'.repeat(300) }, 'MODEL_TEXT_TOO_LONG'],
    ['no source', { source: {} }, 'SOURCE_INVALID'],
    ['two sources', { source: { path: 'a', uploadId: 'b' } }, 'SOURCE_INVALID'],
    ['a storage address', { source: { storageUrl: 's3://a/b' } }, 'NOT_SUPPORTED'],
    ['an unknown upload', { source: { uploadId: 'nope' } }, 'UPLOAD_NOT_FOUND'],
  ]
  test.each(refusals)('%s', async (_, given, code) => {
    expect(await codeOf(register(detector, given))).toBe(code)
    expect(await getModel(lake(), name)).toBeNull()
  })

  test('an upload that is for pictures, or has no bytes yet; and a package where a picture is wanted', async () => {
    const ask = (uploadId: string) =>
      codeOf(registerModel(lake(), { source: { uploadId }, modelName: name, application: 'EMBEDDING' }))
    const picture = await createUpload(lake(), { fileName: 'a.jpg', byteSize: 1, purpose: 'ITEM' })
    expect(await ask(picture.id)).toBe('UPLOAD_PURPOSE')
    const waiting = await createUpload(lake(), { fileName: 'a.tar', byteSize: 5_000_000, purpose: 'MODEL' })
    expect(await ask(waiting.id)).toBe('UPLOAD_WAITING')
    expect(await codeOf(ensureProbed(lake(), await upload(detector)))).toBe('UPLOAD_PURPOSE')
    expect(await codeOf(createUpload(lake(), { fileName: 'a.jpg', byteSize: 5_000_000, purpose: 'ITEM' }))).toBe(
      'UPLOAD_TOO_LARGE',
    )
  })

  test('a VIEWER', async () => {
    const viewer = as('VIEWER')
    for (const call of [
      () => register(detector, {}, viewer),
      () => validateModel(viewer, { source: { uploadId: 'x' }, application: 'EMBEDDING' }),
      () => archiveModel(viewer, { modelId: name }),
      () => setModelAlias(viewer, { modelId: name, alias: 'a', version: 1 }),
    ])
      await expect(call()).rejects.toMatchObject({ category: 'FORBIDDEN' })
  })
})

describe('inference.py', () => {
  test('is registered by an ADMIN, and the package itself is what is kept', async () => {
    const registered = await register(pythonPackage())
    expect(registered.errors).toEqual([])
    expect(registered.version).toMatchObject({
      status: 'READY',
      runtime: 'PYTHON',
      labels: ['cat', 'dog'],
      installLog: null,
    })
    expect(backend.opened).toEqual([])
    expect(await lake().blobs.stat(registered.version?.sha256 ?? '')).toEqual({
      byteSize: registered.version?.byteSize,
    })
  })

  test('is refused from anybody else, who may still have it checked', async () => {
    const uploadId = await upload(pythonPackage())
    const registered = await register(pythonPackage(), {}, as('ANALYST'))
    expect(registered.version?.status).toBe('FAILED')
    expect(failedChecks(registered)).toEqual(['python.permission'])
    const checked = await validateModel(as('ANALYST'), { source: { uploadId }, application: 'AUTO_TAGGING' })
    expect(checked).toMatchObject({ validation: { ok: true }, job: null, errors: [] })
    // What failed for lack of a right is no version, so the right person's try is the first.
    expect((await register(pythonPackage())).version).toMatchObject({ version: 1, status: 'READY' })
  })

  test('may name other sources of its requirements only where that is allowed', async () => {
    const outside = pythonPackage({
      'code/requirements.txt': 'numpy @ https://example.org/numpy-1.0-py3-none-any.whl\n',
    })
    const refused = await register(outside)
    expect(refused.errors).toMatchObject([{ facts: { file: 'code/requirements.txt', line: 1 } }])
    await worker.close()
    const allowing = { ...lake(), models: { ...lake().models, allowRequirementSources: true } }
    worker = startWorker(allowing)
    expect((await register(outside)).version).toMatchObject({ status: 'READY', version: 1 })
  })

  test('where it can’t be run is a warning', async () => {
    backend.service = { ...backend.service, runsPython: false, sandboxDetail: 'There is no bubblewrap here.' }
    const registered = await register(pythonPackage())
    expect(registered.version?.status).toBe('READY')
    expect(registered.validation?.checks).toContainEqual(
      expect.objectContaining({
        code: 'python.sandbox',
        outcome: 'WARNING',
        message: expect.stringContaining('bubblewrap'),
      }),
    )
  })

  test('prepared at once: the install log is kept, and a failed install fails the version with its log', async () => {
    backend.installLog = 'Collecting numpy'
    const good = await register(pythonPackage(), { prepare: true })
    expect(good.version).toMatchObject({ status: 'READY', installLog: 'Collecting numpy' })
    expect(good.validation?.checks).toContainEqual(
      expect.objectContaining({ code: 'model.prepare', outcome: 'PASSED' }),
    )
    backend.beforeOpen = () =>
      Promise.reject(
        new LakeError('MODEL_INSTALL_FAILED', 'MODEL_PACKAGE_INVALID', 'No such thing.', {
          installLog: 'ERROR: no match',
          retryable: false,
        }),
      )
    const bad = await register(pythonPackage({ 'README.md': 'other' }), { prepare: true })
    expect(bad.version).toMatchObject({ version: 2, status: 'FAILED', installLog: 'ERROR: no match' })
    expect(failedChecks(bad)).toEqual(['model.prepare'])
  })

  test('what the server lacks to prepare it is a warning: the package is a version all the same', async () => {
    backend.beforeOpen = () =>
      Promise.reject(new LakeError('SANDBOX_UNAVAILABLE', 'SANDBOX_UNAVAILABLE', 'No sandbox.', { retryable: false }))
    const registered = await register(pythonPackage(), { prepare: true })
    expect(registered.version?.status).toBe('READY')
    expect(registered.validation?.checks).toContainEqual(
      expect.objectContaining({ code: 'model.prepare', outcome: 'WARNING', message: 'No sandbox.' }),
    )
  })

  test('an install that fails at the first use fails the version; registering it again is another try', async () => {
    const { version } = await register(pythonPackage())
    const failing = (retryable: boolean) => () =>
      Promise.reject(
        new LakeError('MODEL_INSTALL_FAILED', 'MODEL_PACKAGE_INVALID', 'No.', { installLog: 'ERROR', retryable }),
      )
    backend.beforeOpen = failing(true)
    expect(await codeOf(prepareModel(lake(), name, 'AUTO_TAGGING', signal))).toBe('MODEL_INSTALL_FAILED')
    expect(await versionsOf()).toEqual([[1, 'READY']])
    backend.beforeOpen = failing(false)
    expect(await codeOf(prepareModel(lake(), name, 'AUTO_TAGGING', signal))).toBe('MODEL_INSTALL_FAILED')
    const page = await listModelVersions(lake(), { id: version?.modelId ?? null }, {})
    expect(page.edges[0]?.node).toMatchObject({ status: 'FAILED', installLog: 'ERROR' })
    // What the failed install said is no longer so.
    const again = { id: version?.id, status: 'READY' }
    expect((await register(pythonPackage())).version).toMatchObject({ ...again, installLog: null })
    backend.beforeOpen = () => Promise.resolve()
    backend.installLog = 'Collecting numpy'
    await prepareModel(lake(), name, 'AUTO_TAGGING', signal)
    const after = await listModelVersions(lake(), { id: version?.modelId ?? null }, {})
    expect(after.edges[0]?.node).toMatchObject({ ...again, installLog: 'Collecting numpy' })
  })
})

describe('aliases', () => {
  test('mean a version, are moved, and are resolved when asked for', async () => {
    await register(variant(1), { alias: 'production' })
    await register(variant(2))
    const check = () => checkModel(lake(), `${name}@production`, 'AUTO_TAGGING')
    expect(await check()).toEqual({ name, version: 1 })
    await setModelAlias(lake(), { modelId: name, alias: 'production', version: 2 })
    expect(await check()).toEqual({ name, version: 2 })
    expect(await codeOf(checkModel(lake(), `${name}@staging`, 'AUTO_TAGGING'))).toBe('MODEL_ALIAS_NOT_FOUND')
    const refused = (given: { modelId?: string; version?: number }) =>
      codeOf(setModelAlias(lake(), { modelId: name, alias: 'a', version: 1, ...given }))
    expect(await refused({ version: 9 })).toBe('MODEL_VERSION_NOT_FOUND')
    expect(await refused({ modelId: 'yolov8n' })).toBe('SYSTEM_MODEL_FIXED')
    expect(await refused({ modelId: 'nobody-has-it' })).toBe('MODEL_NOT_FOUND')
    await register({ ...variant(3), 'label_list.yaml': 'label_list: [x]\n' })
    expect(await refused({ version: 3 })).toBe('MODEL_NOT_READY')
  })

  test('a default may name a registered model, and an alias of it', async () => {
    await register(variant(1), { alias: 'good' })
    await register(variant(2))
    const of = (AUTO_TAGGING: string) => ({
      ...lake(),
      models: { ...lake().models, defaults: { AUTO_TAGGING, EMBEDDING: 'x' } },
    })
    expect(await checkModel(of(name), 'default', 'AUTO_TAGGING')).toEqual({ name })
    expect(await checkModel(of(`${name}@good`), 'default', 'AUTO_TAGGING')).toEqual({ name, version: 1 })
    expect(await getModel(of(name), 'default', 'AUTO_TAGGING')).toMatchObject({ modelId: name, isDefault: true })
  })
})

describe('archiving', () => {
  test('puts a version away with its aliases; the same content brings it back', async () => {
    const first = await register(variant(1), { alias: 'old' })
    await register(variant(2))
    await archiveModel(lake(), { modelId: name, version: 1 })
    expect(await versionsOf()).toEqual([
      [2, 'READY'],
      [1, 'ARCHIVED'],
    ])
    expect(await codeOf(checkModel(lake(), `${name}:1`, 'AUTO_TAGGING'))).toBe('MODEL_NOT_READY')
    expect(await codeOf(checkModel(lake(), `${name}@old`, 'AUTO_TAGGING'))).toBe('MODEL_ALIAS_NOT_FOUND')
    expect((await archiveModel(lake(), { modelId: name }))?.status).toBe('ARCHIVED')
    expect(await codeOf(checkModel(lake(), name, 'AUTO_TAGGING'))).toBe('MODEL_WITHOUT_VERSION')
    expect((await register(variant(1))).version).toMatchObject({ id: first.version?.id, version: 1, status: 'READY' })
  })

  /** A run over nothing: it is prepared like any other. */
  async function runOver(modelId: string): Promise<Job> {
    const { id } = await createCollection(lake(), { name: `none ${name} ${modelId}`, contentType: 'IMAGE' })
    return startAutoTag(lake(), { scope: { collectionId: id }, modelId })
  }
  const endOf = async (job: Job): Promise<Job> => {
    let latest = job
    for await (const event of watchJob(lake(), job.id, AbortSignal.timeout(20_000))) latest = event.job
    return latest
  }
  /** Holds the next opening until it is let go. */
  function holdOpening(): { reached: Promise<void>; letGo: () => void } {
    let letGo: () => void = () => undefined
    let reach: () => void = () => undefined
    const reached = new Promise<void>((resolve) => (reach = resolve))
    const held = new Promise<void>((resolve) => (letGo = resolve))
    backend.beforeOpen = () => {
      backend.beforeOpen = () => Promise.resolve()
      reach()
      return held
    }
    return { reached, letGo }
  }

  test('is refused while a job uses the version, naming the job', async () => {
    await register(detector)
    const { reached, letGo } = holdOpening()
    const job = await runOver(`${name}:1`)
    await reached
    await expect(archiveModel(lake(), { modelId: name })).rejects.toMatchObject({
      code: 'MODEL_IN_USE',
      category: 'JOB_STATE',
      facts: { jobs: [`Auto-tagging with ${name}`] },
    })
    expect(await getModel(lake(), name)).toMatchObject({ status: 'READY' })
    letGo()
    expect((await endOf(job)).status).toBe('COMPLETED')
    expect((await archiveModel(lake(), { modelId: name }))?.status).toBe('ARCHIVED')
    expect(await codeOf(runOver(name))).toBe('MODEL_WITHOUT_VERSION')
  })

  test('a version that goes while a job is about to use it isn’t used: the name is looked up again', async () => {
    await register(variant(1))
    const { reached, letGo } = holdOpening()
    const job = await runOver(name)
    await reached
    await register(variant(2))
    await archiveModel(lake(), { modelId: name, version: 1 })
    letGo()
    const ended = await endOf(job)
    expect(ended).toMatchObject({ status: 'COMPLETED', parameters: { modelVersion: 2 } })
    expect((await usageOfModels(lake(), [ended.modelId ?? '']))[0]).toMatchObject({
      jobs: 1,
      items: 0,
      lastUsedAt: expect.any(Date),
    })
  })

  test('what doesn’t exist, and what comes with the server, can’t be archived', async () => {
    await register(detector)
    expect(await codeOf(archiveModel(lake(), { modelId: name, version: 7 }))).toBe('MODEL_VERSION_NOT_FOUND')
    expect(await codeOf(archiveModel(lake(), { modelId: 'YOLOv8n' }))).toBe('SYSTEM_MODEL_FIXED')
    expect(await codeOf(archiveModel(lake(), { modelId: '\0' }))).toBe('MODEL_NOT_FOUND')
    await expect(archiveModel(lake(), { modelId: `${name}:1` })).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      facts: { suggestions: expect.arrayContaining([name]) as unknown },
    })
  })
})
