import { createServer, type Server } from 'node:net'
import { silentLogger } from '@lakelens/kernel'
import { isOlder, openPostgres } from './postgres'

const open = (url: string, patienceMs = 600) => openPostgres({ url, log: silentLogger(), patienceMs })
const secret = 's3cret-word'

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as { port: number }).port
}

test.each([
  'mysql://root@127.0.0.1/x',
  'nonsense',
  '',
  `postgres://u:${secret}@[::bad/x`,
  `postgres://u:${secret}@host:port/x`,
])('the address %j is refused without being repeated', async (url) => {
  const refused = open(url)
  await expect(refused).rejects.toMatchObject({ code: 'DATABASE_URL_INVALID' })
  const error = await refused.catch((thrown: Error) => thrown)
  expect(JSON.stringify([error, (error as Error).message, (error as Error).cause])).not.toContain(secret)
})

test('a server that is not there is waited for, then named, without the password', async () => {
  const server = createServer()
  const port = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  const refused = open(`postgres://u:${secret}@127.0.0.1:${port}/lake`, 700)
  const begun = Date.now()
  await expect(refused).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE', facts: { address: `127.0.0.1:${port}` } })
  expect(Date.now() - begun).toBeGreaterThan(200)
  expect((await refused.catch((error: Error) => error.message)) as string).not.toContain(secret)
})

test('a server that accepts and never answers does not outlast our patience', async () => {
  const server = createServer((socket) => socket.on('error', () => undefined))
  const port = await listen(server)
  await expect(open(`postgres://u:p@127.0.0.1:${port}/lake`)).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
  server.close()
})

test.each([
  ['14.9', '15', true],
  ['0.7.4', '0.8', true],
  ['0.8.0', '0.8', false],
  ['0.8', '0.8', false],
  ['0.10.0', '0.8', false],
  ['1.0', '0.8', false],
])('version %s is older than %s: %s', (version, minimum, expected) => {
  expect(isOlder(version, minimum)).toBe(expected)
})

const url = process.env.LAKELENS_TEST_DATABASE_URL
const onPostgres = url ? describe : describe.skip
onPostgres('a real server', () => {
  test('is described without the password', async () => {
    const database = await open(url!)
    const { port, password } = new URL(url!)
    expect(database.description).toMatch(new RegExp(`^Postgres \\d+\\.\\d+ at 127.0.0.1:${port}/postgres$`))
    expect(database.description).not.toContain(password)
    await database.close()
  })

  test('that refuses the password or has no such database says so at once', async () => {
    const wrong = new URL(url!)
    wrong.password = secret
    await expect(open(wrong.toString(), 30_000)).rejects.toMatchObject({
      code: 'DATABASE_REFUSED',
      message: expect.not.stringContaining(secret),
    })
    const nowhere = new URL(url!)
    nowhere.pathname = '/nowhere'
    await expect(open(nowhere.toString(), 30_000)).rejects.toMatchObject({
      code: 'DATABASE_REFUSED',
      message: expect.stringContaining('nowhere'),
    })
  })

  test('whose connections are cut is reached again by the next statement', async () => {
    const database = await open(url!)
    await database.query('select 1')
    const killer = await open(url!)
    const running = database.transaction((tx) => tx.query('select pg_sleep(30)'))
    await new Promise((resolve) => setTimeout(resolve, 100))
    await killer.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and application_name = 'lakelens' and query like '%pg_sleep%'`,
    )
    await expect(running).rejects.toMatchObject({ code: '57P01' })
    expect((await database.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    expect(database.busy()).toBe(0)
    await Promise.all([database.close(), killer.close()])
  })
})
