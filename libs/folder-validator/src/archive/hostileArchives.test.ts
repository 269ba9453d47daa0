import { Readable } from 'node:stream'
import { hostileArchives } from '../testing/hostileArchives'
import { newScratch, type Scratch } from '../testing/scratch'
import { archiveChecks } from './errors'
import { extractArchive } from './extractArchive'

let scratch: Scratch
beforeEach(async () => (scratch = await newScratch()))
afterEach(() => scratch.remove())

/** In pieces of a size that cuts headers and trailers anywhere. */
const streamOf = (bytes: Buffer, piece: number): Readable =>
  Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece)
    })(),
    { objectMode: false },
  )

test.each(hostileArchives)(
  '$what is refused as $check, and nothing is left of it',
  async ({ bytes, check, limits = {} }) => {
    const before = await scratch.snapshot()
    // Whole, and in pieces that are no multiple of anything: what is found must not depend on how it arrives.
    for (const piece of [1 << 20, 509]) {
      const source = streamOf(bytes, piece)
      await expect(extractArchive(source, scratch.into, { limits })).rejects.toMatchObject({
        name: 'LakeError',
        facts: { check },
      })
      expect(await scratch.snapshot()).toEqual(before)
      expect(source.destroyed).toBe(true)
    }
  },
)

test('every refusal says in its message what is wrong and what to do, without a control character', async () => {
  for (const { bytes, limits = {} } of hostileArchives) {
    const error: unknown = await extractArchive(streamOf(bytes, 4096), scratch.into, { limits }).catch(
      (thrown: unknown) => thrown,
    )
    const { message, facts } = error as { message: string; facts: { fact: string; hint: string } }
    expect(message).toBe(`${facts.fact} ${facts.hint}`)
    expect(message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]|undefined/)
  }
})

test('the suite knows every check that an archive can fail', () => {
  const elsewhere = [
    'archive.socket', // a folder's alone: openFolder.test.ts
    'archive.changed',
    'archive.unreadable',
    'archive.target', // extractArchive.test.ts
    'archive.storage', // a full disk, which no test can ask for everywhere
  ]
  const provoked = new Set([...hostileArchives.map(({ check }) => check), ...elsewhere])
  expect(archiveChecks.map(({ check }) => check).filter((check) => !provoked.has(check))).toEqual([])
})
