import { readRange } from './byteRange'

test.each([
  ['bytes=0-0', 10, { start: 0, end: 0 }],
  ['bytes=2-5', 10, { start: 2, end: 5 }],
  ['bytes=2-', 10, { start: 2, end: 9 }],
  ['bytes=2-999999999999999', 10, { start: 2, end: 9 }],
  ['bytes=-3', 10, { start: 7, end: 9 }],
  ['bytes=-30', 10, { start: 0, end: 9 }],
  [' bytes=9-9 ', 10, { start: 9, end: 9 }],
  ['bytes=10-', 10, 'none'],
  ['bytes=10-20', 10, 'none'],
  ['bytes=-0', 10, 'none'],
  ['bytes=0-', 0, 'none'],
  ['bytes=-5', 0, 'none'],
  [undefined, 10, 'all'],
  ['', 10, 'all'],
  ['bytes=', 10, 'all'],
  ['bytes=-', 10, 'all'],
  ['bytes=5-2', 10, 'all'],
  ['bytes=0-1,4-5', 10, 'all'],
  ['bytes=a-b', 10, 'all'],
  ['bytes=1e3-', 10, 'all'],
  ['bytes=--5', 10, 'all'],
  ['bytes=0-99999999999999999999', 10, 'all'],
  ['items=0-1', 10, 'all'],
])('%j of %i bytes', (header, byteSize, expected) => {
  expect(readRange(header, byteSize)).toEqual(expected)
})
