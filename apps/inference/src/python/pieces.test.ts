import { createFrameReader, encodeFrame } from './frames'
import { redacted } from './installFailure'
import { turnUpright } from './orientation'
import { printable } from './printable'
import { seccompFilter } from './seccomp'
import { createTail } from './tail'

describe('frames', () => {
  const header = { id: 1, value: 'ünïcödé' }
  const body = Uint8Array.from([1, 2, 3, 250])

  test('come out as they went in, however they are cut', () => {
    const bytes = Buffer.concat([...encodeFrame(header, body), ...encodeFrame({ id: 2 }, new Uint8Array())])
    for (const size of [1, 3, 7, 16, bytes.length]) {
      const read = createFrameReader({ frame: 1000, header: 100 })
      const frames = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        read(bytes.subarray(i * size, (i + 1) * size)),
      ).flat()
      expect(frames).toEqual([
        { header, body },
        { header: { id: 2 }, body: new Uint8Array() },
      ])
      expect(frames[0]!.body.byteOffset % 8).toBe(0)
    }
  })

  test.each([
    ['one that is too long', Buffer.from([0, 0, 0, 1, 0, 0, 0, 0]), /16777216 bytes; 1000 are allowed/],
    ['one with more JSON than is read', Buffer.from([101, 0, 0, 0, 0, 0, 0, 0]), /101 bytes of JSON; 100 are allowed/],
    ['one without a header', Buffer.alloc(8), /no answer/],
    [
      'a header that is no JSON',
      Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{"')]),
      /no answer/,
    ],
    [
      'a header that is no object',
      Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('7')]),
      /no answer/,
    ],
  ])('%s is refused before anything is kept of it', (_, bytes, message) => {
    expect(() => createFrameReader({ frame: 1000, header: 100 })(bytes)).toThrow(message)
  })
})

test('boxes of a stored picture, turned upright by each of the eight orientations', () => {
  // The upper left quarter of the left half.
  const stored = { x: 0, y: 0, width: 0.25, height: 0.5 }
  const turned = [1, 2, 3, 4, 5, 6, 7, 8].map((orientation) => Object.values(turnUpright(stored, orientation)))
  expect(turned).toEqual([
    [0, 0, 0.25, 0.5],
    [0.75, 0, 0.25, 0.5],
    [0.75, 0.5, 0.25, 0.5],
    [0, 0.5, 0.25, 0.5],
    [0, 0, 0.5, 0.25],
    [0.5, 0, 0.5, 0.25],
    [0.5, 0.75, 0.5, 0.25],
    [0, 0.75, 0.5, 0.25],
  ])
  expect(turnUpright(stored, 9)).toEqual(stored)
})

test('passwords and tokens of addresses stay out of an installation’s log', () => {
  expect(redacted('from https://me:p%40ss@pypi.example/simple and git+ssh://git@h/x?token=abc&y=1')).toBe(
    'from https://****@pypi.example/simple and git+ssh://****@h/x?token=****&y=1',
  )
  expect(redacted('numpy>=2 https://pypi.example/simple/numpy@1')).toBe('numpy>=2 https://pypi.example/simple/numpy@1')
})

test('what a stranger printed has no control characters, and no halves of characters', () => {
  expect(printable('a\0b\u001b[31m\r\nc\td\u0085 \ud800e \ud83d\ude00')).toBe(
    'a\ufffdb\ufffd[31m\nc\td\ufffd \ufffde \ud83d\ude00',
  )
})

test('of an endless output the last bytes are kept', () => {
  const tail = createTail(10)
  for (let i = 0; i < 1000; i++) tail.push(Buffer.from(`${i} `))
  expect(tail.text()).toBe('7 998 999 ')
  tail.push(Buffer.alloc(100, 'x'))
  expect(tail.text()).toBe('x'.repeat(10))
})

describe('the filter of system calls', () => {
  /** What the kernel would do: runs the program over a call. */
  const judge = (filter: Buffer, architecture: number, number: number, ...call: readonly number[]): number => {
    let accumulator = 0
    for (let at = 0; at < filter.length / 8; at++) {
      const [code, whenTrue, whenFalse, value] = [
        filter.readUInt16LE(at * 8),
        filter.readUInt8(at * 8 + 2),
        filter.readUInt8(at * 8 + 3),
        filter.readUInt32LE(at * 8 + 4),
      ]
      if (code === 0x06) return value
      if (code === 0x20) accumulator = value === 4 ? architecture : value === 0 ? number : (call[(value - 16) / 8] ?? 0)
      else if (code === 0x15) at += accumulator === value ? whenTrue : whenFalse
      else if (code === 0x35) at += accumulator >= value ? whenTrue : whenFalse
      else if (code === 0x05) at += value
      else throw new Error(`unknown instruction ${code}`)
    }
    throw new Error('it ran off its end')
  }
  const [allowed, refused] = [0x7fff0000, 0x00050026]

  test.each([
    ['x64', 0xc000003e, 319, 0],
    ['arm64', 0xc00000b7, 279, 63],
  ])(
    '%s: memfd_create is refused, read is not; nor is another architecture let in',
    (name, architecture, memfd, read) => {
      const filter = seccompFilter(name)!
      expect(judge(filter, architecture, memfd)).toBe(refused)
      expect(judge(filter, architecture, 425)).toBe(refused)
      expect(judge(filter, architecture, read)).toBe(allowed)
      expect(judge(filter, architecture, 435)).toBe(allowed)
      expect(judge(filter, 0x40000003, read)).toBe(refused)
      expect(judge(filter, architecture, 0x40000000 + read)).toBe(refused)
    },
  )

  test.each([
    ['x64', 0xc000003e, 54],
    ['arm64', 0xc00000b7, 208],
  ])(
    '%s: a socket keeps the buffers it was made with, and whoever asks for larger ones is told they were given',
    (...it) => {
      const [name, architecture, setsockopt] = it
      const option = (level: number, which: number): number =>
        judge(seccompFilter(name)!, architecture, setsockopt, 3, level, which)
      expect([7, 8, 32, 33].map((which) => option(1, which))).toEqual([0x00050000, 0x00050000, 0x00050000, 0x00050000])
      expect([option(1, 2), option(1, 9), option(6, 7), option(41, 8)]).toEqual([allowed, allowed, allowed, allowed])
    },
  )

  test('a processor without a list has none', () => expect(seccompFilter('riscv64')).toBeNull())
})
