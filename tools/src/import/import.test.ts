import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { loadConfig, startGateway, type Gateway } from '@lakelens/gateway'
import { silentLogger } from '@lakelens/kernel'
import sharp from 'sharp'
import { createApi, type Api } from '../api'
import { run } from '../program'
import { importFolder, type ImportSummary, type Refusal } from './importFolder'

let gateway: Gateway
let folder: string

const picture = (red: number): Promise<Buffer> =>
  sharp({ create: { width: 96, height: 64, channels: 3, background: { r: red, g: 40, b: 90 } } })
    .jpeg()
    .toBuffer()

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lakelens-import-'))
  const config = loadConfig({
    PORT: '0',
    INFERENCE_PORT: '0',
    LAKELENS_DATA: join(folder, 'data'),
    LAKELENS_MODELS_DIR: resolve(__dirname, '../../fixtures'),
    PATH: process.env['PATH'],
  })
  gateway = await startGateway(config, silentLogger(), { onInferenceLine: () => undefined })
}, 60_000)

afterAll(async () => {
  await gateway?.close()
  rmSync(folder, { recursive: true, force: true })
})

async function folderOf(name: string, files: Record<string, Buffer | string>): Promise<string> {
  const path = join(folder, name)
  for (const [file, bytes] of Object.entries(files)) {
    mkdirSync(join(path, file, '..'), { recursive: true })
    writeFileSync(join(path, file), bytes)
  }
  return path
}

/** The API as it is, telling how many uploads were asked for. */
function countingApi(): Api & { uploads: number } {
  const api = createApi({ url: gateway.url, key: undefined })
  const counting: Api & { uploads: number } = {
    ...api,
    uploads: 0,
    mutate(document, variables, signal) {
      if (document.includes('createUpload')) counting.uploads++
      return api.mutate(document, variables, signal)
    },
  }
  return counting
}

async function importInto(
  collection: string,
  path: string,
  more: { recursive?: boolean; signal?: AbortSignal; onProgress?: (summary: ImportSummary) => void } = {},
): Promise<{ summary: ImportSummary; refusals: Refusal[]; uploads: number }> {
  const api = countingApi()
  const refusals: Refusal[] = []
  const summary = await importFolder(api, {
    folder: path,
    collection,
    recursive: false,
    concurrency: 4,
    signal: new AbortController().signal,
    onRefusal: (refusal) => refusals.push(refusal),
    ...more,
  })
  return { summary, refusals: refusals.sort((a, b) => a.file.localeCompare(b.file)), uploads: api.uploads }
}

async function namesIn(collectionId: string): Promise<string[]> {
  const { items } = await createApi({ url: gateway.url, key: undefined }).request<{
    items: { nodes: { name: string }[] }
  }>(`query ($id: ID!) { items(scope: { collectionId: $id }, first: 100) { nodes { name } } }`, { id: collectionId })
  return items.nodes.map(({ name }) => name).sort()
}

test('what can be decoded is added whatever its name; the rest is refused alone, with the reason; again nothing is sent', async () => {
  const whole = await picture(200)
  const path = await folderOf('mixed', {
    'one.jpg': whole,
    'two.txt': await picture(100),
    'cut.jpg': whole.subarray(0, whole.length / 2),
    'words.jpg': 'not a picture',
    'empty.jpg': '',
    '.hidden.jpg': whole,
  })
  const first = await importInto('mixed', path)
  expect(first.summary).toMatchObject({ seen: 5, added: 2, present: 0, refused: 3, dotFiles: 1 })
  expect(await namesIn(first.summary.collectionId)).toEqual(['one.jpg', 'two.txt'])
  expect(first.refusals.map(({ file, code }) => [file.slice(path.length + 1), code])).toEqual([
    ['cut.jpg', 'MEDIA_UNREADABLE'],
    ['empty.jpg', expect.stringMatching(/^(CONTENT_TYPE_UNSUPPORTED|MEDIA_UNREADABLE)$/)],
    ['words.jpg', 'CONTENT_TYPE_UNSUPPORTED'],
  ])
  for (const { message } of first.refusals) expect(message.length).toBeGreaterThan(20)

  const again = await importInto('mixed', path)
  expect(again.summary).toMatchObject({ collectionId: first.summary.collectionId, added: 0, present: 2, refused: 3 })
  expect(again.uploads).toBe(3) // the refused ones: they may have been mended
})

test('a name that is taken by other bytes is refused before anything is sent', async () => {
  const path = await folderOf('taken', { 'a.jpg': await picture(1) })
  await importInto('taken', path)
  writeFileSync(join(path, 'a.jpg'), await picture(250))
  const { summary, refusals, uploads } = await importInto('taken', path)
  expect([summary.added, summary.present, uploads]).toEqual([0, 0, 0])
  expect(refusals).toMatchObject([{ code: 'ALREADY_EXISTS', message: expect.stringContaining('taken_a.jpg') }])
})

test('sub-folders become part of the name; two paths that give one name do not overwrite each other', async () => {
  const path = await folderOf('deep', {
    'a/b.jpg': await picture(10),
    'a_b.jpg': await picture(20),
    'a/c/d.jpg': await picture(30),
  })
  const { summary, refusals } = await importInto('deep', path, { recursive: true })
  expect(await namesIn(summary.collectionId)).toEqual(['a_b.jpg', 'a_c_d.jpg'])
  expect(refusals).toMatchObject([{ code: 'ALREADY_EXISTS' }])
})

