import { parseLabelList, readLabelList } from './labels'

test.each([
  ['label_list: [a, b]', ['a', 'b']],
  ['[a, b]', ['a', 'b']],
  ['- a\n- 7\n', ['a', '7']],
  ['0: a\n1: b', ['a', 'b']],
  ['names: {1: b, 0: a}', ['a', 'b']],
  ['label_list:\n  - " padded "\n  - true', ['padded', 'true']],
])('labels written %j', (text, labels) => {
  expect(parseLabelList(text)).toEqual(labels)
})

test.each([
  '',
  '{}',
  '[]',
  'label_list: 3',
  '0: a\n2: c',
  'label_list: [[a]]',
  'a: &a [x]\nlabel_list: {0: *a}',
  'just words',
  'label_list: [a',
  '- !!python/object:os.system x',
  '---\n[a]\n---\n[b]',
])('labels written %j are refused', (text) => {
  expect(() => parseLabelList(text)).toThrow()
})

// A quarter of what is read at most. Built by a parser that recurses, some of them end the process; with its own checks, others take minutes.
const length = 256 * 1024
test.each([
  ['brackets never closed', '['.repeat(length), 1],
  ['brackets in brackets', '['.repeat(length / 2) + ']'.repeat(length / 2), 1],
  ['lists in lists', '- '.repeat(length / 2), 1],
  ['keys of keys', '? '.repeat(length / 2), 1],
  ['maps in maps', Array.from({ length: 1_400 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'), 64],
  ['a node of many tags', '!!a '.repeat(length / 4), 1],
  ['a node of many anchors', '&a '.repeat(length / 4), 1],
  ['a key many times', 'a: b\n'.repeat(length / 5), 2],
])('hostile YAML is refused in no time: %s', (_, text, line) => {
  const started = performance.now()
  expect(readLabelList(text).faults).toEqual([expect.objectContaining({ code: 'labels.yaml', line })])
  expect(performance.now() - started).toBeLessThan(20_000)
})

test('a hundred thousand labels by index are read in no time', () => {
  const started = performance.now()
  const text = Array.from({ length: 100_000 }, (_, index) => `${index}: c${index}`).join('\n')
  expect(readLabelList(text)).toMatchObject({ faults: [] })
  expect(performance.now() - started).toBeLessThan(20_000)
})

test('a name with half a character is no name', () => {
  expect(readLabelList('["a\\ud800", b]').faults).toEqual([expect.objectContaining({ code: 'labels.name' })])
})

test('every faulty label is told with its line', () => {
  const { labels, lines, faults } = readLabelList('label_list:\n  - cat\n  -\n  - [x]\n  - "a\\tb"\n')
  expect(labels[0]).toBe('cat')
  expect(lines).toEqual([2, 3, 4, 5])
  expect(faults).toEqual([
    { code: 'labels.empty-name', message: 'label 1 is empty', line: 3 },
    { code: 'labels.name', message: 'label 2 is not a name', line: 4 },
    { code: 'labels.name', message: 'label 3 is a name with control characters', line: 5 },
  ])
})

test('aliases that multiply are refused before they are', () => {
  const laughs = ['a: &a [x, x, x, x, x, x, x, x, x]']
  for (let i = 1; i < 9; i++) {
    const before = `*${String.fromCharCode(96 + i)}`
    const own = String.fromCharCode(97 + i)
    laughs.push(`${own}: &${own} [${Array(9).fill(before).join(', ')}]`)
  }
  expect(readLabelList(laughs.join('\n')).faults).toEqual([expect.objectContaining({ code: 'labels.yaml' })])
})
