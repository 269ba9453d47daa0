import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { LakeError } from '@lakelens/kernel'
import { resolveImportPath } from './importPath'

let root: string
let importDir: string

beforeAll(async () => {
  root = await realpath(await mkdtemp(path.join(tmpdir(), 'lakelens-import-')))
  importDir = path.join(root, 'import')
  await mkdir(path.join(importDir, 'models', 'good'), { recursive: true })
  await mkdir(path.join(root, 'import-not'))
  await mkdir(path.join(root, 'secret'))
  await writeFile(path.join(root, 'secret', 'key'), 'x')
  await writeFile(path.join(importDir, 'good.tar'), 'tar')
  await symlink(path.join(root, 'secret'), path.join(importDir, 'out'))
  await symlink('../../secret/key', path.join(importDir, 'models', 'key'))
  await symlink('models/good', path.join(importDir, 'inside'))
  await symlink('nowhere', path.join(importDir, 'dangling'))
  await symlink('loop', path.join(importDir, 'loop'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

const resolve = (given: string, dir: string | undefined = importDir) =>
  resolveImportPath(
    {
      dataDir: root,
      importDir: dir,
      offline: true,
      defaults: { AUTO_TAGGING: 'a', EMBEDDING: 'b' },
      deniedLicenses: [],
    },
    given,
  )
const codeOf = (given: string, dir?: string): Promise<string> =>
  resolve(given, dir).then(
    ({ relative }) => `resolved to ${relative}`,
    (error: LakeError) => error.code,
  )

test('folders and files below it, by relative or absolute path, and links that stay inside', async () => {
  expect(await resolve('models/good')).toMatchObject({ relative: 'models/good', isFolder: true })
  expect(await resolve('good.tar')).toMatchObject({ relative: 'good.tar', isFolder: false, byteSize: 3 })
  expect(await codeOf(path.join(importDir, 'models', '..', 'good.tar'))).toBe('resolved to good.tar')
  expect(await codeOf('inside')).toBe('resolved to models/good')
})

test.each([
  ['..'],
  ['../secret/key'],
  ['models/../../secret'],
  ['/etc/passwd'],
  ['/'],
  ['.'],
  [''],
  ['  '],
  ['good.tar\0'],
  ['out'],
  ['out/key'],
  ['models/key'],
  ['../import-not'],
  ['../no-such-thing'],
])('%j leads out and is refused, there or not', async (given) => {
  expect(await codeOf(given)).toBe('IMPORT_PATH_OUTSIDE')
})

test('what isn’t there, or can’t be followed', async () => {
  expect(await codeOf('missing')).toBe('IMPORT_PATH_NOT_FOUND')
  expect(await codeOf('dangling')).toBe('IMPORT_PATH_NOT_FOUND')
  expect(await codeOf('good.tar/inside')).toBe('IMPORT_PATH_NOT_FOUND')
  expect(await codeOf('loop')).toBe('IMPORT_PATH_UNREADABLE')
})

test('a server without the folder says so', async () => {
  await expect(
    resolveImportPath(
      { dataDir: root, offline: true, defaults: { AUTO_TAGGING: 'a', EMBEDDING: 'b' }, deniedLicenses: [] },
      'x',
    ),
  ).rejects.toMatchObject({ code: 'IMPORT_DIR_UNSET', category: 'NOT_SUPPORTED' })
  expect(await codeOf('x', path.join(root, 'missing'))).toBe('IMPORT_DIR_UNUSABLE')
  expect(await codeOf('x', path.join(root, 'secret', 'key'))).toBe('IMPORT_DIR_UNUSABLE')
})
