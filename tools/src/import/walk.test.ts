import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { countFiles, walk, type WalkTally } from './walk'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lakelens-walk-'))
  mkdirSync(join(folder, 'year/month'), { recursive: true })
  mkdirSync(join(folder, '.hidden'))
  for (const name of [
    'a.jpg',
    'text',
    '.DS_Store',
    '.hidden/in.jpg',
    'year/b.jpg',
    'year/month/c.jpg',
    'cafe\u0301.jpg',
  ]) {
    writeFileSync(join(folder, name), name)
  }
  symlinkSync(join(folder, 'a.jpg'), join(folder, 'link.jpg'))
  symlinkSync(join(folder, 'nowhere.jpg'), join(folder, 'dangling.jpg'))
  symlinkSync(folder, join(folder, 'circle'))
})
afterAll(() => rmSync(folder, { recursive: true }))

async function namesOf(recursive: boolean): Promise<{ names: string[]; tally: WalkTally }> {
  const tally = { dotFiles: 0, others: 0 }
  const names: string[] = []
  for await (const file of walk(folder, recursive, tally)) names.push(file.name)
  return { names: names.sort(), tally }
}

test('gives the files of the folder alone, whatever they are called, and counts what it skips', async () => {
  const { names, tally } = await namesOf(false)
  expect(names).toEqual(['a.jpg', 'caf\u00e9.jpg', 'dangling.jpg', 'link.jpg', 'text'])
  expect(tally).toEqual({ dotFiles: 2, others: 2 })
})

test('with sub-folders the path becomes the name; a link that leads back is not followed', async () => {
  const { names, tally } = await namesOf(true)
  expect(names).toEqual([
    'a.jpg',
    'caf\u00e9.jpg',
    'dangling.jpg',
    'link.jpg',
    'text',
    'year_b.jpg',
    'year_month_c.jpg',
  ])
  expect(tally).toEqual({ dotFiles: 2, others: 1 })
  expect(await countFiles(folder, true)).toBe(7)
})

test('a folder that is none is refused by name', async () => {
  await expect(countFiles(join(folder, 'a.jpg'), false)).rejects.toMatchObject({
    code: 'FOLDER_UNREADABLE',
    facts: { reason: 'ENOTDIR' },
  })
})
