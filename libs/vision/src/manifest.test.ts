import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { effectiveManifest, effectiveResolution, requireRunnable, runnableOutputs } from './effective'
import { type OutputFormat, outputFormats, parseManifest } from './manifest'
import { requireDetectionShape } from './shapes'

const everything = {
  task: 'embedding',
  input: {
    size: [224, 196],
    layout: 'nhwc',
    color: 'bgr',
    scale: 0.5,
    mean: [1, 2, 3],
    std: [4, 5, 6],
    resize: 'crop',
    resizeShorter: 256,
    pad: 0,
    stride: 16,
    format: 'uint8',
  },
  output: 'embedding',
  tensor: 'last_hidden_state',
  pooling: 'cls',
  boxes: 'pixels',
  activation: 'none',
  labels: 'label_list.yaml',
  vectorDimension: 384,
  license: 'MIT',
  description: 'A model',
  python: { input: 'npy', timeoutSeconds: 30, memoryMiB: 2048, concurrency: 2 },
  remote: { address: 'http://models:8000', model: 'resnet', version: '3' },
}

test('every key of model.yaml is read, and none is needed', () => {
  expect(parseManifest(everything)).toEqual(everything)
  expect(parseManifest({})).toEqual({})
  expect(parseManifest(null)).toEqual({})
  expect(parseManifest({ labels: ['a', 'b'] })).toEqual({ labels: ['a', 'b'] })
})

test('`output` may hold its tensor and pooling', () => {
  expect(parseManifest({ output: { type: 'embedding', tensor: 'pooled', pooling: 'mean' } })).toEqual({
    output: 'embedding',
    tensor: 'pooled',
    pooling: 'mean',
  })
})

test.each<[string, unknown, string[], RegExp]>([
  ['an unknown key', { colour: 'rgb' }, [], /unknown key `colour`/],
  ['an unknown key of the input', { input: { colour: 'rgb' } }, ['input'], /input: unknown key `colour`/],
  ['an unknown key of the output', { output: { type: 'embedding', tensr: 'x' } }, ['output'], /unknown key `tensr`/],
  ['an unknown key of python', { python: { threads: 1 } }, ['python'], /unknown key `threads`/],
  ['a format nobody has heard of', { output: 'yolov99' }, ['output'], /output: /],
  ['a size of one side', { input: { size: [224] } }, ['input', 'size'], /input\.size/],
  ['a size of nothing', { input: { size: [0, 224] } }, ['input', 'size', '0'], /input\.size\.0/],
  ['a size beyond all memory', { input: { size: [1e9, 1] } }, ['input', 'size', '0'], /input\.size\.0/],
  ['a licence of a page', { license: 'x'.repeat(201) }, ['license'], /license: /],
  ['text no database keeps', { description: 'a\0b' }, ['description'], /control characters/],
  ['half a character', { labels: ['a\ud800'] }, ['labels', '0'], /labels/],
  ['a deviation of 0', { input: { std: [1, 0, 1] } }, ['input', 'std'], /divided by/],
  ['a scale that is no number', { input: { scale: Infinity } }, ['input', 'scale'], /input\.scale/],
  ['a padding beyond white', { input: { pad: 300 } }, ['input', 'pad'], /input\.pad/],
  ['a stride of 0', { input: { stride: 0 } }, ['input', 'stride'], /input\.stride/],
  ['labels outside of the package', { labels: '../../etc/passwd' }, ['labels'], /labels/],
  ['labels in a folder', { labels: 'a\\b.yaml' }, ['labels'], /labels/],
  ['no labels at all', { labels: [] }, ['labels'], /labels/],
  ['a dimension of half', { vectorDimension: 1.5 }, ['vectorDimension'], /vectorDimension/],
  [
    'a task its output contradicts',
    { task: 'detection', output: 'embedding' },
    ['task'],
    /contradicts `output: embedding`/,
  ],
  ['pooling of a detector', { output: 'yolov8', pooling: 'mean' }, ['pooling'], /only with `output: embedding`/],
  ['a tensor without an output', { tensor: 'features' }, ['tensor'], /only with `output: embedding`/],
  ['a text', 'output: yolov8', [], /the whole/],
  ['a list', [1], [], /the whole/],
])('%s is refused with its path', (_, content, path, message) => {
  expect(() => parseManifest(content)).toThrow(
    expect.objectContaining({
      code: 'MANIFEST_INVALID',
      category: 'MODEL_PACKAGE_INVALID',
      path,
      message: expect.stringMatching(message) as string,
    }),
  )
})

