import { LakeError, type ErrorCategory } from '@lakelens/kernel'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { extractArchive } from './archive/extractArchive'
import { checkCodes, type CheckCode } from './codes'
import { findPython } from './python/findPython'
import type { Check, Report } from './report'
import { reportOf } from './reportOf'
import { faultyPackages, faultyScripts } from './testing/faultyPackages'
import { message, node, text } from './testing/onnx'
import { embedder, onnx, python, script, without, type Application, type Files } from './testing/packages'
import { newScratch, type Scratch } from './testing/scratch'
import { tarGz } from './testing/tar'
import {
  validatePackage,
  type GraphFacts,
  type OpenGraph,
  type ValidateOptions,
  type ValidPackage,
} from './validatePackage'
import type { FaultyPackage } from './testing/packages'

// Looked for once: a shim in front of an interpreter takes longer than the parser.
let python3: string | null
beforeAll(async () => (python3 = (await findPython())?.path ?? null))

let scratch: Scratch
beforeEach(async () => (scratch = await newScratch()))
afterEach(() => scratch.remove())

async function validate(
  files: Files,
  options: ValidateOptions,
): Promise<{ report: Report; package: ValidPackage | null }> {
  const opened = await extractArchive(Readable.from([tarGz(files)]), scratch.into)
  const before = await scratch.snapshot()
  const result = await validatePackage(opened, { python: python3, ...options })
  expect(await scratch.snapshot()).toEqual(before)
  return result
}

const codesOf = ({ checks }: Report, outcome: Check['outcome']): string[] =>
  checks.filter((check) => check.outcome === outcome).map((check) => check.code)

