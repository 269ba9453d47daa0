import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig, startGateway, type Gateway } from '@lakelens/gateway'
import { silentLogger } from '@lakelens/kernel'
import { run } from '../program'

let gateway: Gateway
const folder = mkdtempSync(join(tmpdir(), 'lakelens-keys-'))
const before = { ...process.env }

beforeAll(async () => {
  process.env['LAKELENS_DATA'] = folder
  for (const name of ['DATABASE_URL', 'LAKELENS_URL', 'LAKELENS_KEY']) delete process.env[name]
  const config = loadConfig({
    PORT: '0',
    INFERENCE_PORT: '0',
    LAKELENS_DATA: folder,
    LAKELENS_AUTH: 'keys',
    LAKELENS_ROLES: 'api',
    PATH: process.env['PATH'],
  })
  gateway = await startGateway(config, silentLogger(), { onInferenceLine: () => undefined })
}, 60_000)
afterAll(async () => {
  await gateway?.close()
  process.env = before
  rmSync(folder, { recursive: true, force: true })
})

async function lakelens(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = []
  const err: string[] = []
  const spies = [
    jest.spyOn(console, 'log').mockImplementation((line: string) => void out.push(line)),
    jest.spyOn(console, 'error').mockImplementation((line: string) => void err.push(line)),
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean(err.push(String(text)))),
  ]
  const code = await run(['node', 'lakelens', ...argv])
  for (const spy of spies) spy.mockRestore()
  return { code, out: out.join('\n'), err: err.join('\n') }
}
const keys = (...argv: string[]) => lakelens('keys', ...argv, '--url', gateway.url)

test('the first key of this machine is used, what it makes works, and what it revokes works no more', async () => {
  const made = await keys('create', 'front end', '--role', 'VIEWER')
  expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^lk_[\w-]+\.[\w-]{43}$/) })
  const [publicHalf = '', secret = ''] = made.out.split('.')

  const listed = await keys('list')
  expect(listed.out).toMatch(new RegExp(`${publicHalf} +front end +VIEWER +\\d{4}-\\d\\d-\\d\\d +valid`))
  expect(listed.out).toContain('first key')
  expect(listed.out).not.toContain(secret)

  const refused = await keys('list', '--key', made.out)
  expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/ADMIN.*\[FORBIDDEN\]$/) })

  expect((await keys('revoke', publicHalf)).out).toBe(`Revoked ${publicHalf} (front end).`)
  expect(await keys('list', '--key', made.out)).toMatchObject({
    code: 1,
    err: expect.stringContaining('[UNAUTHENTICATED]'),
  })
  expect((await keys('revoke', made.out)).out).toContain('had been revoked before')
  expect((await keys('list')).out).toMatch(new RegExp(`${publicHalf} .* revoked \\d{4}`))
})

test('an expiry is kept', async () => {
  const { out } = await keys('create', 'until', '--role', 'ANALYST', '--expires', '2099-12-31')
  expect((await keys('list')).out).toMatch(new RegExp(`${out.split('.')[0]} .*until 2099-12-31`))
})

test('LAKELENS_KEY goes before the file', async () => {
  process.env['LAKELENS_KEY'] = 'lk_nobody.nothing'
  expect(await keys('list')).toMatchObject({ code: 1, err: expect.stringContaining('[UNAUTHENTICATED]') })
  process.env['LAKELENS_KEY'] = readFileSync(join(folder, 'admin-key'), 'utf8')
  expect((await keys('list')).code).toBe(0)
  delete process.env['LAKELENS_KEY']
})

test.each([
  [['keys', 'revoke', 'lk_unknown'], 1, 'KEY_UNKNOWN'],
  [['keys', 'create', ' ', '--role', 'ADMIN'], 1, 'INVALID_INPUT'],
  [['keys', 'create', 'x', '--role', 'ADMIN', '--expires', '2001-01-01'], 1, 'INVALID_INPUT'],
  [['keys', 'create', 'x', '--role', 'ADMIN', '--expires', 'tomorrow'], 2, 'YYYY-MM-DD'],
  [['keys', 'create', 'x'], 2, '--role'],
  [['keys', 'create', 'x', '--role', 'KING'], 2, 'VIEWER, ANALYST, ADMIN'],
  [['keys', 'list', '--database'], 1, 'DATABASE_URL_MISSING'],
])('lakelens %j ends with %i and says %s', async (argv, code, said) => {
  const result = await lakelens(...argv, '--url', gateway.url)
  expect(result.code).toBe(code)
  expect(result.err).toContain(said)
  expect(result.err).not.toContain('    at ')
})

test('migrate needs a database of its own to speak to', async () => {
  expect(await lakelens('migrate')).toMatchObject({ code: 1, err: expect.stringContaining('[DATABASE_URL_MISSING]') })
})
