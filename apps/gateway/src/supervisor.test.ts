import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger, sleep } from '@lakelens/kernel'
import { superviseInference, type Supervisor } from './supervisor'

let folder: string
const running: Supervisor[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lakelens-supervisor-'))
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((supervisor) => supervisor.close()))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Programs that behave like the inference service, or misbehave like it. */
async function supervise(source: string, port = 0, lines: string[] = []): Promise<Supervisor> {
  const program = join(folder, `${Math.random().toString(36).slice(2)}.js`)
  await writeFile(program, source)
  const supervisor = await superviseInference({
    port,
    environment: { GREETING: 'hello' },
    log: silentLogger(),
    onLine: (line) => lines.push(line),
    program,
  })
  running.push(supervisor)
  return supervisor
}

const listens = `
  const server = require('node:net').createServer().on('error', () => process.exit(2))
  server.listen(Number(process.env.INFERENCE_PORT), '127.0.0.1', () => console.log(JSON.stringify({ listening: '127.0.0.1:' + server.address().port })))
  process.stdin.resume().on('end', () => process.exit(0))
`

const answers = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(Number(address.split(':')[1]), '127.0.0.1')
    socket.once('connect', () => (socket.destroy(), resolve(true)))
    socket.once('error', () => resolve(false))
  })

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 10_000; !(await holds());) {
    if (Date.now() > deadline) throw new Error('It never came true.')
    await sleep(20)
  }
}

const isAlive = (pid: number | undefined): boolean => {
  try {
    return pid !== undefined && process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a killed child is started again at the same address', async () => {
  const supervisor = await supervise(listens)
  expect(await answers(supervisor.address)).toBe(true)
  for (let round = 0; round < 2; round++) {
    const before = supervisor.pid()
    process.kill(before as number, 'SIGKILL')
    await until(async () => supervisor.pid() !== before && (await answers(supervisor.address)))
  }
})

test('its environment is what it was given, and it ends with its parent', async () => {
  const lines: string[] = []
  await supervise(
    `console.error([process.env.GREETING, process.env.LAKELENS_END_WITH_PARENT, process.env.HOME].join()); ${listens}`,
    0,
    lines,
  )
  await until(() => lines.length > 0)
  expect(lines).toEqual(['hello,1,'])
})

test('a taken port is told with both ways out', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const { port } = taken.address() as AddressInfo
  await expect(supervise(listens, port)).rejects.toMatchObject({
    code: 'INFERENCE_PORT_TAKEN',
    facts: { port },
    message: expect.stringMatching(/INFERENCE_PORT.*INFERENCE_URL/) as unknown,
  })
  await new Promise((resolve) => taken.close(resolve))
})

test('one that ends at once is told with how it ended', async () => {
  await expect(supervise('process.exit(7)')).rejects.toMatchObject({
    code: 'INFERENCE_NOT_STARTED',
    message: expect.stringContaining('code 7') as unknown,
  })
})

test('closing ends it, also when it does not listen to signals, and nothing starts again', async () => {
  const deaf = await supervise(`process.on('SIGTERM', () => {}); ${listens}`)
  const pid = deaf.pid()
  const started = performance.now()
  await deaf.close()
  expect(performance.now() - started).toBeLessThan(8_000)
  expect(isAlive(pid)).toBe(false)
  await sleep(400)
  expect(await answers(deaf.address)).toBe(false)
}, 15_000)

test('closing while it waits to start again starts nothing', async () => {
  const supervisor = await supervise(listens)
  process.kill(supervisor.pid() as number, 'SIGKILL')
  await until(async () => !(await answers(supervisor.address)))
  await supervisor.close()
  await sleep(700)
  expect(await answers(supervisor.address)).toBe(false)
})
