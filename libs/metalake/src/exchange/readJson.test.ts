import fc from 'fast-check'
import { Readable } from 'node:stream'
import { readLists } from './readJson'

/** Cut into chunks of `size` bytes: a fault at a border shows at some size. */
const inChunks = (text: string, size: number): Readable => {
  const bytes = Buffer.from(text)
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  )
  return Readable.from(chunks, { objectMode: false })
}
const read = async (text: string, size = 1_000): Promise<unknown[]> => {
  const values: unknown[] = []
  for await (const { value } of readLists(inChunks(text, size), ['a', 'b'])) values.push(value)
  return values
}

const asIds = (_key: string, value: unknown): unknown => {
  const text = JSON.stringify(value)
  return Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(text) ? text : value
}

test('any lists come back as JSON.parse has them, wherever the chunks end', async () => {
  const lists = fc.record({
    x: fc.jsonValue({ maxDepth: 5 }),
    a: fc.array(fc.jsonValue({ maxDepth: 5 }), { maxLength: 5 }),
    y: fc.jsonValue({ maxDepth: 5 }),
    b: fc.array(
      fc.oneof(fc.string({ unit: 'binary' }), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.jsonValue()),
      { maxLength: 5 },
    ),
  })
  await fc.assert(
    fc.asyncProperty(
      lists,
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom(undefined, 2),
      fc.boolean(),
      async (value, size, indent, mark) => {
        const text = JSON.stringify(value, null, indent)
        const parsed = JSON.parse(Buffer.from(text).toString(), asIds) as typeof value
        expect(await read(`${mark ? '\ufeff' : ''}${text}`, size)).toEqual([...parsed.a, ...parsed.b])
      },
    ),
    { numRuns: 300 },
  )
})

test('of a file that is cut anywhere, the cut is told', async () => {
  const text = '{"x": [1, {"y": "z\\""}], "a": [1, "two", {"three": [3]}], "b": [] } '
  for (let length = 0; length < text.length - 1; length++)
    await expect(read(text.slice(0, length), 7)).rejects.toMatchObject({ code: 'ANNOTATION_FILE_INVALID' })
  expect(await read(text, 7)).toEqual([1, 'two', { three: [3] }])
})

test('integers beyond a double stay apart, as text; other long numbers stay numbers', async () => {
  const text =
    '{"a": [90071992547409931, -90071992547409931, 0.12345678901234567, 1e30, 123456789012345678e1, "90071992547409931", {"k\\"1234567890123456789": [1234567890123456789]}]}'
  expect(await read(text)).toEqual([
    '90071992547409931',
    '-90071992547409931',
    0.12345678901234567,
    1e30,
    123456789012345678e1,
    '90071992547409931',
    { 'k"1234567890123456789': ['1234567890123456789'] },
  ])
})

test('a hundred megabytes of one text take no memory, and an element that is too large is passed over', async () => {
  async function* endless(): AsyncGenerator<Buffer> {
    yield Buffer.from('{"x": "')
    for (let n = 0; n < 1_600; n++) yield Buffer.alloc(65_536, 'y')
    yield Buffer.from('", "a": [[')
    for (let n = 0; n < 400; n++) yield Buffer.alloc(65_536, '1,')
    yield Buffer.from('1], 2]}')
  }
  const before = process.memoryUsage().arrayBuffers
  const sizes: unknown[] = []
  for await (const { value, byteSize } of readLists(Readable.from(endless(), { objectMode: false }), ['a']))
    sizes.push([value, byteSize > 4e6])
  expect(sizes).toEqual([
    [undefined, true],
    [2, false],
  ])
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024)
})
