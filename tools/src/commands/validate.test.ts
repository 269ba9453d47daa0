import type { Report } from '@lakelens/folder-validator'
import { inspectModel } from '@lakelens/inference'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { buffer } from 'node:stream/consumers'
import { Command } from 'commander'
import { run } from '../program'
import { validateCommand } from './validate'

const root = resolve(__dirname, '../../..')
const fixtures = join(root, 'tools/fixtures')
const fromSource = ['--conditions=@lakelens/source', '--require', join(root, 'tools/register.cjs')]

let folder: string
let out: string
let err: string
const before = process.env['TMPDIR']
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lakelens-cli-validate-'))
  mkdirSync(join(folder, 'tmp'))
  process.env['TMPDIR'] = join(folder, 'tmp')
  out = err = ''
  jest.spyOn(console, 'log').mockImplementation((...words: unknown[]) => void (out += `${words.join(' ')}\n`))
  jest.spyOn(console, 'error').mockImplementation((...words: unknown[]) => void (err += `${words.join(' ')}\n`))
  jest.spyOn(process.stderr, 'write').mockReturnValue(true)
})
afterEach(() => {
  jest.restoreAllMocks()
  expect(readdirSync(join(folder, 'tmp'))).toEqual([])
  if (before === undefined) delete process.env['TMPDIR']
  else process.env['TMPDIR'] = before
  rmSync(folder, { recursive: true })
})

const validate = (...argv: string[]): Promise<number> => run(['node', 'lakelens', 'validate', ...argv])

const write = (files: Record<string, string>): void => {
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, 'model', file)), { recursive: true })
    writeFileSync(join(folder, 'model', file), content)
  }
}

async function archive(files: Record<string, string>): Promise<string> {
  const tar = pack()
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content)
  tar.finalize()
  writeFileSync(join(folder, 'model.tar.gz'), gzipSync(await buffer(tar)))
  return join(folder, 'model.tar.gz')
}

const embedder = {
  'code/inference.py': `def model_fn(model_dir): ...
def input_fn(request_body, request_content_type): ...
def predict_fn(input_data, model): ...
def output_fn(prediction_output, content_type): ...
`,
  'code/requirements.txt': '',
}

test('a good folder is 0, with a line a check', async () => {
  write(embedder)
  expect(await validate(join(folder, 'model'), '--application', 'embedding')).toBe(0)
  expect(out).toMatch(/^✔ structure\.kind +The package is one of the known kinds: a Python package/m)
  expect(out).toContain('The package is good')
  expect(out).not.toContain('\u001b')
})

test('a bad one is 1, says what to write, and shows nothing of a stranger’s as it is', async () => {
  const file = await archive({ ...embedder, 'code/requirements.txt': 'numpy==1.0\n--index-url \u001b[2Jx\n' })
  expect(await validate(file, '--application', 'EMBEDDING')).toBe(1)
  expect(out).toMatch(/✖ requirements\.source .*\(code\/requirements\.txt:2\)\n +→ Name a distribution/)
  expect(out).not.toContain('\u001b')
  expect(err).toContain('fails one check')
})

test('as JSON it is the report and nothing else', async () => {
  expect(await validate(await archive({ 'best.pt': 'w' }), '--application', 'auto-tagging', '--json')).toBe(1)
  const report = JSON.parse(out) as Report
  expect(report.ok).toBe(false)
  expect(report.checks.map(({ code, outcome }) => `${code} ${outcome}`)).toContain('structure.weights-only FAILED')
})

test('what can’t be opened is a report, too', async () => {
  expect(await validate(await archive({ '../escape': 'x' }), '--application', 'embedding')).toBe(1)
  expect(out).toContain('archive.path-traversal')
  write(embedder)
  symlinkSync('/etc', join(folder, 'model', 'etc'))
  expect(await validate(join(folder, 'model'), '--application', 'embedding')).toBe(1)
  expect(out).toContain('archive.link-outside')
})

test('wrong usage is 2', async () => {
  expect(await validate(join(folder, 'none'), '--application', 'embedding')).toBe(2)
  expect(await validate(folder)).toBe(2)
  expect(await validate(folder, '--application', 'tagging')).toBe(2)
})

test('a graph is opened by the real runtime', async () => {
  write({ 'label_list.yaml': 'label_list: [red, green, blue]' })
  copyFileSync(join(fixtures, 'tiny-detector.onnx'), join(folder, 'model', 'model.onnx'))
  const entry = { file: join(root, 'apps/inference/src/inspectProcess.ts'), execArgv: fromSource }
  const program = new Command().addCommand(
    validateCommand((signal) => (file, model) => inspectModel(file, model, { signal, entry })),
  )
  await program.parseAsync(['node', 'x', 'validate', join(folder, 'model'), '--application', 'auto_tagging'])
  expect(out).toMatch(/^✔ onnx\.output .*yolov8, by the shapes of its outputs/m)
  expect(out).toMatch(/^✔ onnx\.run .*any multiple of 32; output0 float32\[-1, 7, -1\]/m)
})

test('interrupted, it ends with 130 and leaves nothing', async () => {
  // Large enough to be met while it is unpacked; a hole, so that it takes no room itself.
  const bytes = 400_000_000
  const tar = pack()
  tar.entry({ name: 'weights.bin', size: bytes })
  writeFileSync(join(folder, 'model.tar'), (await once(tar, 'data'))[0] as Buffer)
  tar.destroy()
  truncateSync(join(folder, 'model.tar'), 512 + Math.ceil(bytes / 512) * 512 + 1024)
  const child = spawn(
    process.execPath,
    [
      ...fromSource,
      join(root, 'tools/src/cli.ts'),
      'validate',
      join(folder, 'model.tar'),
      '--application',
      'embedding',
    ],
    { env: { ...process.env, TMPDIR: join(folder, 'tmp') }, stdio: 'ignore' },
  )
  const exited = once(child, 'exit')
  while (readdirSync(join(folder, 'tmp')).length === 0) await new Promise((wake) => setTimeout(wake, 10))
  child.kill('SIGINT')
  expect(await exited).toEqual([130, null])
})
