import { loadConfig, startGateway, type Gateway } from '@lakelens/gateway'
import { silentLogger } from '@lakelens/kernel'
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { run } from '../program'

const fixtures = resolve(__dirname, '../../fixtures')
let gateway: Gateway
let folder: string
let out: string
let err: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lakelens-register-'))
  const config = loadConfig({
    PORT: '0',
    INFERENCE_PORT: '0',
    LAKELENS_DATA: join(folder, 'data'),
    LAKELENS_MODELS_DIR: fixtures,
    PATH: process.env['PATH'],
  })
  gateway = await startGateway(config, silentLogger(), { onInferenceLine: () => undefined })
}, 60_000)
afterAll(async () => {
  await gateway?.close()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(() => {
  out = err = ''
  jest.spyOn(console, 'log').mockImplementation((...words: unknown[]) => void (out += `${words.join(' ')}\n`))
  jest.spyOn(console, 'error').mockImplementation((...words: unknown[]) => void (err += `${words.join(' ')}\n`))
  jest.spyOn(process.stderr, 'write').mockReturnValue(true)
})
afterEach(() => jest.restoreAllMocks())

async function detector(name: string, given: Record<string, string> = {}): Promise<string> {
  const files = {
    'model.onnx': readFileSync(join(fixtures, 'tiny-detector.onnx')),
    'label_list.yaml': readFileSync(join(fixtures, 'label_list.yaml'), 'utf8'),
    'model.yaml': 'output: yolov8\n',
    ...given,
  }
  for (const [file, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name, file)), { recursive: true })
    await writeFile(join(folder, name, file), content)
  }
  return join(folder, name)
}
const register = (path: string, ...options: string[]): Promise<number> =>
  run(['node', 'lakelens', 'models', 'register', path, '--url', gateway.url, ...options])

test('a folder is packed, sent, checked and ready; again, it is the same version', async () => {
  const path = await detector('blobs')
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('lakelens-pack-'))
  expect(await register(path, '--name', 'blobs', '--application', 'auto-tagging', '--alias', 'production')).toBe(0)
  expect(out).toContain('blobs:1 is ready')
  expect(out).toMatch(/^✔ archive\.read/m)
  expect(out).toMatch(/The package is good: \d+ passed/)
  expect(await register(path, '--name', 'blobs', '--application', 'AUTO_TAGGING', '--json')).toBe(0)
  expect(JSON.parse(out.slice(out.indexOf('{\n')))).toMatchObject({ modelId: 'blobs', version: 1, status: 'READY' })
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('lakelens-pack-'))).toEqual(before)
})

test('what fails its checks is told with what to write, and fails the command', async () => {
  const path = await detector('bad', { 'label_list.yaml': 'label_list: [red, "gr\\e[2Jeen"]\n' })
  expect(await register(path, '--name', 'bad', '--application', 'auto_tagging')).toBe(1)
  expect(out).toMatch(/^✖ /m)
  expect(out).toContain('→ ')
  expect(out).not.toContain('\u001b')
  expect(err).toContain('MODEL_NOT_REGISTERED')
})

test('what can’t even be packed is a report, and nothing is sent', async () => {
  writeFileSync(join(folder, 'empty.tar'), '')
  const path = await detector('linked')
  symlinkSync('/etc/hosts', join(path, 'hosts'))
  expect(await register(path, '--name', 'linked', '--application', 'embedding')).toBe(1)
  expect(out).toMatch(/^✖ archive\.link-outside/m)
  expect(await register(join(folder, 'empty.tar'), '--name', 'empty', '--application', 'embedding')).toBe(1)
  expect(out).toMatch(/^✖ archive\.empty/m)
  expect(await register(join(folder, 'missing'), '--name', 'missing', '--application', 'embedding')).toBe(1)
  expect(err).toContain('PACKAGE_UNREADABLE')
})

test('a name that is taken is refused by the server, a wrong application by the command line', async () => {
  const path = await detector('blobs')
  expect(await register(path, '--name', 'YOLOv8n', '--application', 'auto_tagging')).toBe(1)
  expect(err).toContain('ALREADY_EXISTS')
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true))
  expect(await register(path, '--name', 'x', '--application', 'tagging')).toBe(2)
})
