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