test('all faults are told at once', () => {
  try {
    parseManifest({ output: 'x', input: { pad: -1, stride: 0 } })
    throw new Error('accepted')
  } catch (error) {
    expect((error as { facts: { faults: string[] } }).facts.faults).toHaveLength(3)
  }
})

test.each<[OutputFormat, object]>([
  [
    'yolov8',
    {
      color: 'rgb',
      scale: 1 / 255,
      mean: [0, 0, 0],
      resize: 'letterbox',
      align: 'centre',
      pad: 114,
      stride: 32,
      layout: 'nchw',
    },
  ],
  ['yolov5', { color: 'rgb', scale: 1 / 255, resize: 'letterbox', align: 'centre', pad: 114 }],
  [
    'yolox',
    { color: 'bgr', scale: 1, mean: [0, 0, 0], std: [1, 1, 1], resize: 'letterbox', align: 'topLeft', pad: 114 },
  ],
  [
    'detr',
    { color: 'rgb', scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], resize: 'stretch' },
  ],
  ['classification', { color: 'rgb', scale: 1 / 255, mean: [0.485, 0.456, 0.406], resize: 'crop', size: null }],
  ['embedding', { color: 'rgb', scale: 1 / 255, std: [0.229, 0.224, 0.225], resize: 'crop', resizeShorter: null }],
])('what is left out follows %s', (output, input) => {
  expect(effectiveManifest(parseManifest({ output })).input).toMatchObject(input)
})

test('what is said is kept', () => {
  const { input, ...rest } = effectiveManifest(parseManifest(everything))
  expect(input).toEqual({ ...everything.input, size: { width: 224, height: 196 }, align: 'centre' })
  expect(rest).toEqual({
    task: 'embedding',
    output: 'embedding',
    leftToGraph: [],
    tensor: 'last_hidden_state',
    pooling: 'cls',
    boxes: 'pixels',
    activation: 'none',
    vectorDimension: 384,
  })
})

test('a task of one format says the format; another does not', () => {
  expect(effectiveManifest({ task: 'embedding' }).output).toBe('embedding')
  expect(() => effectiveManifest({ task: 'detection' })).toThrow(expect.objectContaining({ code: 'OUTPUT_UNKNOWN' }))
  expect(() => effectiveManifest({})).toThrow(expect.objectContaining({ code: 'OUTPUT_UNKNOWN' }))
})

test.each(outputFormats.filter((output) => !runnableOutputs.some((runnable) => runnable === output)))(
  '%s is parsed, and refused by name when it is to be run',
  (output) => {
    const manifest = parseManifest({ output })
    expect(() => requireRunnable(effectiveManifest(manifest))).toThrow(
      expect.objectContaining({
        code: 'OUTPUT_NOT_SUPPORTED',
        category: 'NOT_SUPPORTED',
        message: expect.stringContaining(output) as string,
      }),
    )
  },
)

test.each([
  [{ output: 'yolov8', activation: 'softmax' }, 'activation'],
  [{ output: 'yolox', boxes: 'normalized' }, 'boxes'],
  [{ output: 'yolov8', input: { resize: 'crop' } }, 'input.resize'],
  [{ output: 'embedding', activation: 'sigmoid' }, 'activation'],
  [{ output: 'yolov5', activation: 'softmax' }, 'activation'],
  [{ output: 'yolov10', activation: 'sigmoid' }, 'activation'],
  [{ output: 'ssd', activation: 'softmax' }, 'activation'],
  [{ output: 'detr', input: { resize: 'crop' } }, 'input.resize'],
  [{ output: 'classification', boxes: 'normalized' }, 'boxes'],
  [{ output: 'embedding', boxes: 'normalized' }, 'boxes'],
])('%j cannot be run, by name', (content, key) => {
  expect(() => requireRunnable(effectiveManifest(parseManifest(content)))).toThrow(
    expect.objectContaining({
      code: 'MANIFEST_NOT_SUPPORTED',
      category: 'NOT_SUPPORTED',
      facts: expect.objectContaining({ key }) as object,
    }),
  )
})

