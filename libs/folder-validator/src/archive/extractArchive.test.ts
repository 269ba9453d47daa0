import { createHash } from 'node:crypto'
import { mkdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { newScratch, type Scratch } from '../testing/scratch'
import { entry, pax, tar, tarGz } from '../testing/tar'
import { extractArchive } from './extractArchive'
import type { OpenedPackage, OpenOptions } from './opened'

let scratch: Scratch
beforeEach(async () => (scratch = await newScratch()))
afterEach(() => scratch.remove())

const extract = (bytes: Buffer, options?: OpenOptions): Promise<OpenedPackage> =>
  extractArchive(Readable.from([bytes], { objectMode: false }), scratch.into, options)
const pathsOf = ({ files }: OpenedPackage): string[] => files.map((file) => file.path)
const sha256 = (data: string): string => createHash('sha256').update(data).digest('hex')

const python = { 'code/inference.py': 'pass', 'code/requirements.txt': '', 'weights.pt': 'w' }
const long = `code/${'n'.repeat(120)}/${'m'.repeat(120)}.py`

test('files are written as the archive holds them, with size and digest', async () => {
  const opened = await extract(tarGz({ 'model.onnx': 'graph', 'label_list.yaml': '[a]' }))
  expect(opened).toMatchObject({ root: scratch.into, ignored: [], unpackedBytes: 8 })
  expect(opened.files).toEqual([
    { path: 'label_list.yaml', byteSize: 3, sha256: sha256('[a]') },
    { path: 'model.onnx', byteSize: 5, sha256: sha256('graph') },
  ])
  expect(await readFile(path.join(opened.root, 'model.onnx'), 'utf8')).toBe('graph')
})

test.each<[string, Buffer, string[], string[]]>([
  ['uncompressed', tar({ name: 'model.onnx', data: 'g' }), ['model.onnx'], []],
  [
    'with ./ before every name',
    tar({ name: './', type: '5' }, { name: './model.onnx', data: 'g' }),
    ['model.onnx'],
    [],
  ],
  ['in one folder', tarGz({ 'mine/code/inference.py': 'x', 'mine/w.pt': 'w' }), ['code/inference.py', 'w.pt'], []],
  [
    'of nothing but code/',
    tarGz({ 'code/inference.py': 'x', 'code/w.pt': 'w' }),
    ['code/inference.py', 'code/w.pt'],
    [],
  ],
  [
    'in one folder named code',
    tarGz({ 'code/code/inference.py': 'x', 'code/w.pt': 'w' }),
    ['code/inference.py', 'w.pt'],
    [],
  ],
  ['in two folders, which are kept', tarGz({ 'a/model.onnx': 'x', 'b/w.pt': 'w' }), ['a/model.onnx', 'b/w.pt'], []],
  [
    'with what systems leave behind',
    tarGz({
      ...python,
      '.DS_Store': 'x',
      '__MACOSX/._w.pt': 'x',
      'code/__pycache__/a.pyc': 'x',
      'code/.git/HEAD': 'x',
    }),
    Object.keys(python).sort(),
    ['.DS_Store', '__MACOSX/._w.pt', 'code/.git/HEAD', 'code/__pycache__/a.pyc'],
  ],
  [
    'with a folder’s litter around it',
    tarGz({ 'mine/model.onnx': 'x', 'mine/.DS_Store': 'x', '._mine': 'x' }),
    ['model.onnx'],
    ['._mine', 'mine/.DS_Store'],
  ],
  [
    'with a long name of PAX',
    tar(pax({ path: long }), { name: 'short', data: 'x' }, { name: 'w.pt' }),
    [long, 'w.pt'],
    [],
  ],
  [
    'with a long name of GNU',
    tar(entry({ name: '././@LongLink', type: 'L', data: `${long}\0` }), { name: 'short', data: 'x' }, { name: 'w.pt' }),
    [long, 'w.pt'],
    [],
  ],
  [
    'with a prefix',
    tar({ name: 'inference.py', prefix: 'code', data: 'x' }, { name: 'w.pt' }),
    ['code/inference.py', 'w.pt'],
    [],
  ],
  [
    'with a size of PAX',
    tar(pax({ size: '3' }), entry({ name: 'a', data: 'abc', size: 0 }), { name: 'b' }),
    ['a', 'b'],
    [],
  ],
  [
    'with a comment for all, as git writes',
    tar(pax({ comment: 'f'.repeat(40) }, 'g'), { name: 'model.onnx', data: 'g' }),
    ['model.onnx'],
    [],
  ],
  [
    'with names beyond ASCII',
    tarGz({ 'modèle/poids-重み.onnx': 'x', 'b.onnx': 'y' }),
    ['b.onnx', 'modèle/poids-重み.onnx'],
    [],
  ],
  ['with zeros behind the gzip', Buffer.concat([tarGz(python), Buffer.alloc(5000)]), Object.keys(python).sort(), []],
  [
    'of an old kind that says folder with a slash',
    tar({ name: 'code/' }, { name: 'code/a', data: 'x' }, { name: 'w' }),
    ['code/a', 'w'],
    [],
  ],
  [
    'with an archive inside, which is a file',
    tarGz({ 'model.onnx': 'g', 'x.tar.gz': tarGz({ '../x': 'x' }) }),
    ['model.onnx', 'x.tar.gz'],
    [],
  ],
])('a package %s is read', async (_, bytes, files, ignored) => {
  const opened = await extract(bytes)
  expect(pathsOf(opened)).toEqual(files)
  expect(opened.ignored).toEqual(ignored)
})

test('what an archive says of modes is not done: a file of its own user alone, never setuid', async () => {
  const { root } = await extract(
    tar({ name: 'run', data: 'x', mode: 0o6777 }, { name: 'd/', type: '5', mode: 0 }, { name: 'd/x' }),
  )
  expect((await stat(path.join(root, 'run'))).mode & 0o7777).toBe(0o600)
  expect((await stat(path.join(root, 'd'))).mode & 0o7077).toBe(0)
})

test('the same content is the same package, however it was packed; another byte or name is another', async () => {
  const digest = async (bytes: Buffer): Promise<string> => {
    const own = await newScratch()
    const opened = await extractArchive(Readable.from([bytes]), own.into)
    await own.remove()
    return opened.contentDigest
  }
  const files = [
    { name: 'model.onnx', data: 'g' },
    { name: 'model.yaml', data: 'y' },
  ]
  const first = await digest(tar(...files))
  expect(await digest(gzipSync(tar(...files.toReversed(), { name: '.DS_Store', data: 'x' })))).toBe(first)
  expect(await digest(tar(...files.map((file) => ({ ...file, name: `top/${file.name}`, mode: 0o777 }))))).toBe(first)
  expect(await digest(tar(files[0]!, { name: 'model.yaml', data: 'z' }))).not.toBe(first)
  expect(await digest(tar(files[0]!, { name: 'model.yml', data: 'y' }))).not.toBe(first)
})

test('progress counts what was read and written', async () => {
  const bytes = tarGz({ 'model.onnx': Buffer.alloc(500_000, 'x'), 'model.yaml': 'y' })
  const seen: { readBytes: number; writtenBytes: number; files: number }[] = []
  await extract(bytes, { onProgress: (progress) => seen.push({ ...progress }) })
  expect(seen.at(-1)).toEqual({ readBytes: bytes.length, writtenBytes: 500_001, files: 2 })
  for (const [i, { writtenBytes }] of seen.entries())
    expect(writtenBytes).toBeGreaterThanOrEqual(seen[i - 1]?.writtenBytes ?? 0)
})

test('a signal ends it while the source stalls, and nothing is left', async () => {
  const controller = new AbortController()
  const before = await scratch.snapshot()
  const source = new Readable({ read: () => undefined })
  source.push(tarGz({ 'model.onnx': Buffer.alloc(500_000, 'x') }).subarray(0, 600))
  const extracting = extractArchive(source, scratch.into, { signal: controller.signal })
  setTimeout(() => controller.abort(new Error('enough')), 30)
  await expect(extracting).rejects.toThrow('enough')
  expect(await scratch.snapshot()).toEqual(before)
  expect(source.destroyed).toBe(true)
  await expect(extractArchive(Readable.from([]), scratch.into, { signal: controller.signal })).rejects.toThrow('enough')
})

test('a source that fails passes its own error on, and nothing is left', async () => {
  const before = await scratch.snapshot()
  const source = Readable.from(
    (async function* () {
      yield tar({ name: 'a', data: 'x' }).subarray(0, 700)
      await Promise.resolve()
      throw new Error('the store is away')
    })(),
  )
  await expect(extractArchive(source, scratch.into)).rejects.toThrow('the store is away')
  expect(await scratch.snapshot()).toEqual(before)
})

test('a folder that is there already is left as it is', async () => {
  await mkdir(scratch.into)
  const before = await scratch.snapshot()
  await expect(extract(tar({ name: 'a', data: 'x' }))).rejects.toMatchObject({
    code: 'ARCHIVE_TARGET_EXISTS',
    category: 'INVALID_INPUT',
  })
  expect(await scratch.snapshot()).toEqual(before)
})
