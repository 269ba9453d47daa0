import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspectModel, type InspectedModel, type InspectOptions } from './inspectModel'
import { inspectFromSource } from './testing/inspectFromSource'

const fixtures = join(__dirname, '../../../tools/fixtures')
const labels = ['red', 'green', 'blue']

let folder: string
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'lakelens-inspect-'))))
afterEach(() => rm(folder, { recursive: true }))

const inspect = (file: string, manifest: Record<string, unknown>, options?: InspectOptions): Promise<InspectedModel> =>
  inspectModel(file, { manifest, labels }, { entry: inspectFromSource, ...options })

test('the facts are those of the real runtime', async () => {
  const facts = await inspect(join(fixtures, 'tiny-detector.onnx'), { output: 'yolov8' })
  expect(facts).toMatchObject({
    inputs: [{ name: 'images', type: 'float32', shape: [-1, 3, -1, -1] }],
    fixedResolution: null,
    stride: 32,
    vectorDimension: null,
  })
  const embedder = await inspect(join(fixtures, 'tiny-embedder.onnx'), { output: 'embedding' })
  expect(embedder).toMatchObject({ fixedResolution: { width: 32, height: 32 }, vectorDimension: 12 })
})

test('what the runtime refuses comes with its code', async () => {
  await writeFile(join(folder, 'model.onnx'), 'no graph')
  await expect(inspect(join(folder, 'model.onnx'), { output: 'yolov8' })).rejects.toMatchObject({
    code: 'MODEL_UNREADABLE',
    category: 'MODEL_PACKAGE_INVALID',
  })
  await expect(inspect(join(fixtures, 'tiny-detector.onnx'), { output: 'yolov8-seg' })).rejects.toMatchObject({
    code: 'OUTPUT_NOT_SUPPORTED',
  })
})

test('a graph that crashes the runtime, or never answers, is one that can’t be opened', async () => {
  const crash = join(folder, 'crash.cjs')
  const hang = join(folder, 'hang.cjs')
  await writeFile(crash, "process.kill(process.pid, 'SIGSEGV')")
  await writeFile(hang, "process.once('message', () => { for (;;); })")
  const file = join(fixtures, 'tiny-detector.onnx')
  const manifest = { output: 'yolov8' }
  await expect(inspect(file, manifest, { entry: { file: crash } })).rejects.toThrow('the runtime ended with SIGSEGV')
  await expect(inspect(file, manifest, { entry: { file: hang }, timeoutMs: 300 })).rejects.toThrow(
    'no answer within 0.3 s',
  )
  const signal = AbortSignal.timeout(300)
  await expect(inspect(file, manifest, { entry: { file: hang }, signal })).rejects.toMatchObject({
    name: 'TimeoutError',
  })
})