test.each([
  { output: 'yolov5', boxes: 'normalized', activation: 'sigmoid' },
  { output: 'yolov10', boxes: 'normalized' },
  { output: 'detr', activation: 'softmax' },
  { output: 'detr', activation: 'none', boxes: 'pixels', input: { resize: 'letterbox' } },
  { output: 'ssd', boxes: 'pixels' },
  { output: 'classification', activation: 'sigmoid', input: { resize: 'stretch' } },
  { task: 'classification' },
])('%j can be run', (content) => {
  expect(() => requireRunnable(effectiveManifest(parseManifest(content)))).not.toThrow()
})

test('what only the graph can tell stays open', () => {
  const open = (content: object) => effectiveManifest(parseManifest(content))
  expect(open({ output: 'detr' })).toMatchObject({ boxes: 'normalized', activation: null, leftToGraph: [] })
  expect(open({ output: 'classification' })).toMatchObject({ boxes: 'pixels', activation: null })
  expect(open({ output: 'yolov5' })).toMatchObject({ boxes: 'pixels', activation: 'none' })
  const ssd = open({ output: 'ssd' })
  expect(ssd).toMatchObject({ boxes: null, activation: 'none' })
  expect(ssd.leftToGraph).toEqual(['layout', 'format', 'scale', 'resize', 'stride'])
  expect(open({ output: 'ssd', boxes: 'pixels', input: { layout: 'nchw', mean: [0, 0, 0] } })).toMatchObject({
    boxes: 'pixels',
    leftToGraph: ['format', 'resize', 'stride'],
  })
})

test('the manifests of the fixtures can be run', () => {
  const { models } = JSON.parse(readFileSync(join(__dirname, '../../../tools/fixtures/models.json'), 'utf8')) as {
    models: { manifest: unknown }[]
  }
  expect(models.length).toBeGreaterThan(0)
  for (const { manifest } of models) requireRunnable(effectiveManifest(parseManifest(manifest)))
})

test('the effective resolution is the fixed size, or the box with its sides rounded up to the stride', () => {
  expect(effectiveResolution({ width: 300, height: 300 }, { fixedResolution: null, stride: 32 })).toEqual({
    width: 320,
    height: 320,
  })
  expect(effectiveResolution({ width: 640, height: 1 }, { fixedResolution: null, stride: 32 })).toEqual({
    width: 640,
    height: 32,
  })
  expect(
    effectiveResolution({ width: 300, height: 300 }, { fixedResolution: { width: 416, height: 416 }, stride: 32 }),
  ).toEqual({ width: 416, height: 416 })
})

test('the shape of an answer is held against its format, free sides apart', () => {
  const refused = expect.objectContaining({
    code: 'OUTPUT_SHAPE_UNEXPECTED',
    category: 'MODEL_PACKAGE_INVALID',
  }) as Error
  requireDetectionShape('yolov8', [-1, 84, -1], 80)
  requireDetectionShape('yolov8', [-1, -1, -1], 80)
  requireDetectionShape('yolox', [1, 3549, 85], 80, { width: 416, height: 416 })
  requireDetectionShape('yolov5', [-1, 25200, 85], 80)
  requireDetectionShape('yolov10', [1, 300, 6], 80)
  requireDetectionShape('detr', [1, 300, 84], 80)
  expect(() => requireDetectionShape('yolov8', [1, 8400, 84], 80)).toThrow(refused)
  expect(() => requireDetectionShape('yolov8', [1, 84, 8400], 3)).toThrow(refused)
  expect(() => requireDetectionShape('yolov8', [84, 8400], 80)).toThrow(refused)
  expect(() => requireDetectionShape('yolox', [1, 3000, 85], 80, { width: 416, height: 416 })).toThrow(refused)
  expect(() => requireDetectionShape('yolov5', [1, 84, 8400], 80)).toThrow(refused)
  expect(() => requireDetectionShape('yolov10', [1, 300, 7], 80)).toThrow(refused)
  const answered = { width: 640, height: 640 }
  // An answer about two pictures when one was asked about, and one that no detector gives.
  expect(() => requireDetectionShape('yolov8', [2, 84, 8400], 80, answered)).toThrow(refused)
  expect(() => requireDetectionShape('yolov10', [1, 3e6, 6], 80, answered)).toThrow(refused)
})