async function expectFault({
  application,
  files,
  codes,
  warning,
  file,
  line,
  says,
  options,
}: FaultyPackage): Promise<void> {
  const { report, package: valid } = await validate(files, { application, ...options })
  expect(codesOf(report, 'FAILED')).toEqual(warning ? [] : codes)
  if (warning) expect(codesOf(report, 'WARNING')).toEqual(codes)
  expect(report.ok).toBe(warning === true)
  expect(valid === null).toBe(!report.ok)
  const [first] = report.checks.filter((check) => check.outcome === (warning ? 'WARNING' : 'FAILED'))
  if (file !== undefined) expect(first).toMatchObject({ file })
  if (line !== undefined) expect(first).toMatchObject({ line })
  if (says !== undefined) expect(`${first?.message} ${first?.hint}`).toContain(says)
  for (const { outcome, hint, message } of report.checks) {
    if (outcome === 'FAILED' || outcome === 'WARNING') expect(hint).toMatch(/^[A-Z`].*[.`]$/s)
    expect(message ?? '').not.toMatch(/undefined|\[object/)
  }
}

test.each(faultyPackages)('$what: $codes', (faulty) => expectFault({ ...faulty, options: { python: null } }))

test.each(faultyScripts)('$what: $codes', async (faulty) => {
  // `npm test` needs nothing but Node: where there is no Python, what must be true is that nothing claims to have been checked.
  if (python3 !== null) return expectFault(faulty)
  const { report } = await validate(faulty.files, { application: faulty.application })
  expect(codesOf(report, 'SKIPPED')).toContain('inference.read')
})

test('a script too large to be one is not even parsed', async () => {
  const files = python({ 'code/inference.py': `${script}#${'x'.repeat(2 * 1024 * 1024)}` })
  const { report } = await validate(files, { application: 'AUTO_TAGGING', python: '/does/not/exist' })
  expect(codesOf(report, 'FAILED')).toEqual(['inference.too-large'])
})

test('without Python its checks are SKIPPED and say so, and never PASSED', async () => {
  const { report } = await validate(python({ 'code/inference.py': 'not python at all' }), {
    application: 'AUTO_TAGGING',
    python: null,
  })
  expect(report.ok).toBe(true)
  const about = report.checks.filter(({ code }) => code.startsWith('inference.'))
  expect(about.map(({ outcome }) => outcome)).toEqual(Array(5).fill('SKIPPED'))
  expect(about[0]?.message).toContain('no Python')
  expect(about[1]?.message).toContain('inference.py is valid Python')
})

test('the suite provokes every code there is', () => {
  const always: CheckCode[] = ['archive.read', 'archive.litter', 'inference.too-large', 'onnx.run']
  // What a rule is called when nothing is wrong.
  const passing = new Set<string>(
    [
      'manifest.read',
      'labels.read',
      'labels.unique',
      'inference.read',
      'inference.function',
      'requirements.read',
    ].concat(['onnx.read', 'onnx.self-contained', 'onnx.opset', 'onnx.operators', 'onnx.output', 'onnx.input']),
  )
  const provoked = new Set<string>([...always, ...[...faultyPackages, ...faultyScripts].flatMap(({ codes }) => codes)])
  expect(Object.keys(checkCodes).filter((code) => !provoked.has(code) && !passing.has(code))).toEqual([])
})

const picture64 = { name: 'images', shape: [-1, 3, 64, 64] }
const detector = (...shape: number[]): Files => onnx({}, { inputs: [picture64], outputs: [{ name: 'out', shape }] })
const boxes = { name: 'boxes', shape: [1, 100, 4] }

test.each<[string, Application, Files, Partial<ValidPackage>]>([
  [
    'a Python tagger',
    'AUTO_TAGGING',
    python(),
    {
      runtime: 'PYTHON',
      manifest: { task: 'detection' },
      labels: ['red', 'green', 'blue'],
      requirements: ['numpy==2.1.3'],
    },
  ],
  [
    'a Python tagger that holds a graph',
    'AUTO_TAGGING',
    python({ 'model.onnx': 'weights of another kind' }),
    { runtime: 'PYTHON', modelFile: null },
  ],
  [
    'a Python embedder without weights or labels',
    'EMBEDDING',
    without(python(), 'weights.pt', 'label_list.yaml'),
    { runtime: 'PYTHON', labels: [] },
  ],
  [
    'a Python annotator with its keys',
    'AUTO_ANNOTATION',
    python({
      'model.yaml': 'python: { input: png, timeoutSeconds: 5 }\nlicense: MIT\ndescription: mine\nboxes: normalized',
    }),
    {
      license: 'MIT',
      description: 'mine',
      manifest: { python: { input: 'png', timeoutSeconds: 5 }, boxes: 'normalized', task: 'detection' },
    },
  ],
  [
    'labels in model.yaml',
    'AUTO_TAGGING',
    { ...without(onnx(), 'label_list.yaml'), 'model.yaml': 'labels: [a, b, c]' },
    { labels: ['a', 'b', 'c'], manifest: { task: 'detection', output: 'yolov8' } },
  ],
  [
    'labels in a file of another name',
    'AUTO_TAGGING',
    {
      ...without(onnx(), 'label_list.yaml'),
      'model.yaml': 'labels: coco.yaml',
      'coco.yaml': 'names: {0: a, 1: b, 2: c}',
    },
    { labels: ['a', 'b', 'c'] },
  ],
  [
    'YOLOv8',
    'AUTO_TAGGING',
    onnx(),
    { runtime: 'ONNX', modelFile: 'model.onnx', manifest: { task: 'detection', output: 'yolov8' } },
  ],
  ['YOLOv8 that is to annotate', 'AUTO_ANNOTATION', onnx(), { manifest: { task: 'detection', output: 'yolov8' } }],
  ['YOLOX of fixed size', 'AUTO_TAGGING', detector(1, 84, 8), { manifest: { task: 'detection', output: 'yolox' } }],
  ['YOLOv5 of fixed size', 'AUTO_TAGGING', detector(1, 252, 8), { manifest: { task: 'detection', output: 'yolov5' } }],
  ['YOLOv10', 'AUTO_TAGGING', detector(1, 300, 6), { manifest: { task: 'detection', output: 'yolov10' } }],
  ['RT-DETR of one output', 'AUTO_TAGGING', detector(1, 300, 7), { manifest: { task: 'detection', output: 'detr' } }],
  [
    'DETR',
    'AUTO_TAGGING',
    onnx(
      {},
      {
        inputs: [picture64],
        outputs: [
          { name: 'logits', shape: [1, 100, 4] },
          { ...boxes, name: 'pred_boxes' },
        ],
      },
    ),
    { manifest: { task: 'detection', output: 'detr' } },
  ],
  [
    'an SSD',
    'AUTO_TAGGING',
    onnx(
      { 'model.yaml': 'input: { scale: 1 }' },
      {
        inputs: [picture64],
        outputs: [boxes, { name: 'labels', type: 'int64', shape: [1, 100] }, { name: 'scores', shape: [1, 100] }],
      },
    ),
    { manifest: { task: 'detection', output: 'ssd', input: { scale: 1 } } },
  ],
  ['a classifier', 'AUTO_TAGGING', detector(1, 3), { manifest: { task: 'classification', output: 'classification' } }],
  [
    'a classifier that ends in a softmax',
    'AUTO_TAGGING',
    onnx({}, { inputs: [picture64], outputs: [{ name: 'out', shape: [1, 3] }], nodes: [node('Softmax')] }),
    { manifest: { task: 'classification', output: 'classification', activation: 'none' } },
  ],
  [
    'RT-DETR with the size beside the picture',
    'AUTO_TAGGING',
    onnx(
      {},
      {
        inputs: [picture64, { name: 'orig_target_sizes', type: 'int64', shape: [-1, 2] }],
        outputs: [{ name: 'out', shape: [1, 300, 7] }],
      },
    ),
    { manifest: { task: 'detection', output: 'detr' } },
  ],
  [
    'a detector of torchvision, without a batch',
    'AUTO_TAGGING',
    onnx(
      { 'model.yaml': 'input: { scale: 0.00392 }' },
      {
        inputs: [{ name: 'image', shape: [3, 64, 96] }],
        outputs: [
          { name: 'boxes', shape: [-1, 4] },
          { name: 'labels', type: 'int64', shape: [-1] },
          { name: 'scores', shape: [-1] },
        ],
      },
    ),
    { manifest: { task: 'detection', output: 'ssd', input: { scale: 0.00392 } } },
  ],
  [
    'an embedder of a map, pooled, beside a vector',
    'EMBEDDING',
    embedder(
      { 'model.yaml': 'pooling: mean' },
      {
        outputs: [
          { name: 'map', shape: [1, 512, 7, 7] },
          { name: 'logits', shape: [1, 1000] },
        ],
      },
    ),
    { manifest: { task: 'embedding', output: 'embedding', pooling: 'mean', tensor: 'map' } },
  ],
  ['an embedder', 'EMBEDDING', embedder(), { labels: [], manifest: { task: 'embedding', output: 'embedding' } }],
  [
    'an embedder of tokens',
    'EMBEDDING',
    embedder(
      { 'model.yaml': 'tensor: tokens\npooling: cls' },
      {
        outputs: [
          { name: 'tokens', shape: [1, 197, 768] },
          { name: 'pooled', shape: [1, 768] },
        ],
      },
    ),
    { manifest: { task: 'embedding', output: 'embedding', tensor: 'tokens', pooling: 'cls' } },
  ],
  [
    'an embedder of which one output is a vector',
    'EMBEDDING',
    embedder(
      {},
      {
        outputs: [
          { name: 'tokens', shape: [1, 197, 768] },
          { name: 'pooled', shape: [1, 768] },
        ],
      },
    ),
    { manifest: { task: 'embedding', output: 'embedding', tensor: 'pooled' } },
  ],
  [
    'operators of the runtime’s own',
    'EMBEDDING',
    embedder({}, { nodes: [node('FusedConv', 'com.microsoft')], domains: { 'com.microsoft': 1 } }),
    {},
  ],
  [
    'functions that the model brings itself',
    'EMBEDDING',
    embedder({
      'model.onnx': Buffer.concat([
        embedder({}, { nodes: [node('Own', 'mine')], domains: { mine: 1 } })['model.onnx'] as Buffer,
        functionOf('mine', 'Own'),
      ]),
    }),
    {},
  ],
])('%s passes', async (_, application, files, expected) => {
  const { report, package: valid } = await validate(files, { application })
  expect(report.checks.filter(({ outcome }) => outcome === 'FAILED')).toEqual([])
  expect(valid).toMatchObject(expected)
})

function functionOf(domain: string, name: string): Buffer {
  return message(25, text(1, name), text(10, domain))
}

test('functions are understood however they are written', async () => {
  const source = `
import functools
from helpers import wrap
@functools.lru_cache
def model_fn(model_dir, device='cpu'): ...
try:
    def input_fn(*args, **kwargs): ...
except ImportError:
    def input_fn(a, b): ...
def _predict(data, model, /, *, top=5): ...
predict_fn = _predict
output_fn = lambda prediction, accept='application/json': prediction
`
  const { report } = await validate(python({ 'code/inference.py': source }), { application: 'AUTO_TAGGING' })
  const outcome = python3 === null ? 'SKIPPED' : 'PASSED'
  const about = report.checks.filter(({ code }) => code.startsWith('inference.'))
  expect(about.map((check) => check.outcome)).toEqual(Array(5).fill(outcome))
})

test('nothing of a package is run, and its sources are configurable', async () => {
  const trap = `import os\nos.mkdir(${JSON.stringify(scratch.into)} + '/ran')\n${script}`
  const files = python({
    'code/inference.py': trap,
    'code/ast.py': trap,
    'code/requirements.txt': '-i https://a.example\nx',
  })
  const { report, package: valid } = await validate(files, {
    application: 'AUTO_TAGGING',
    allowedRequirementSources: true,
  })
  expect(report.ok).toBe(true)
  expect(valid?.requirements).toEqual(['-i https://a.example', 'x'])
})

test('an archive that could not be opened is a report of one check', async () => {
  const error: unknown = await extractArchive(Readable.from([tarGz({ '../x': 'x' })]), scratch.into).catch(
    (thrown: unknown) => thrown,
  )
  expect(reportOf(error as never, 12.4)).toEqual({
    ok: false,
    durationMs: 12,
    checks: [
      {
        code: 'archive.path-traversal',
        name: 'The package can be read',
        outcome: 'FAILED',
        message: 'The path "../x" climbs with ".."',
        file: '../x',
        line: null,
        hint: expect.stringContaining('tar -czf') as string,
      },
    ],
  })
})

test('what is left out is told', async () => {
  const { report } = await validate(onnx({ '.DS_Store': 'x', 'code/__pycache__/x.pyc': 'x' }), {
    application: 'AUTO_TAGGING',
  })
  expect(report.checks[1]).toMatchObject({
    code: 'archive.litter',
    outcome: 'PASSED',
    message: 'left out: .DS_Store, code/__pycache__/x.pyc',
  })
})

test('a signal ends it', async () => {
  const opened = await extractArchive(Readable.from([tarGz(python())]), scratch.into)
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(validatePackage(opened, { application: 'AUTO_TAGGING', signal })).rejects.toThrow('enough')
})

test('a graph of gigabytes is read by its outline alone', async () => {
  // A tensor of 1.5 GB in front of everything else, as a hole in the file.
  const size = 1_500_000_000
  const file = path.join(scratch.folder, 'model.onnx')
  const rest = embedder()['model.onnx'] as Buffer
  const raw = lengthPrefix(9, size)
  const tensor = lengthPrefix(5, raw.length + size)
  const head = Buffer.concat([lengthPrefix(7, tensor.length + raw.length + size), tensor, raw])
  const handle = await open(file, 'w')
  await handle.write(head)
  await handle.write(rest, 0, rest.length, head.length + size)
  await handle.close()
  const files = [{ path: 'model.onnx', byteSize: head.length + size + rest.length, sha256: '' }]
  const opened = { root: scratch.folder, files, ignored: [], contentDigest: '', unpackedBytes: 0 }
  const before = process.memoryUsage.rss()
  const { report } = await validatePackage(opened, { application: 'EMBEDDING' })
  expect(report.ok).toBe(true)
  expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024)
})

