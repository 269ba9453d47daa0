import { execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { chmod, link, mkdir, rename, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { newScratch, writeFiles, type Scratch } from '../testing/scratch'
import { tarGz } from '../testing/tar'
import { extractArchive } from './extractArchive'
import { openFolder } from './openFolder'
import { packPackage } from './packPackage'

let scratch: Scratch
let folder: string
beforeEach(async () => {
  scratch = await newScratch()
  folder = path.join(scratch.folder, 'model')
  await writeFiles(folder, files)
})
afterEach(() => scratch.remove())

const files = { 'code/inference.py': 'pass', 'code/requirements.txt': '', 'weights.pt': 'x'.repeat(300_000) }
const refusal = (check: string): object =>
  expect.objectContaining({ facts: expect.objectContaining({ check }) as object })

test('a folder and the archive of it are one package', async () => {
  await writeFiles(folder, { '.DS_Store': 'x', 'code/__pycache__/inference.cpython-311.pyc': 'x' })
  const before = await scratch.snapshot()
  const opened = await openFolder(folder)
  expect(await scratch.snapshot()).toEqual(before)
  expect(opened.ignored).toEqual(['.DS_Store', 'code/__pycache__'])
  const packed = await extractArchive(Readable.from([tarGz(files)]), scratch.into)
  expect(opened).toEqual({ ...packed, root: folder, ignored: opened.ignored })
})

test('a folder around everything is stripped; a link to the folder itself is followed', async () => {
  const outer = path.join(scratch.folder, 'outer')
  await mkdir(outer)
  await rename(folder, path.join(outer, 'model'))
  await symlink(outer, folder)
  expect((await openFolder(folder)).root).toBe(path.join(outer, 'model'))
})

test('packing is deterministic, and unpacks to the same package', async () => {
  const opened = await openFolder(folder)
  const [first, second] = [await buffer(packPackage(opened)), await buffer(packPackage(await openFolder(folder)))]
  expect(first.equals(second)).toBe(true)
  const unpacked = await extractArchive(Readable.from([first]), scratch.into)
  expect(unpacked.contentDigest).toBe(opened.contentDigest)
})

test('packing refuses a file that changed since it was opened', async () => {
  const opened = await openFolder(folder)
  await writeFile(path.join(folder, 'weights.pt'), 'y'.repeat(300_000))
  await expect(buffer(packPackage(opened))).rejects.toEqual(refusal('archive.changed'))
  await writeFile(path.join(folder, 'weights.pt'), 'y'.repeat(500_000))
  await expect(buffer(packPackage(opened))).rejects.toEqual(refusal('archive.changed'))
})

test('a pack stream that is given up ends, and leaves no file open', async () => {
  const stream = packPackage(await openFolder(folder))
  for await (const _ of stream) break
  expect(stream.destroyed).toBe(true)
})

test.each<[string, string, (file: string) => Promise<unknown>]>([
  ['a link upwards', 'archive.link-outside', (file) => symlink('../../deep/neighbour', file)],
  ['an absolute link', 'archive.link-outside', (file) => symlink('/etc/passwd', file)],
  ['a link inside', 'archive.link', (file) => symlink('weights.pt', file)],
  ['a link to a folder', 'archive.link', (file) => symlink('code', file)],
  ['a named pipe', 'archive.fifo', (file) => Promise.resolve(execFileSync('mkfifo', [file]))],
  ['a name with a line break', 'archive.name-control', (file) => writeFile(`${file}\n`, 'x')],
  ['a name with a backslash', 'archive.path-backslash', (file) => writeFile(`${file}\\x`, 'x')],
])('%s is refused as %s', async (_, check, plant) => {
  await plant(path.join(folder, 'planted'))
  await expect(openFolder(folder)).rejects.toEqual(refusal(check))
})

test('a socket is refused', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(path.join(folder, 's'), resolve))
  try {
    await expect(openFolder(folder)).rejects.toEqual(refusal('archive.socket'))
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
})

test.each([
  [{ maxFiles: 3 }, 'archive.too-many-files'],
  [{ maxFileBytes: 299_999 }, 'archive.file-too-large'],
  [{ maxUnpackedBytes: 299_999 }, 'archive.unpacked-too-large'],
])('the limits %j hold', async (limits, check) => {
  await expect(openFolder(folder, { limits })).rejects.toEqual(refusal(check))
})

test('a file that grows while it is read is refused', async () => {
  const weights = path.join(folder, 'weights.pt')
  await writeFile(weights, 'x'.repeat(4_000_000))
  const onProgress = ({ readBytes }: { readBytes: number }): void => {
    if (readBytes > 200_000) appendFileSync(weights, 'more')
  }
  await expect(openFolder(folder, { onProgress })).rejects.toEqual(refusal('archive.changed'))
})

test('what is not there, no folder, or not readable is refused by name', async () => {
  await expect(openFolder(path.join(folder, 'none'))).rejects.toEqual(refusal('archive.unreadable'))
  await expect(openFolder(path.join(folder, 'weights.pt'))).rejects.toEqual(refusal('archive.unreadable'))
  if (process.getuid?.() === 0) return // who may read everything
  await chmod(path.join(folder, 'weights.pt'), 0)
  await expect(openFolder(folder)).rejects.toEqual(refusal('archive.unreadable'))
})

test('a hard link is a file like any other, and an aborted signal ends it', async () => {
  await link(path.join(folder, 'weights.pt'), path.join(folder, 'same.pt'))
  expect((await openFolder(folder)).files).toHaveLength(4)
  await expect(openFolder(folder, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
})
