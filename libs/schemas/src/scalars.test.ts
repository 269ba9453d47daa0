import { parseValue, type ValueNode } from 'graphql'
import { DateScalar, DateTimeScalar, encodeVector, LongScalar, VectorScalar } from './scalars'

const literal = (text: string): ValueNode => parseValue(text)

describe('Vector', () => {
  test('an array comes in as float32 and goes out as numbers that read back to the very same', () => {
    const vector = VectorScalar.parseValue([0.1, -1, 3e38, 1e-45])
    expect(vector).toEqual(new Float32Array([0.1, -1, 3e38, 1e-45]))
    const written = JSON.parse(JSON.stringify(VectorScalar.serialize(vector))) as number[]
    expect(new Float32Array(written)).toEqual(vector)
  })

  test('base64 is little-endian float32, both ways', () => {
    const vector = new Float32Array([1, -2.5, 0])
    expect(encodeVector(vector)).toBe('AACAPwAAIMAAAAAA')
    expect(VectorScalar.parseValue('AACAPwAAIMAAAAAA')).toEqual(vector)
    expect(VectorScalar.serialize(encodeVector(vector))).toBe('AACAPwAAIMAAAAAA')
  })

  test('a literal is read like a value', () => {
    expect(VectorScalar.parseLiteral(literal('[1, 2.5, -3]'))).toEqual(new Float32Array([1, 2.5, -3]))
    expect(VectorScalar.parseLiteral(literal('"AACAPw=="'))).toEqual(new Float32Array([1]))
  })

  test.each([
    ['nothing', []],
    ['a text in it', [1, '2']],
    ['a null in it', [1, null]],
    ['a list in it', [[1]]],
    ['infinity', [Infinity]],
    ['a number too large for float32', [1e39]],
    ['not base64', 'hello!'],
    ['an odd number of bytes', 'AACA'],
    ['NaN in base64', 'AADAfw=='],
    ['an empty text', ''],
    ['an object', { 0: 1, length: 1 }],
    ['a number', 5],
    ['true', true],
  ])('%s is refused, without repeating it', (_name, value) => {
    expect(() => VectorScalar.parseValue(value)).toThrow(/^Vector takes/)
  })
})

describe('DateTime', () => {
  test.each(['2026-11-23T09:00:00Z', '2026-11-23T09:00:00.123+01:00', '2026-11-23T09:00-05:00'])(
    '%s is an instant',
    (text) => {
      expect(DateTimeScalar.parseValue(text)).toEqual(new Date(text))
    },
  )

  test.each([
    '2026-11-23',
    '2026-11-23T09:00:00',
    'yesterday',
    '2026-13-01T00:00:00Z',
    '2026-02-31T00:00:00Z',
    0,
    null,
  ])('%s is none', (value) => {
    expect(() => DateTimeScalar.parseValue(value)).toThrow('DateTime takes')
  })
})

describe('Date', () => {
  test('a day or an instant stays what it was', () => {
    expect(DateScalar.parseValue('2024-02-29')).toBe('2024-02-29')
    expect(DateScalar.parseValue('2026-11-23T09:00:00+01:00')).toBe('2026-11-23T08:00:00.000Z')
  })

  test.each(['2026-02-29', '2026-02-29T12:00:00Z', '2026-00-10', '26-1-1', 20261123, ''])('%s is no day', (value) => {
    expect(() => DateScalar.parseValue(value)).toThrow('Date takes')
  })
})

describe('Long', () => {
  test('whole numbers to 2^53-1, also where a database gives them as text', () => {
    expect(LongScalar.parseValue(2 ** 53 - 1)).toBe(9007199254740991)
    expect(LongScalar.parseLiteral(literal('3000000000'))).toBe(3_000_000_000)
    expect(LongScalar.serialize('3000000000')).toBe(3_000_000_000)
    expect(LongScalar.serialize(5n)).toBe(5)
  })

  test.each([1.5, 2 ** 53, Infinity, '5', null, true])('%s is refused', (value) => {
    expect(() => LongScalar.parseValue(value)).toThrow('Long takes')
  })

  test.each(['1.5', '"5"', '9007199254740993'])('the literal %s is refused', (text) => {
    expect(() => LongScalar.parseLiteral(literal(text))).toThrow('Long takes')
  })
})
