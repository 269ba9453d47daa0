import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { guessType } from './guessType'
import type { LocalFile } from './walk'

const folder = mkdtempSync(join(tmpdir(), 'lakelens-guess-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const kinds = {
  video: Buffer.concat([Buffer.from('\0\0\0\x18ftypisom\0\0\0\0isommp42', 'latin1'), Buffer.alloc(9_000)]),
  picture: Buffer.from('\xff\xd8\xff\xe0\0\x10JFIF', 'latin1'),
  nothing: Buffer.alloc(0),
}

let looked = 0
async function* files(...names: string[]): AsyncGenerator<LocalFile> {
  for (const [n, name] of names.entries()) {
    const path = join(folder, `${n}.bin`)
    if (name in kinds) writeFileSync(path, kinds[name as keyof typeof kinds])
    else rmSync(path, { force: true })
    looked = n + 1
    yield { path, name: `${n}.mp4` }
  }
}

test.each([
  ['VIDEO', ['video']],
  ['VIDEO', ['picture', 'video', 'video']],
  ['IMAGE', ['picture', 'video']],
  ['IMAGE', ['picture', 'nothing']],
  ['IMAGE', ['a file that is gone']],
  ['VIDEO', ['a file that is gone', 'video', 'video']],
  ['IMAGE', []],
])('%s for %j', async (type, names) => {
  expect(await guessType(files(...names))).toBe(type)
})

test('of a long folder only the beginning is looked at', async () => {
  expect(await guessType(files(...Array<string>(50).fill('video'), ...Array<string>(500).fill('picture')))).toBe(
    'VIDEO',
  )
  expect(looked).toBe(50)
})
