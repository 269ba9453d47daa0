import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createLogger } from '@lakelens/kernel'
import { createApi } from '../api'
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

async function demo(...options: string[]): Promise<{ code: number; said: string }> {
  const lines: string[] = []
  const spies = [
    jest.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line)),
    jest.spyOn(console, 'error').mockImplementation((line: string) => void lines.push(line)),
    jest.spyOn(process.stderr, 'write').mockReturnValue(true),
  ]
  const code = await run(['node', 'lakelens', 'demo', '--once', '--out', join(folder, 'out'), ...options])
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

describe('without weights', () => {
  const offline = { LAKELENS_OFFLINE: '1', LAKELENS_MODELS_DIR: '' }
  const noDefaults = { ...offline, LAKELENS_DEFAULT_TAGGING: '', LAKELENS_DEFAULT_EMBEDDING: '' }

  test('it says why and what to do, and shows our own models on drawn pictures, with how right they are', async () => {
    Object.assign(process.env, noDefaults)
    const { code, said } = await demo()
    expect(code).toBe(0)
    expect(said).toMatch(/^The default models can't be had: .*yolov8n \(LAKELENS_OFFLINE is set.*\)/m)
    expect(said).toContain('resnet50 (LAKELENS_OFFLINE is set')
    expect(said).toMatch(/npx lakelens models fetch (yolov8n resnet50|resnet50 yolov8n)/)

    // Measured 1.000, 0.974 and 0.987; a decoder of another version may move single boxes over the threshold.
    const [, precision, recall, f1] = /precision ([\d.]+), recall ([\d.]+), F1 (\d\.\d+)/.exec(said) ?? []
    expect(Number(precision)).toBeGreaterThan(0.94)
    expect(Number(recall)).toBeGreaterThan(0.92)
    expect(Number(f1)).toBeGreaterThan(0.95)
    expect(said).toMatch(/On \d+ more fresh pictures, when the model was made: mAP50 0\.9\d\d/)

    // The pictures come in pairs that share shape and colour: 1 and 2, 3 and 4, ...
    const neighbours = [...said.matchAll(/^shapes-(\d\d)\.\w+ .* {2}shapes-(\d\d)\.\w+ [\d.-]+$/gm)]
    expect(neighbours).toHaveLength(12)
    const pairs = neighbours.filter(([, one, other]) => Math.ceil(Number(one) / 2) === Math.ceil(Number(other) / 2))
    // All twelve, measured.
    expect(pairs.length).toBeGreaterThanOrEqual(11)

    const html = readFileSync(page, 'utf8')
    expect(html.match(/<article>/g)).toHaveLength(12)
    expect(html).toContain('<b>shapes-detector (Apache-2.0)</b>')
    expect(html).toContain('How right it is')
    expect(html).toContain(`F1 ${f1}`)
    expect(html).toContain('LAKELENS_OFFLINE is set')
  }, 60_000)

  test('of only one default it says that both are replaced', async () => {
    const fixtures = resolve(__dirname, '../../fixtures')
    Object.assign(process.env, noDefaults, {
      LAKELENS_MODELS_DIR: fixtures,
      LAKELENS_DEFAULT_EMBEDDING: 'tiny-embedder',
    })
    const { code, said } = await demo()
    expect(code).toBe(0)
    expect(said).toContain('yolov8n (LAKELENS_OFFLINE is set')
    expect(said).toContain('Shown instead of both')
    const shown = said.slice(said.indexOf('The default models'))
    expect(shown).not.toMatch(/tiny-embedder|resnet50/)
    expect(said).toMatch(/shapes-01\.jpg +circle/)
  }, 60_000)

  test('a gateway that somebody else runs is believed when its jobs say so', async () => {
    Object.assign(process.env, noDefaults)
    const { loadConfig, startGateway } = await import('@lakelens/gateway')
    const gateway = await startGateway(loadConfig(process.env), createLogger('gateway', 'fatal'), {
      onInferenceLine: () => undefined,
      onLost: () => undefined,
    })
    try {
      const { code, said } = await demo('--url', gateway.url)
      expect(code).toBe(0)
      expect(said).toMatch(/The default models can't be had: .*(yolov8n|resnet50)/)
      expect(said).toMatch(/shapes-01\.jpg +circle/)
      const { detector } = await createApi({ url: gateway.url, key: undefined }).request<{ detector: object }>(
        '{ detector: model(modelId: "shapes-detector") { isSystem status currentVersion { origin version labels } } }',
      )
      expect(detector).toEqual({
        isSystem: true,
        status: 'READY',
        currentVersion: {
          origin: 'BUNDLED',
          version: 1,
          labels: ['circle', 'square', 'triangle', 'star', 'cross', 'heart'],
        },
      })
    } finally {
      await gateway.close()
    }
  }, 60_000)

  test('what is somebody’s mistake stays an error: a wrong file, an unknown name', async () => {
    const models = mkdtempSync(join(folder, 'models-'))
    writeFileSync(join(models, 'yolov8n.onnx'), 'not what it says')
    Object.assign(process.env, noDefaults, { LAKELENS_MODELS_DIR: models })
    const wrongFile = await demo()
    expect(wrongFile.code).toBe(1)
    expect(wrongFile.said).toContain('[MODEL_DIGEST_MISMATCH]')
    expect(wrongFile.said).not.toContain('Shown instead')

    Object.assign(process.env, offline, { LAKELENS_DEFAULT_TAGGING: 'yolov9n' })
    expect(await demo()).toMatchObject({ code: 1, said: expect.stringContaining('[MODEL_NOT_FOUND]') })
  }, 30_000)
})