/** The key and length of a field whose bytes are not there. */
function lengthPrefix(field: number, length: number): Buffer {
  const bytes: number[] = [field * 8 + 2]
  for (let left = length; ; left = Math.floor(left / 128)) {
    bytes.push(left < 128 ? left : (left % 128) | 128)
    if (left < 128) return Buffer.from(bytes)
  }
}

const facts: GraphFacts = {
  inputs: [],
  outputs: [{ name: 'output0', type: 'float32', shape: [1, 7, 2100] }],
  fixedResolution: null,
  stride: 32,
  vectorDimension: null,
  warmupMs: 12,
}

test('the trial run gets the graph with all that is known of it, and its facts are kept', async () => {
  const asked: unknown[] = []
  const openGraph: OpenGraph = (file, model) => {
    asked.push({ file, model })
    return Promise.resolve(facts)
  }
  const { report, package: valid } = await validate(onnx({ 'model.yaml': 'license: MIT\ninput: { stride: 64 }' }), {
    application: 'AUTO_TAGGING',
    openGraph,
  })
  const manifest = { task: 'detection', output: 'yolov8', input: { stride: 64 } }
  expect(asked).toEqual([
    { file: path.join(scratch.into, 'model.onnx'), model: { manifest, labels: ['red', 'green', 'blue'] } },
  ])
  expect(valid).toMatchObject({ facts, manifest, license: 'MIT' })
  expect(report.checks.at(-1)).toMatchObject({ code: 'onnx.run', outcome: 'PASSED' })
})

