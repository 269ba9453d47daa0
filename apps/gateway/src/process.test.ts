import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { sleep } from '@lakelens/kernel'

const root = join(__dirname, '..', '..', '..')
let dataDir: string
const started: ChildProcess[] = []

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'lakelens-process-'))
})
afterAll(async () => {
  for (const child of started) child.kill('SIGKILL')
  await rm(dataDir, { recursive: true, force: true })
})

/** The program as it is started, from source. */
function start(environment: Record<string, string>): ChildProcess {
  const args = [
    '--conditions=@lakelens/source',
    '--require',
    join(root, 'tools', 'register.cjs'),
    join(__dirname, 'main.ts'),
  ]
  const { PATH, HOME } = process.env
  const child = spawn(process.execPath, args, {
    env: {
      PATH,
      HOME,
      PORT: '0',
      INFERENCE_PORT: '0',
      INFERENCE_THREADS: '1',
      LAKELENS_DATA: dataDir,
      LAKELENS_READY_LINE: '1',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(child)
  return child
}

const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.once('exit', (code) => resolve(code)))

async function ready(child: ChildProcess): Promise<{ url: string; greeting: string }> {
  const greeting: string[] = []
  const faults: string[] = []
  child.stderr?.on('data', (data: Buffer) => faults.push(data.toString()))
  for await (const line of createInterface({ input: child.stdout ?? process.stdin })) {
    if (line.startsWith('{"ready":'))
      return { url: (JSON.parse(line) as { ready: string }).ready, greeting: greeting.join('\n') }
    greeting.push(line)
  }
  throw new Error(`It ended before it was ready: ${faults.join('')}`)
}

/** Processes that this one started, by the kernel's own list. */
function childrenOf(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split(' ').filter(Boolean).map(Number) : []
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function gone(pids: number[]): Promise<boolean> {
  for (const deadline = Date.now() + 8_000; pids.some(isAlive) && Date.now() < deadline;) await sleep(50)
  return !pids.some(isAlive)
}

test('an unusable environment is one message and code 1, no stack', async () => {
  const child = start({ HOST: '0.0.0.0', LAKELENS_AUTH: 'off' })
  const faults: string[] = []
  child.stderr?.on('data', (data: Buffer) => faults.push(data.toString()))
  expect(await ended(child)).toBe(1)
  expect(faults.join('')).toContain('LAKELENS_AUTH')
  expect(faults.join('')).not.toMatch(/\n\s+at /)
})

test('killed, it leaves no process and no lock; interrupted, it ends cleanly', async () => {
  const killed = start({})
  const first = await ready(killed)
  expect(first.greeting).toMatch(/embedded.*power cut may lose data/)
  expect((await fetch(`${first.url}/health/ready`)).status).toBe(200)
  // The inference process; what looks for FFmpeg at the start is gone in a moment.
  const expected = process.platform === 'linux' ? 1 : 0
  let orphans = childrenOf(killed.pid as number)
  for (let looks = 0; orphans.length > expected && looks < 50; looks++) {
    await sleep(100)
    orphans = childrenOf(killed.pid as number)
  }
  expect(orphans).toHaveLength(expected)
  killed.kill('SIGKILL')
  expect(await gone(orphans)).toBe(true)

  const again = start({})
  const second = await ready(again)
  expect((await fetch(`${second.url}/health/live`)).status).toBe(200)
  const children = childrenOf(again.pid as number)
  const end = ended(again)
  const asked = performance.now()
  again.kill('SIGINT')
  expect(await end).toBe(0)
  expect(performance.now() - asked).toBeLessThan(10_000)
  expect(await gone(children)).toBe(true)
}, 90_000)

test('open to other machines it takes keys, and shows the first one once', async () => {
  const environment = {
    HOST: '0.0.0.0',
    LAKELENS_AUTH: 'keys',
    LAKELENS_PUBLIC_URL: 'http://lake.example',
    LAKELENS_DATA: join(dataDir, 'other'),
  }
  const other = await ready(start(environment))
  const bearer = /first key +(\S+)/.exec(other.greeting)?.[1]
  const asked = { method: 'POST', body: '{"query":"{ viewer { role } }"}' }
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${bearer}` }
  const answer = await fetch(`${other.url}/graphql`, { ...asked, headers })
  expect(await answer.json()).toEqual({ data: { viewer: { role: 'ADMIN' } } })
  expect(
    (await fetch(`${other.url}/graphql`, { ...asked, headers: { 'content-type': 'application/json' } })).status,
  ).toBe(401)

  // Its port is taken now, also for an inference service.
  const port = new URL(other.url).port
  const child = start({ INFERENCE_PORT: port, LAKELENS_DATA: join(dataDir, 'third') })
  const faults: string[] = []
  child.stderr?.on('data', (data: Buffer) => faults.push(data.toString()))
  expect(await ended(child)).toBe(1)
  expect(faults.join('')).toMatch(/INFERENCE_PORT.*INFERENCE_URL/)
}, 90_000)
