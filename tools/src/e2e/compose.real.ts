import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { compose, example } from '../composeFile'
import { spawnGateway, type GatewayProcess } from './gatewayProcess'
import { modelsDir } from './realMedia'

const databaseUrl = process.env['DATABASE_URL']
const folder = mkdtempSync(join(tmpdir(), 'lakelens-compose-'))
const services = compose({ ...example, POSTGRES_PASSWORD: 'abc123' })
let inference: ChildProcess
let gateway: GatewayProcess

/** What compose gives each service, but for what only its network and volumes can give: addresses and folders. */
beforeAll(async () => {
  if (!databaseUrl)
    throw new Error('DATABASE_URL is not set: compose runs on a real Postgres. Run this under `npm run postgres --`.')
  const given = services['inference']?.environment
  inference = spawn(process.execPath, [resolve(__dirname, '../../../apps/inference/dist/main.js')], {
    env: {
      PATH: process.env['PATH'] ?? '',
      ...given,
      INFERENCE_HOST: '127.0.0.1',
      INFERENCE_PORT: '0',
      LAKELENS_DATA: join(folder, 'inference'),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: inference.stdout as NodeJS.ReadableStream })
  const address = await new Promise<string>((found) =>
    lines.on(
      'line',
      (line) => line.startsWith('{"listening"') && found((JSON.parse(line) as { listening: string }).listening),
    ),
  )
  const environment = { ...services['gateway']?.environment }
  delete environment['LAKELENS_INTERNAL_URL']
  gateway = await spawnGateway({
    ...environment,
    PORT: '0',
    DATABASE_URL: databaseUrl,
    INFERENCE_URL: address,
    LAKELENS_DATA: join(folder, 'gateway'),
    LAKELENS_MODELS_DIR: modelsDir(),
  })
}, 90_000)

afterAll(async () => {
  await gateway?.stop()
  inference?.kill('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
})

function ask(
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<{ status: number; headers: Record<string, unknown>; text: string }> {
  const { port } = new URL(gateway.url)
  return new Promise((answered, failed) => {
    const sent = request(
      { host: '127.0.0.1', port, path, method: body === undefined ? 'GET' : 'POST', headers },
      (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => (text += chunk.toString()))
        response.on('end', () => answered({ status: response.statusCode ?? 0, headers: response.headers, text }))
      },
    )
    sent.once('error', failed)
    sent.end(body)
  })
}

const keyFile = join(folder, 'gateway', 'admin-key')
const firstKey = (): string => readFileSync(keyFile, 'utf8').trim()

const viewer = (headers: Record<string, string>) =>
  ask(
    '/graphql',
    { 'content-type': 'application/json', host: 'localhost:4000', ...headers },
    JSON.stringify({ query: '{ viewer { name role } }' }),
  )

test("compose's environment starts with keys: without one nothing is told, and the first key works, as Bearer and as Basic", async () => {
  expect(statSync(keyFile).mode & 0o777).toBe(0o600)
  const secret = firstKey()
  expect(JSON.parse((await viewer({})).text)).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] })
  expect(JSON.parse((await viewer({ authorization: 'Bearer wrong.secret' })).text)).toMatchObject({
    errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
  })
  const basic = Buffer.from(secret.replace('.', ':')).toString('base64')
  for (const authorization of [`Bearer ${secret}`, `Basic ${basic}`]) {
    expect(JSON.parse((await viewer({ authorization })).text)).toMatchObject({ data: { viewer: { role: 'ADMIN' } } })
  }
  expect(gateway.log()).not.toContain(secret.split('.')[1])
})

test('a foreign Host or Origin is refused', async () => {
  expect((await viewer({ host: 'evil.example' })).status).toBe(403)
  expect((await viewer({ origin: 'https://evil.example' })).status).toBe(403)
  // The page compose serves calls from its own origin.
  const own = { origin: 'http://localhost:4000', authorization: `Bearer ${firstKey()}` }
  expect((await viewer(own)).status).toBe(200)
})

test('what listens on a loopback address takes Apollo Studio and local dev servers, and nobody else', async () => {
  const local = await spawnGateway({
    LAKELENS_DATA: join(folder, 'local'),
    LAKELENS_MODELS_DIR: modelsDir(),
    LAKELENS_LOG_LEVEL: 'warn',
  })
  const from = (origin: string) =>
    fetch(`${local.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin },
      body: JSON.stringify({ query: '{ viewer { role } }' }),
    })
  try {
    for (const origin of ['https://studio.apollographql.com', 'http://localhost:5173', 'http://127.0.0.1:3000']) {
      const answer = await from(origin)
      expect([origin, answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([origin, 200, origin])
    }
    expect((await from('https://studio.apollographql.com.evil.example')).status).toBe(403)
    expect((await from('null')).status).toBe(403)
  } finally {
    await local.stop()
  }
}, 60_000)

test('with access control off it refuses to start on another address, and says what to do', async () => {
  const start = spawnGateway({
    HOST: '0.0.0.0',
    LAKELENS_AUTH: 'off',
    LAKELENS_PUBLIC_URL: 'http://localhost:4000',
    LAKELENS_DATA: join(folder, 'open'),
  })
  await expect(start).rejects.toThrow(/ended with 1 before it was ready[\s\S]*LAKELENS_AUTH=keys/)
}, 60_000)
