import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readMetadataFiles } from './metadataFile'

const folder = mkdtempSync(join(tmpdir(), 'lakelens-metadata-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

test('an object is for every file, a list for each; what is said of one goes before', async () => {
  const metadata = await readMetadataFiles([
    file('all.json', '\ufeff{"place": "Riga", "Tags": ["all"]}'),
    file(
      'each.json',
      JSON.stringify([
        { file: 'a.jpg', metadata: { place: 'Oslo' } },
        { file: './sub/e\u0301.jpg', metadata: { Tags: ['one'] } },
        { file: 'nowhere.jpg', metadata: {} },
      ]),
    ),
  ])
  expect(metadata.of('a.jpg')).toEqual({ place: 'Oslo', Tags: ['all'] })
  expect(metadata.of('sub_\u00e9.jpg')).toEqual({ place: 'Riga', Tags: ['one'] })
  expect(metadata.of('other.jpg')).toEqual({ place: 'Riga', Tags: ['all'] })
  expect(metadata.unused()).toEqual(['nowhere.jpg'])
  expect((await readMetadataFiles([])).of('a.jpg')).toBeUndefined()
})

test.each([
  ['a text', '"x"', /neither an object nor a list/],
  ['no JSON', '{', /no JSON/],
  ['an entry without a file', '[{"metadata": {}}]', /entry 0/],
  ['an entry whose metadata are a list', '[{"file": "a", "metadata": {}}, {"file": "a", "metadata": []}]', /entry 1/],
])('%s is refused', async (_what, content, message) => {
  await expect(readMetadataFiles([file('bad.json', content)])).rejects.toMatchObject({
    code: 'METADATA_FILE_INVALID',
    message: expect.stringMatching(message),
  })
})

test('a file that is not there is refused', async () => {
  await expect(readMetadataFiles([join(folder, 'none.json')])).rejects.toMatchObject({ code: 'METADATA_FILE_INVALID' })
})