test('what the runtime refuses is the package’s fault; what keeps the runtime from answering is not', async () => {
  const refuse = (category: ErrorCategory): OpenGraph => {
    const message = 'Model mine could not be opened: no such operator. Export it again.'
    return () => Promise.reject(new LakeError('X', category, message))
  }
  const application = 'AUTO_TAGGING'
  const opened = await extractArchive(Readable.from([tarGz(onnx())]), scratch.into)
  const { report } = await validatePackage(opened, { application, openGraph: refuse('MODEL_PACKAGE_INVALID') })
  expect(report.checks.at(-1)).toMatchObject({
    code: 'onnx.run',
    outcome: 'FAILED',
    message: 'Model mine could not be opened: no such operator',
    hint: 'Export it again.',
  })
  for (const category of ['UNAVAILABLE', 'STORAGE_FULL', 'INTERNAL'] as const)
    await expect(validatePackage(opened, { application, openGraph: refuse(category) })).rejects.toMatchObject({
      category,
    })
})

test('the trial run waits for every check before it', async () => {
  const openGraph = jest.fn<ReturnType<OpenGraph>, Parameters<OpenGraph>>(() => Promise.resolve(facts))
  const { report } = await validate(onnx({ 'label_list.yaml': '[a]' }), { application: 'AUTO_TAGGING', openGraph })
  expect(openGraph).not.toHaveBeenCalled()
  expect(report.checks.at(-1)).toMatchObject({ code: 'onnx.run', outcome: 'SKIPPED' })
})
