import { createHash, randomBytes } from 'node:crypto'
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { BlobStore } from '../blobStore'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const maxBytes = 16 * 1024 * 1024

/** In chunks of odd sizes, as a socket delivers. */
function streamOf(bytes: Buffer): Readable {
  const chunks: Buffer[] = []
  for (let at = 0, size = 1; at < bytes.length; at += size, size = (size * 7 + 3) % 70_001)
    chunks.push(bytes.subarray(at, at + size))
  return Readable.from(chunks, { objectMode: false })
}

export interface BlobStoreFixture {
  store: BlobStore
  /** How many files or objects the store occupies in all, also unfinished ones. */
  countObjects: () => Promise<number>
}

/** What every `BlobStore` must do. `open` makes a fresh, empty store. */
export function describeBlobStore(name: string, open: () => Promise<BlobStoreFixture>): void {
  describe(`${name} as a blob store`, () => {
    let store: BlobStore
    let countObjects: BlobStoreFixture['countObjects']
    beforeEach(async () => {
      ;({ store, countObjects } = await open())
    })

    test.each([0, 1, 65_536, 1_000_003])(
      '%i bytes come back as they were, from a stream and from memory',
      async (size) => {
        const bytes = randomBytes(size)
        const expected = { digest: sha256(bytes), byteSize: size }
        expect(await store.put(streamOf(bytes), { maxBytes: size, expected })).toEqual(expected)
        expect(await store.put(bytes, { maxBytes: size, expected })).toEqual(expected)
        expect(await store.stat(expected.digest)).toEqual({ byteSize: size })
        expect((await buffer(await store.open(expected.digest))).equals(bytes)).toBe(true)
        expect((await store.read(expected.digest, size)).equals(bytes)).toBe(true)
        expect(await countObjects()).toBe(1)
      },
    )

    test('a range is inclusive on both ends, and one outside is refused', async () => {
      const { digest } = await store.put(Buffer.from('0123456789'), { maxBytes })
      const read = async (start: number, end: number): Promise<string> =>
        String(await buffer(await store.open(digest, { start, end })))
      expect(await read(0, 0)).toBe('0')
      expect(await read(3, 5)).toBe('345')
      expect(await read(0, 9)).toBe('0123456789')
      for (const [start, end] of [
        [0, 10],
        [5, 4],
        [-1, 3],
        [0.5, 2],
        [10, 10],
        [NaN, 3],
      ] as const) {
        await expect(store.open(digest, { start, end })).rejects.toMatchObject({ code: 'RANGE_INVALID' })
      }
      const empty = await store.put(Buffer.alloc(0), { maxBytes })
      await expect(store.open(empty.digest, { start: 0, end: 0 })).rejects.toMatchObject({ code: 'RANGE_INVALID' })
    })

    test('what is not there is typed, and deleting it is no error', async () => {
      const digest = sha256(Buffer.from('nobody stored this'))
      expect(await store.stat(digest)).toBeNull()
      await expect(store.open(digest)).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' })
      await expect(store.read(digest, 1)).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' })
      await store.delete(digest)
    })

    const hostile = [
      '',
      '..',
      '../../etc/passwd',
      'a'.repeat(63),
      'a'.repeat(65),
      'A'.repeat(64),
      `${'a'.repeat(64)}\n`,
      `${'a'.repeat(61)}/..`,
      `${'a'.repeat(60)}\0aaa`,
    ]
    test.each(hostile)('%j is no digest', async (digest) => {
      const refused = { code: 'DIGEST_MALFORMED', category: 'INVALID_INPUT' }
      await expect(Promise.resolve().then(() => store.stat(digest))).rejects.toMatchObject(refused)
      await expect(Promise.resolve().then(() => store.open(digest))).rejects.toMatchObject(refused)
      await expect(Promise.resolve().then(() => store.read(digest, 1))).rejects.toMatchObject(refused)
      await expect(Promise.resolve().then(() => store.delete(digest))).rejects.toMatchObject(refused)
    })

    test('read refuses more than it was allowed', async () => {
      const { digest } = await store.put(Buffer.alloc(11), { maxBytes })
      await expect(store.read(digest, 10)).rejects.toMatchObject({ code: 'BLOB_TOO_LARGE', category: 'LIMIT_EXCEEDED' })
    })

    test('one byte too many is refused when it comes, not at the end, and the source is left open', async () => {
      const source = new PassThrough()
      const put = store.put(source, { maxBytes: 10 })
      source.write(Buffer.alloc(11))
      await expect(put).rejects.toMatchObject({ code: 'BLOB_TOO_LARGE', category: 'LIMIT_EXCEEDED' })
      expect(source.destroyed).toBe(false)
      expect(await countObjects()).toBe(0)
    })

    test('bytes other than announced leave nothing', async () => {
      const bytes = randomBytes(100)
      const put = (expected: { digest?: string; byteSize?: number }): Promise<unknown> =>
        store.put(streamOf(bytes), { maxBytes, expected })
      await expect(put({ byteSize: 101 })).rejects.toMatchObject({
        code: 'SIZE_DIFFERS',
        facts: { expected: 101, received: 100 },
      })
      await expect(put({ digest: sha256(Buffer.from('other')) })).rejects.toMatchObject({
        code: 'DIGEST_DIFFERS',
        category: 'INVALID_INPUT',
      })
      expect(await countObjects()).toBe(0)
    })

    test('a source that fails, closes early or is aborted leaves nothing', async () => {
      const failing = new PassThrough()
      const failed = store.put(failing, { maxBytes })
      failing.write('half')
      failing.destroy(new Error('the line broke'))
      await expect(failed).rejects.toThrow('the line broke')

      const closing = new PassThrough()
      const closed = store.put(closing, { maxBytes })
      closing.write('half')
      closing.destroy()
      await expect(closed).rejects.toThrow()

      const silent = new PassThrough()
      const controller = new AbortController()
      const aborted = store.put(silent, { maxBytes, signal: controller.signal })
      silent.write('half')
      setTimeout(() => controller.abort(new Error('no longer wanted')), 20)
      await expect(aborted).rejects.toThrow('no longer wanted')
      expect(silent.destroyed).toBe(true)
      await expect(store.put(Buffer.from('x'), { maxBytes, signal: controller.signal })).rejects.toThrow(
        'no longer wanted',
      )
      expect(await countObjects()).toBe(0)
    })

    test('beforeCommit sees the blob before anybody else does, and can refuse it', async () => {
      const bytes = randomBytes(1000)
      const digest = sha256(bytes)
      const refuse = async (): Promise<void> => {
        expect(await store.stat(digest)).toBeNull()
        throw new Error('not this one')
      }
      await expect(store.put(bytes, { maxBytes, beforeCommit: refuse })).rejects.toThrow('not this one')
      expect(await countObjects()).toBe(0)
      const seen: unknown[] = []
      await store.put(bytes, { maxBytes, beforeCommit: async (blob) => void seen.push(blob) })
      expect(seen).toEqual([{ digest, byteSize: 1000 }])
    })

    test('fifty puts of the same bytes at once are one blob', async () => {
      const bytes = randomBytes(300_000)
      const blobs = await Promise.all(Array.from({ length: 50 }, () => store.put(streamOf(bytes), { maxBytes })))
      expect(new Set(blobs.map(({ digest }) => digest))).toEqual(new Set([sha256(bytes)]))
      expect(await countObjects()).toBe(1)
      expect((await store.read(sha256(bytes), maxBytes)).equals(bytes)).toBe(true)
    })

    test('who reads while it is deleted or put again reads to the end', async () => {
      const bytes = randomBytes(2_000_000)
      const { digest } = await store.put(bytes, { maxBytes })
      const reading = await store.open(digest)
      await store.put(bytes, { maxBytes })
      await store.delete(digest)
      expect((await buffer(reading)).equals(bytes)).toBe(true)
      expect(await store.stat(digest)).toBeNull()
    })
  })
}
