import { parseRequirements } from './parseRequirements'

test('requirements come out in one way of writing', () => {
  const text = [
    '# what the model imports',
    'NumPy == 2.1.3',
    'opencv_python.headless[GUI, foo] >= 4, < 5  # a comment',
    'onnxruntime (==1.20.0)',
    "typing-extensions ; python_version<'3.11' and (sys_platform == 'linux' or extra=='x')",
    'torch==2.5.1+cpu',
    'pillow ~= 11.0',
    'scipy == 1.*',
    'legacy===whatever.it-is',
    'a==1!2.0.post1.dev3',
    'joined==1.0 \\',
    '    --hash=sha256:' + 'a'.repeat(64) + ' \\',
    '    --hash=sha256:' + 'b'.repeat(64),
    '',
  ].join('\r\n')
  expect(parseRequirements(text)).toEqual({
    requirements: [
      'numpy==2.1.3',
      'opencv-python-headless[foo,gui]<5,>=4',
      'onnxruntime==1.20.0',
      "typing-extensions ; python_version < '3.11' and ( sys_platform == 'linux' or extra == 'x' )",
      'torch==2.5.1+cpu',
      'pillow~=11.0',
      'scipy==1.*',
      'legacy===whatever.it-is',
      'a==1!2.0.post1.dev3',
      `joined==1.0 --hash=sha256:${'a'.repeat(64)} --hash=sha256:${'b'.repeat(64)}`,
    ],
    faults: [],
    duplicates: [],
    unpinned: ['opencv-python-headless', 'typing-extensions', 'pillow', 'scipy'],
  })
})

test.each(['', '\n\n', '# nothing\n', '   \n# nothing'])('%j asks for nothing', (text) => {
  expect(parseRequirements(text)).toEqual({ requirements: [], faults: [], duplicates: [], unpinned: [] })
})

test.each([
  'numpy==',
  'numpy>=1.x',
  'numpy~=1',
  'numpy>=1.*',
  'numpy==1,',
  'numpy 2',
  '-numpy',
  'numpy[a b]',
  'numpy[,]',
  'numpy ;',
  'numpy ; python_version',
  'numpy ; python_version > 3',
  "numpy ; (python_version > '3'",
  "numpy ; python_version > '3')",
  "numpy ; python_version > '3' and",
  "numpy ; __import__('os').system('id')",
  'numpy; extra == "a" or or extra == "b"',
  'import numpy',
  'numpy\u200b==1',
])('%j is not a requirement', (line) => {
  const { requirements, faults } = parseRequirements(`pillow==1\n${line}\n`)
  expect(requirements).toEqual(['pillow==1'])
  expect(faults).toEqual([expect.objectContaining({ line: 2 })])
})

test('the same distribution under other conditions is no duplicate', () => {
  const text = "x==1 ; sys_platform == 'linux'\nx==2 ; sys_platform == 'darwin'\nX==2 ; sys_platform=='darwin'\n"
  expect(parseRequirements(text).duplicates).toEqual([{ line: 3, name: 'x' }])
})

test('configured, sources pass as they are written, and everything else is judged as before', () => {
  const { requirements, faults } = parseRequirements(
    '--extra-index-url   https://a.example\ngit+https://a.example/x.git\n--no-binary :all:\nnumpy==${X}\n',
    { allowedRequirementSources: true },
  )
  expect(requirements).toEqual(['--extra-index-url https://a.example', 'git+https://a.example/x.git'])
  expect(faults.map(({ code, line }) => [code, line])).toEqual([
    ['requirements.option', 3],
    ['requirements.variable', 4],
  ])
})

test('no line makes the patterns slow', () => {
  const started = performance.now()
  for (const count of [16_000, 500_000]) {
    const lines = [
      'a'.repeat(count),
      `a[${','.repeat(count)}`,
      `a==${'1.'.repeat(count / 2)}`,
      `a==1${'-1'.repeat(count / 2)}`,
    ]
    lines.push(
      `a;${'('.repeat(count)}`,
      `a;${"''=='' and ".repeat(count / 11)}`,
      ' #'.repeat(count),
      `a${' '.repeat(count)}b`,
    )
    lines.push(
      `a@${' '.repeat(count)}`,
      `${'./'.repeat(count / 2)}`,
      `${'a.'.repeat(count / 2)}`,
      `a${'\\\n'.repeat(count)}`,
    )
    for (const line of lines) parseRequirements(line)
  }
  // Each pattern takes some milliseconds; one that backtracks took minutes.
  expect(performance.now() - started).toBeLessThan(3_000)
})
