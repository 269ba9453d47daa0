import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createDiskBlobStore } from './diskBlobStore'
import { describeBlobStore } from './testing'
import { writeBlob } from './writeBlob'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lakelens-blobs-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const filesIn = async (root: string): Promise<string[]> =>
  (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)

let roots = 0
const freshRoot = (): string => join(folder, `root-${(roots += 1)}`, 'media')

describeBlobStore('a folder', async () => {
  const root = freshRoot()
  return {
    store: createDiskBlobStore(root),
    countObjects: async () => (existsSync(root) ? (await filesIn(root)).length : 0),
  }
})

test('a blob lies two folders deep, under its digest', async () => {
  const root = freshRoot()
  const { digest } = await createDiskBlobStore(root).put(Buffer.from('hello'), { maxBytes: 5 })
  expect(digest).toBe(createHash('sha256').update('hello').digest('hex'))
  expect(await readFile(join(root, digest.slice(0, 2), digest.slice(2, 4), digest), 'utf8')).toBe('hello')
})

test('two stores may share a folder, and a damaged blob is healed by putting it again', async () => {
  const root = freshRoot()
  const [one, other] = [createDiskBlobStore(root), createDiskBlobStore(root)]
  const { digest } = await one.put(Buffer.from('hello'), { maxBytes: 5 })
  await truncate(join(root, digest.slice(0, 2), digest.slice(2, 4), digest), 2)
  await other.put(Buffer.from('hello'), { maxBytes: 5 })
  expect(String(await one.read(digest, 5))).toBe('hello')
})

test('a store starting removes what a crash left a day ago, and nothing younger', async () => {
  const root = freshRoot()
  await mkdir(join(root, 'tmp'), { recursive: true })
  await writeFile(join(root, 'tmp', 'old'), 'half a blob')
  await writeFile(join(root, 'tmp', 'young'), 'being written')
  const yesterday = new Date(Date.now() - 25 * 60 * 60 * 1000)
  await utimes(join(root, 'tmp', 'old'), yesterday, yesterday)
  createDiskBlobStore(root)
  for (let tries = 0; existsSync(join(root, 'tmp', 'old')) && tries < 100; tries += 1)
    await new Promise((done) => setTimeout(done, 20))
  expect(await readdir(join(root, 'tmp'))).toEqual(['young'])
})

// The kernel's own device that is always full.
const onLinux = existsSync('/dev/full') ? test : test.skip
onLinux('a full disk is typed, whether the bytes come from memory or a stream', async () => {
  for (const source of [Buffer.alloc(10), Readable.from([Buffer.alloc(10)], { objectMode: false })]) {
    const device = await open('/dev/full', 'w')
    const written = writeBlob(device, source, { maxBytes: 10 }).finally(() => device.close())
    await expect(written).rejects.toMatchObject({
      code: 'STORAGE_FULL',
      category: 'STORAGE_FULL',
      cause: { code: 'ENOSPC' },
    })
  }
})

test('a folder that can not be written says so, and is not taken for a full disk', async () => {
  const root = freshRoot()
  await mkdir(join(root, '..'), { recursive: true })
  await writeFile(root, 'a file where the folder should be')
  await expect(createDiskBlobStore(root).put(Buffer.from('x'), { maxBytes: 1 })).rejects.toMatchObject({
    code: 'ENOTDIR',
  })
})

test('what goes wrong at the last step leaves no temporary file', async () => {
  const root = freshRoot()
  const store = createDiskBlobStore(root)
  const digest = createHash('sha256').update('hello').digest('hex')
  await mkdir(root, { recursive: true })
  await writeFile(join(root, digest.slice(0, 2)), 'a file where the folder of the blob should be')
  await expect(store.put(Buffer.from('hello'), { maxBytes: 5 })).rejects.toThrow()
  expect(await readdir(join(root, 'tmp'))).toEqual([])
})

test('other users of the machine can not read what is stored', async () => {
  const root = freshRoot()
  const { digest } = await createDiskBlobStore(root).put(Buffer.from('hello'), { maxBytes: 5 })
  const { mode } = await stat(join(root, digest.slice(0, 2), digest.slice(2, 4), digest))
  expect(mode & 0o007).toBe(0)
})
