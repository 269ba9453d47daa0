import { execFileSync } from 'node:child_process'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { readModelsFolder, type ModelsFolder } from './modelsFile'
import { newFolder, settingsOf } from './testing/lake'

let folder: string
beforeEach(async () => (folder = await newFolder()))
afterEach(() => rm(folder, { recursive: true, force: true }))

const good = {
  name: 'tags',
  application: 'auto_tagging',
  file: 'tags.onnx',
  manifest: { output: 'yolov8', labels: ['cat', 'dog'] },
  sha256: 'A'.repeat(64),
  bytes: 5,
}

async function read(...entries: unknown[]): Promise<ModelsFolder> {
  await writeFile(path.join(folder, 'models.json'), JSON.stringify({ models: entries }))
  const found = await readModelsFolder(await settingsOf({ modelsDir: folder }))
  if (!found) throw new Error('no folder')
  return found
}
const faultOf = async (entry: unknown): Promise<string> => {
  const { models, faults } = await read(entry, { ...good, name: 'other', file: 'other.onnx' })
  expect(models.map((model) => model.name)).toEqual(['other'])
  expect([...faults.values()].map((fault) => fault.code)).toEqual(['MODELS_ENTRY_INVALID'])
  return [...faults.values()][0]?.message ?? ''
}

test('an entry is read: application in any case, digest in lower case, labels apart from the manifest', async () => {
  const { models, faults } = await read({ ...good, application: 'AutoTagging', license: 'MIT' })
  expect(faults.size).toBe(0)
  expect(models).toEqual([
    {
      name: 'tags',
      application: 'AUTO_TAGGING',
      license: 'MIT',
      description: null,
      manifest: { output: 'yolov8' },
      labels: ['cat', 'dog'],
      path: path.join(folder, 'tags.onnx'),
      sha256: 'a'.repeat(64),
      byteSize: 5,
    },
  ])
})

test('labels may be a file beside it', async () => {
  await writeFile(path.join(folder, 'names.yaml'), 'names:\n  0: cat\n  1: dog\n')
  const { models } = await read({ ...good, manifest: { output: 'yolov8', labels: 'names.yaml' } })
  expect(models[0]?.labels).toEqual(['cat', 'dog'])
})

test.each<[string, unknown, string]>([
  ['a path upwards', { ...good, file: '../secret.onnx' }, 'leaves the folder'],
  ['an absolute path', { ...good, file: '/etc/passwd' }, 'leaves the folder'],
  ['the folder itself', { ...good, file: '.' }, 'leaves the folder'],
  ['a path with a NUL', { ...good, file: 'a\0b' }, 'leaves the folder'],
  ['labels in another folder', { ...good, manifest: { output: 'yolov8', labels: '../names.yaml' } }, 'without folders'],
  ['labels that are not there', { ...good, manifest: { output: 'yolov8', labels: 'none.yaml' } }, 'none.yaml'],
  ['an unknown manifest key', { ...good, manifest: { output: 'yolov8', colour: 'rgb' } }, 'colour'],
  ['no digest', { ...good, sha256: undefined }, 'sha256'],
  ['a short digest', { ...good, sha256: 'abc' }, '64 hexadecimal'],
  ['an unknown application', { ...good, application: 'constructor' }, 'auto_tagging'],
  ['the name default', { ...good, name: 'Default' }, 'not `default`'],
  ['a name with a colon', { ...good, name: 'tags:2' }, 'letters'],
  ['a name that is a path', { ...good, name: '../x' }, 'letters'],
  ['a negative size', { ...good, bytes: -1 }, 'bytes'],
  ['something that is no entry', 'tags', 'number 1'],
  ['null', null, 'number 1'],
])('%s is a fault of that entry alone', async (_, entry, reason) => {
  expect(await faultOf(entry)).toContain(reason)
})

test('a link out of the folder is refused, one inside is followed', async () => {
  const outside = await newFolder()
  await writeFile(path.join(outside, 'x.onnx'), 'x')
  await symlink(path.join(outside, 'x.onnx'), path.join(folder, 'tags.onnx'))
  expect(await faultOf(good)).toContain('leaves the folder')
  await rm(path.join(folder, 'tags.onnx'))
  await mkdir(path.join(folder, 'store'))
  await writeFile(path.join(folder, 'store', 'y.onnx'), 'y')
  await symlink(path.join(folder, 'store', 'y.onnx'), path.join(folder, 'tags.onnx'))
  expect((await read(good)).models[0]?.path).toBe(path.join(folder, 'store', 'y.onnx'))
  await rm(outside, { recursive: true })
})

test('a named pipe in place of labels is refused, not waited for', async () => {
  execFileSync('mkfifo', [path.join(folder, 'names.yaml')])
  expect(await faultOf({ ...good, manifest: { output: 'yolov8', labels: 'names.yaml' } })).toContain(
    'not a regular file',
  )
})

test('a name listed twice is nobody’s', async () => {
  const { models, faults } = await read(good, { ...good, file: 'other.onnx' })
  expect(models).toEqual([])
  expect(faults.get('tags')?.message).toContain('listed twice')
})

test('a folder without a list offers nothing; one that is not there is an error', async () => {
  const settings = await settingsOf({ modelsDir: folder })
  expect((await readModelsFolder(settings))?.models).toEqual([])
  await expect(readModelsFolder({ ...settings, modelsDir: path.join(folder, 'none') })).rejects.toMatchObject({
    code: 'MODELS_FOLDER_INVALID',
  })
  await writeFile(path.join(folder, 'file'), '')
  await expect(readModelsFolder({ ...settings, modelsDir: path.join(folder, 'file') })).rejects.toThrow(/not a folder/)
  expect(await readModelsFolder(await settingsOf())).toBeNull()
})

test.each([
  ['no JSON', '{'],
  ['a list', '[]'],
  ['no models', '{}'],
  ['too many', JSON.stringify({ models: Array(1001).fill(0) })],
  ['too large', `{"models":[],"x":"${'x'.repeat(1 << 20)}"}`],
])('a list that is %s is an error that names it', async (_, text) => {
  await writeFile(path.join(folder, 'models.json'), text)
  const reading = readModelsFolder(await settingsOf({ modelsDir: folder }))
  await expect(reading).rejects.toMatchObject({
    code: 'MODELS_FOLDER_INVALID',
    facts: { path: path.join(folder, 'models.json') },
  })
})
