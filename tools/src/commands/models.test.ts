import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { run } from '../program'

const before = process.env
let folder: string
let out: string
let err: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'lakelens-cli-models-'))
  process.env = {
    ...before,
    LAKELENS_MODELS_DIR: folder,
    LAKELENS_DATA: path.join(folder, 'data'),
    LAKELENS_OFFLINE: '1',
  }
  for (const name of ['LAKELENS_DENY_LICENSES', 'LAKELENS_DEFAULT_TAGGING', 'LAKELENS_DEFAULT_EMBEDDING'])
    delete process.env[name]
  out = err = ''
  jest.spyOn(console, 'log').mockImplementation((...words: unknown[]) => void (out += `${words.join(' ')}\n`))
  jest.spyOn(console, 'error').mockImplementation((...words: unknown[]) => void (err += `${words.join(' ')}\n`))
  const entry = {
    name: 'mine',
    application: 'embedding',
    file: 'mine.onnx',
    license: 'MIT\u001b[2J',
    manifest: { output: 'embedding' },
  }
  await writeFile(path.join(folder, 'mine.onnx'), 'weights')
  const sha256 = createHash('sha256').update('weights').digest('hex')
  await writeFile(path.join(folder, 'models.json'), JSON.stringify({ models: [{ ...entry, sha256 }] }))
})
afterEach(async () => {
  jest.restoreAllMocks()
  process.env = before
  await rm(folder, { recursive: true, force: true })
})

const models = (...argv: string[]): Promise<number> => run(['node', 'lakelens', 'models', ...argv])

test('list shows what is here and what could be fetched, and no control character of a licence', async () => {
  expect(await models('list')).toBe(0)
  expect(out).toMatch(/^mine +EMBEDDING +MIT\\x1b\[2J +LAKELENS_MODELS_DIR +0\.0 MB +none$/m)
  expect(out).toMatch(/^yolov8n +AUTO_TAGGING +AGPL-3\.0 +- +12\.9 MB +unverified$/m)
  expect(out).toMatch(/^shapes-detector +AUTO_TAGGING +Apache-2\.0 +LakeLens itself +1\.\d MB +none$/m)
  expect(out).toMatch(/^shapes-embedder +EMBEDDING +Apache-2\.0 +LakeLens itself +0\.\d MB +none$/m)
  expect(out).toContain('Defaults: yolov8n for tagging, resnet50 for embeddings.')
})

test('list as JSON is one array', async () => {
  expect(await models('list', '--json')).toBe(0)
  expect(JSON.parse(out)).toContainEqual(
    expect.objectContaining({ name: 'mine', place: 'MODELS_DIR', byteSize: 7, fault: null }),
  )
})

test('verify names what is right, and fails for what is not', async () => {
  expect(await models('verify')).toBe(0)
  expect(out).toMatch(/^ok [0-9a-f]{64} mine /m)
  expect(out).toMatch(/^ok [0-9a-f]{64} shapes-detector /m)
  await writeFile(path.join(folder, 'mine.onnx'), 'changed')
  expect(await models('verify')).toBe(1)
  expect(out).toContain('WRONG mine')
  expect(err).toContain('MODEL_FILES_WRONG')
})

test('fetch shows the licence, says why it can’t, and goes on with the next', async () => {
  expect(await models('fetch', 'yolov8n', 'mine', 'yolov9n')).toBe(1)
  expect(out).toContain('yolov8n: licence AGPL-3.0')
  expect(out).toContain(`verified at ${path.join(folder, 'mine.onnx')}`)
  expect(err).toContain('LAKELENS_OFFLINE is set')
  expect(err).toContain('Did you mean "yolov8n"?')
})

test('a wrong environment is exit code 2', async () => {
  process.env['LAKELENS_OFFLINE'] = 'perhaps'
  expect(await models('list')).toBe(2)
  expect(err).toContain('LAKELENS_OFFLINE')
})