test('a file the local system refuses, and a name too long, stop nothing', async () => {
  const path = await folderOf('odd', { 'good.jpg': await picture(60), [`${'x'.repeat(250)}.jpg`]: await picture(70) })
  const gone = await importInto('odd-names', path)
  expect(gone.summary).toMatchObject({ added: 1, refused: 1 })
  expect(gone.refusals[0]).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('256') })
})

test('an interrupted import goes on: what was added is not sent again, and nothing is there twice', async () => {
  const files = Object.fromEntries(
    await Promise.all(Array.from({ length: 60 }, async (_, n) => [`p${n}.jpg`, await picture(n * 4)] as const)),
  )
  const path = await folderOf('long', files)
  const stop = new AbortController()
  const onProgress = ({ added }: ImportSummary): void => {
    if (added > 0) stop.abort(new Error('interrupted'))
  }
  await expect(importInto('long', path, { signal: stop.signal, onProgress })).rejects.toThrow('interrupted')
  const { summary, uploads } = await importInto('long', path)
  expect(summary).toMatchObject({ seen: 60, refused: 0 })
  expect(summary.present).toBeGreaterThanOrEqual(10)
  expect(summary.added + summary.present).toBe(60)
  expect(uploads).toBe(summary.added)
  expect(await namesIn(summary.collectionId)).toHaveLength(60)
}, 60_000)

test('the command: refusals are listed and reported, and are no failure', async () => {
  const path = await folderOf('command', { 'a.jpg': await picture(5), 'bad\u001b[2J.jpg': 'no picture' })
  const report = join(folder, 'report.jsonl')
  const lines: string[] = []
  const log = jest.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line))
  const code = await run([
    'node',
    'lakelens',
    'import',
    path,
    '--collection',
    'command',
    '--url',
    gateway.url,
    '--report',
    report,
  ])
  log.mockRestore()
  expect(code).toBe(0)
  expect(lines[0]).toBe('command: 1 added, 0 there already, 1 refused.')
  expect(lines.join('\n')).toContain('bad\\x1b[2J.jpg: ')
  const entries = readFileSync(report, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object)
  expect(entries).toMatchObject([
    { refused: { file: join(path, 'bad\u001b[2J.jpg') } },
    { summary: { added: 1, refused: 1 } },
  ])
})

test.each([
  [['import', '/nowhere', '--collection', 'x'], 1, 'FOLDER_UNREADABLE'],
  [['import', '.', '--collection', 'x', '--url', 'ftp://lake'], 1, 'URL_INVALID'],
  [['import', '.', '--collection', 'x', '--url', 'http://127.0.0.1:1'], 1, 'API_UNREACHABLE'],
  [['import', '.', '--collection', ' x', '--url', 'GATEWAY'], 1, 'INVALID_INPUT'],
  [['import', '.'], 2, ''],
  [['import', '.', '--collection', 'x', '--concurrency', '0'], 2, ''],
  [['nonsense'], 2, ''],
])('lakelens %j ends with %i', async (argv, code, said) => {
  const errorLines: string[] = []
  const error = jest.spyOn(console, 'error').mockImplementation((line: string) => void errorLines.push(line))
  const stderr = jest.spyOn(process.stderr, 'write').mockReturnValue(true)
  const result = await run(['node', 'lakelens', ...argv.map((word) => (word === 'GATEWAY' ? gateway.url : word))])
  error.mockRestore()
  stderr.mockRestore()
  expect(result).toBe(code)
  expect(errorLines.join('\n')).toContain(said)
  expect(errorLines.join('\n')).not.toContain('    at ')
})

test('metadata and tags come with the files', async () => {
  const path = await folderOf('described', { 'a.jpg': await picture(11), 'b.jpg': await picture(12) })
  const metadata = join(folder, 'described.json')
  const perFile = join(folder, 'described-each.json')
  writeFileSync(metadata, JSON.stringify({ 'Captured Location': 'Winnipeg', Tags: ['water'] }))
  writeFileSync(perFile, JSON.stringify([{ file: 'b.jpg', metadata: { camera: { iso: 100 } } }]))
  const url = gateway.url
  const command = ['import', path, '--collection', 'described', '--metadata', metadata, '--metadata', perFile]
  const out = jest.spyOn(console, 'log').mockImplementation(() => undefined)
  try {
    expect(await run(['node', 'lakelens', ...command, '--tag', 'import 1', '--url', url])).toBe(0)
  } finally {
    out.mockRestore()
  }
  const { items } = await createApi({ url, key: undefined }).request<{ items: { nodes: { metadata: unknown }[] } }>(
    `{ items(scope: { uniqueNames: ["described_a.jpg", "described_b.jpg"] }, orderBy: { field: NAME, direction: ASC }) {
         nodes { metadata } } }`,
  )
  const everywhere = { 'Captured Location': 'Winnipeg', Tags: ['water', 'import 1'] }
  expect(items.nodes.map((node) => node.metadata)).toEqual([everywhere, { ...everywhere, camera: { iso: 100 } }])
})
