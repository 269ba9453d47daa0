import { partsOf } from './parts'

const part = (body: Buffer | string, length = Buffer.from(body).byteLength): Buffer =>
  Buffer.concat([
    Buffer.from(`--ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: ${length}\r\n\r\n`),
    Buffer.from(body),
    Buffer.from('\r\n'),
  ])

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

async function read(bytes: Buffer, size: number): Promise<string[]> {
  const found: string[] = []
  for await (const data of partsOf(inPieces(bytes, size))) found.push(data.toString('latin1'))
  return found
}

// Bodies that look like what is around them.
const bodies = ['a', '--ffmpeg\r\nContent-length: 3\r\n\r\n', '\r\n\r\n', '\r\n--ffmpeg\r\n', 'x'.repeat(5_000)]
const stream = Buffer.concat(bodies.map((body) => part(body)))

test.each([1, 2, 3, 7, 64, 4096, 1e6])('the same parts come out of pieces of %d bytes', async (size) => {
  expect(await read(stream, size)).toEqual(bodies)
})

test('a part that is broken off is dropped, and those before it are kept', async () => {
  expect(await read(stream.subarray(0, stream.byteLength - 100), 50)).toEqual(bodies.slice(0, 4))
  expect(await read(Buffer.alloc(0), 1)).toEqual([])
})

test('a part is given as soon as its last byte is there', async () => {
  const parts = partsOf(
    (async function* () {
      yield part('first').subarray(0, -2)
      throw new Error('asked for more')
    })(),
  )
  expect((await parts.next()).value?.toString()).toBe('first')
  await expect(parts.next()).rejects.toThrow('asked for more')
})

test.each([
  ['no header', Buffer.from('GIF89a'.repeat(400))],
  ['a length of nothing', part('', 0)],
  ['a length nobody can hold', part('abc', 2 ** 40)],
  ['a negative length', part('abc', -3)],
])('%s is refused, not waited for', async (_name, bytes) => {
  await expect(read(bytes, 100)).rejects.toMatchObject({ code: 'VIDEO_UNREADABLE' })
})
