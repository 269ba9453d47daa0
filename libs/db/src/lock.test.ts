import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { acquireLock, LockHeldError, processStart, type FolderLock } from './lock'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lakelens-lock-'))
  path = join(folder, 'db.lock')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const holder = (changes: object): string =>
  JSON.stringify({
    pid: process.pid,
    processStart: processStart(process.pid),
    startedAt: 'then',
    nonce: 'n',
    ...changes,
  })

test('names its holder, refuses a second one, and leaves nothing behind', async () => {
  const lock = await acquireLock(path)
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
    pid: process.pid,
    processStart: processStart(process.pid),
  })
  const refused = acquireLock(path)
  await expect(refused).rejects.toThrow(LockHeldError)
  await expect(refused).rejects.toMatchObject({ holder: { pid: process.pid } })
  lock.release()
  lock.release()
  expect(readdirSync(folder)).toEqual([])
})

test.each([
  ['of a process that is gone', () => holder({ pid: 4_194_304 + 1 })],
  ['of another process that has its pid now', () => holder({ processStart: 'ticks 1' })],
  ['that is empty', () => ''],
  ['that is no JSON', () => '{"pid":'],
  ['that is JSON of something else', () => '[null]'],
])('a lock %s is taken over', async (_name, content) => {
  writeFileSync(path, content())
  const lock = await acquireLock(path)
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid })
  lock.release()
  expect(readdirSync(folder)).toEqual([])
})

test('a take-over that was killed half-way is no obstacle', async () => {
  writeFileSync(path, holder({ processStart: 'ticks 1', nonce: 'a' }))
  writeFileSync(`${path}.takeover`, holder({ processStart: 'ticks 2', nonce: 'b' }))
  ;(await acquireLock(path)).release()
  expect(readdirSync(folder)).toEqual([])
})

test('of many that find a stale lock exactly one gets it', async () => {
  for (let round = 0; round < 20; round++) {
    writeFileSync(path, holder({ processStart: 'ticks 1', nonce: String(round) }))
    const ended = await Promise.allSettled(Array.from({ length: 8 }, () => acquireLock(path)))
    const won = ended.filter((result): result is PromiseFulfilledResult<FolderLock> => result.status === 'fulfilled')
    expect(won).toHaveLength(1)
    for (const result of ended) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(LockHeldError)
    won[0]!.value.release()
    expect(readdirSync(folder)).toEqual([])
  }
})

test('a release does not remove the lock of the next holder', async () => {
  const lock = await acquireLock(path)
  writeFileSync(path, holder({ nonce: 'next' }))
  lock.release()
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ nonce: 'next' })
})

test('a process that ended but was not yet waited for counts as gone', async () => {
  const child = spawn(process.execPath, ['-e', ''])
  const start = processStart(child.pid!)
  expect(start).toBeDefined()
  expect(processStart(child.pid!)).toBe(start)
  await once(child, 'exit')
  expect(processStart(child.pid!)).toBeUndefined()
})
