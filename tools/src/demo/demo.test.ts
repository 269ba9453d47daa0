import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { run } from '../program'

const folder = mkdtempSync(join(tmpdir(), 'lakelens-demo-'))
const page = join(folder, 'out', 'index.html')
const before = { ...process.env }

beforeAll(() => {
  Object.assign(process.env, {
    PORT: '0',
    INFERENCE_PORT: '0',
    LAKELENS_DATA: join(folder, 'data'),
    LAKELENS_MODELS_DIR: resolve(__dirname, '../../fixtures'),
    LAKELENS_DEFAULT_TAGGING: 'tiny-detector',
    LAKELENS_DEFAULT_EMBEDDING: 'tiny-embedder',
  })
  for (const name of [
    'DATABASE_URL',
    'LAKELENS_URL',
    'LAKELENS_KEY',
    'LAKELENS_AUTH',
    'LAKELENS_LOG_LEVEL',
    'INFERENCE_URL',
  ])
    delete process.env[name]
})
afterAll(() => {
  process.env = before
  rmSync(folder, { recursive: true, force: true })
})

async function demo(): Promise<{ code: number; said: string }> {
  const lines: string[] = []
  const spies = [
    jest.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line)),
    jest.spyOn(console, 'error').mockImplementation((line: string) => void lines.push(line)),
    jest.spyOn(process.stderr, 'write').mockReturnValue(true),
  ]
  const code = await run(['node', 'lakelens', 'demo', '--once', '--out', join(folder, 'out')])
  for (const spy of spies) spy.mockRestore()
  return { code, said: lines.join('\n') }
}

test('pictures in, a table and a page out; and again, with nothing done twice', async () => {
  const first = await demo()
  expect(first).toMatchObject({
    code: 0,
    said: expect.stringMatching(/astronaut\.jpg +\S.* {2}\w+\.jpg -?[01]\.\d{3}/),
  })
  expect(first.said).toContain(page)
  const html = readFileSync(page, 'utf8')
  expect(html.match(/<article>/g)).toHaveLength(8)
  expect(html.match(/<img src="data:image\/jpeg;base64,/g)?.length).toBeGreaterThanOrEqual(16)
  expect(html).toContain('<b>tiny-detector (Apache-2.0)</b>')

  rmSync(page)
  const second = await demo()
  const results = (said: string): string => said.slice(said.indexOf('picture '), said.indexOf('The pictures with'))
  expect([second.code, results(second.said)]).toEqual([0, results(first.said)])
  expect(existsSync(page)).toBe(true)
}, 120_000)

test('without weights it ends soon, telling of both files what is missing and what to do', async () => {
  Object.assign(process.env, {
    LAKELENS_OFFLINE: '1',
    LAKELENS_MODELS_DIR: '',
    LAKELENS_DEFAULT_TAGGING: '',
    LAKELENS_DEFAULT_EMBEDDING: '',
  })
  const started = performance.now()
  const { code, said } = await demo()
  expect(code).toBe(1)
  expect(performance.now() - started).toBeLessThan(15_000)
  expect(said.match(/LAKELENS_MODELS_DIR.*\[MODEL_UNAVAILABLE\]/g)).toHaveLength(2)
  expect(said).toMatch(/yolov8n.*\n.*resnet50|resnet50.*\n.*yolov8n/)
  expect(said).not.toContain('    at ')
}, 30_000)
