import { printable, table } from './printable'

test('control characters are shown, not obeyed', () => {
  expect(printable('a\u001b[2Jb\nc\u202ed é ×')).toBe('a\\x1b[2Jb\\x0ac\\u202ed é ×')
})

test('columns are as wide as their widest cell, and lines end where the text ends', () => {
  expect(
    table(
      ['a', 'b'],
      [
        ['long', ''],
        ['x', 'y'],
      ],
    ),
  ).toBe('a     b\n----  -\nlong\nx     y')
})
