import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { silentLogger } from '@lakelens/kernel'
import { migrate } from './migrate'
import { openDatabase } from './openDatabase'
import { startEmbeddedThread } from './embeddedThread'
import { overThread } from './embedded'

const root = join(__dirname, '..', '..', '..')
let dataDir: string
const children: ChildProcess[] = []

// Making a database takes seconds, copying one does not: it is made once, out of what a first start that was killed left.
let made: string
beforeAll(async () => {
  made = await mkdtemp(join(tmpdir(), 'lakelens-db-'))
  await mkdir(join(made, 'db'))
  await writeFile(join(made, 'db', 'PG_VERSION'), '18\n')
  await writeFile(join(made, 'db.creating'), '')
  await (await openDatabase({ dataDir: made, log: silentLogger() })).close()
}, 60_000)
afterAll(() => rm(made, { recursive: true, force: true }))

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'lakelens-db-'))
  await cp(made, dataDir, { recursive: true })
})
afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL')
  await rm(dataDir, { recursive: true, force: true })
})

const open = () => openDatabase({ dataDir, log: silentLogger() })

function writer(): { child: ChildProcess; lines: AsyncIterator<string>; errors: () => string } {
  const script = join(__dirname, 'testing', 'openAndWrite.ts')
  const child = spawn(process.execPath, [
    '--conditions=@lakelens/source',
    '--require',
    join(root, 'tools', 'register.cjs'),
    script,
    dataDir,
  ])
  children.push(child)
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](), errors: () => errors }
}

test('what was written is there after closing and opening again; the lock is gone in between', async () => {
  const first = await open()
  expect(first.description).toMatch(/^embedded Postgres 18\.\d+ \(PGlite\) in /)
  await migrate(first)
  await first.query(`insert into collection (name, content_type, created_by) values ('birds', 'IMAGE', 'test')`)
  await first.close()
  expect(existsSync(join(dataDir, 'db.lock'))).toBe(false)
  await expect(first.query('select 1')).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
  await first.close()

  const second = await open()
  expect(await migrate(second)).toEqual({ applied: [] })
  expect((await second.query('select name from collection')).rows).toEqual([{ name: 'birds' }])
  await second.close()
})

test('a second opener is told who holds the folder and what to do, in the same process and in another', async () => {
  const database = await open()
  await expect(open()).rejects.toMatchObject({
    code: 'DATABASE_LOCKED',
    facts: { pid: process.pid },
    message: expect.stringMatching(new RegExp(`process ${process.pid} .*LAKELENS_DATA.*DATABASE_URL`)),
  })
  const { child, errors } = writer()
  expect(await once(child, 'close')).toEqual([1, null])
  expect(errors()).toContain(
    `DATABASE_LOCKED: The embedded database in ${join(dataDir, 'db')} is in use by process ${process.pid}`,
  )
  await database.close()
})

test('a killed process loses nothing it acknowledged, and its lock is taken over', async () => {
  let acknowledged = 0
  for (const atLeast of [3, 25, 60]) {
    const { child, lines } = writer()
    expect(await lines.next()).toEqual({ done: false, value: 'open' })
    const until = acknowledged + atLeast
    for (let line = await lines.next(); !line.done; line = await lines.next()) {
      acknowledged = Number(line.value)
      if (acknowledged >= until) child.kill('SIGKILL')
    }
    expect(JSON.parse(readFileSync(join(dataDir, 'db.lock'), 'utf8'))).toMatchObject({ pid: child.pid })
  }
  const database = await open()
  const { rows } = await database.query<{ n: number; top: string }>(
    'select count(*)::int as n, max(id) as top from written',
  )
  expect(Number(rows[0]!.top)).toBeGreaterThanOrEqual(acknowledged)
  expect(rows[0]!.n).toBe(Number(rows[0]!.top))
  await database.close()
}, 60_000)

test('a first start that was cut short was begun again', async () => {
  expect(existsSync(join(made, 'db.creating'))).toBe(false)
  const database = await open()
  expect((await database.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  await database.close()
})

test.each([
  ['is a file', async (db: string) => writeFile(db, 'mine')],
  ['holds something else', async (db: string) => (await mkdir(db), writeFile(join(db, 'letter.txt'), 'mine'))],
  [
    'is of another version',
    async (db: string) => (
      await cp(join(made, 'db'), db, { recursive: true }),
      writeFile(join(db, 'PG_VERSION'), '17\n')
    ),
  ],
  [
    'lacks a part',
    async (db: string) => (await cp(join(made, 'db'), db, { recursive: true }), rm(join(db, 'global', 'pg_control'))),
  ],
])('a folder that %s is a clear error, however often; nothing in it goes and no lock is left', async (_name, spoil) => {
  const db = join(dataDir, 'db')
  await rm(db, { recursive: true })
  await spoil(db)
  const before = statSync(db).isFile() ? 'file' : readdirSync(db)
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(open()).rejects.toMatchObject({ code: 'DATABASE_FOLDER_UNUSABLE', facts: { folder: db } })
    expect(readdirSync(dataDir)).toEqual(['db'])
  }
  expect(statSync(db).isFile() ? 'file' : readdirSync(db)).toEqual(
    Array.isArray(before) ? expect.arrayContaining(before) : before,
  )
})

test('a statement that takes long does not hold up this thread', async () => {
  const database = await open()
  let ticks = 0
  const timer = setInterval(() => ticks++, 10)
  const began = performance.now()
  await database.query(`select count(*) from generate_series(1, 500000)`)
  const due = (performance.now() - began) / 10
  clearInterval(timer)
  // Held up, this thread would have seen one or two; on a busy machine it sees some of those that were due.
  expect(ticks).toBeGreaterThan(Math.max(3, due / 5))
  await database.close()
})

test('a thread that dies fails what runs and what comes, and says so once', async () => {
  const lost: Error[] = []
  const thread = await startEmbeddedThread({ folder: join(dataDir, 'db') }, (error) => lost.push(error))
  const database = await overThread(thread, 'in memory', silentLogger())
  const running = database.query(`select count(*) from generate_series(1, 5000000)`)
  thread.terminate()
  await expect(running).rejects.toMatchObject({ code: 'DATABASE_LOST' })
  await expect(database.query('select 1')).rejects.toMatchObject({ code: 'DATABASE_LOST' })
  await expect(database.transaction(async () => 1)).rejects.toMatchObject({ code: 'DATABASE_LOST' })
  expect(lost).toHaveLength(1)
  await database.close()
})

test('a connection that broke in a transaction leaves nothing of it to the next one', async () => {
  const thread = await startEmbeddedThread({ folder: join(dataDir, 'db') }, () => undefined)
  const database = await overThread(thread, 'in memory', silentLogger())
  await database.query('create table broken (id int)')
  const work = database.transaction(async (tx) => {
    await tx.query('insert into broken values (1)')
    thread.dropConnection(new Error('cut'))
    await tx.query('insert into broken values (2)')
  })
  await expect(work).rejects.toThrow('cut')
  expect((await database.query('select count(*)::int as n from broken')).rows).toEqual([{ n: 0 }])
  await database.close()
})
