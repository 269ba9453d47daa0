import { externalTensor, innerGraph, message, node, number, picture, text } from './onnx'
import { embedder, labels, onnx, python, script, without, type FaultyPackage, type Files } from './packages'

const tagging = (what: string, files: Files, ...codes: FaultyPackage['codes']): FaultyPackage => ({
  what,
  application: 'AUTO_TAGGING',
  files,
  codes,
})
const embedding = (what: string, files: Files, ...codes: FaultyPackage['codes']): FaultyPackage => ({
  ...tagging(what, files, ...codes),
  application: 'EMBEDDING',
})
const warns = (faulty: FaultyPackage): FaultyPackage => ({ ...faulty, warning: true })
const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 12345\n'
const page = '<!DOCTYPE html><html><body>Sign in</body></html>'

const structure: FaultyPackage[] = [
  tagging('nothing that is known', { 'README.md': 'hello' }, 'structure.kind'),
  {
    ...tagging(
      'inference.py at the top',
      { ...without(python(), 'code/inference.py', 'code/requirements.txt'), 'inference.py': script },
      'structure.misplaced',
    ),
    file: 'inference.py',
    says: 'code/inference.py',
  },
  {
    ...tagging(
      'inference.py in src/',
      { 'src/inference.py': script, 'label_list.yaml': labels, 'w.pt': 'w' },
      'structure.misplaced',
    ),
    file: 'src/inference.py',
  },
  {
    ...tagging(
      'Inference.py',
      { ...without(python(), 'code/inference.py'), 'code/Inference.py': script },
      'structure.case',
    ),
    file: 'code/Inference.py',
    says: 'code/inference.py',
  },
  tagging('Model.onnx', { ...without(onnx(), 'model.onnx'), 'Model.onnx': 'x' }, 'structure.case'),
  tagging('two folders', { 'a/code/inference.py': script, 'b/weights.pt': 'w' }, 'structure.nested'),
  tagging('one folder too deep', { 'a/b/model.onnx': 'x', 'a/b/label_list.yaml': labels }, 'structure.nested'),
  {
    ...tagging('weights alone', { 'best.pt': 'w', 'label_list.yaml': labels }, 'structure.weights-only'),
    says: 'best.pt',
  },
  {
    ...tagging('a graph of another name', { 'yolov8n.onnx': 'x', 'label_list.yaml': labels }, 'structure.graph-name'),
    says: 'model.onnx',
  },
  tagging(
    'a script of another name',
    { ...without(python(), 'code/inference.py'), 'code/predict.py': script },
    'structure.inference',
  ),
  tagging('no script', without(python(), 'code/inference.py'), 'structure.inference'),
  {
    ...tagging('no requirements', without(python(), 'code/requirements.txt'), 'structure.requirements'),
    file: 'code/requirements.txt',
  },
  {
    ...tagging(
      'requirement.txt',
      { ...without(python(), 'code/requirements.txt'), 'code/requirement.txt': '' },
      'structure.requirements',
    ),
    file: 'code/requirement.txt',
    says: 'Rename it',
  },
  {
    ...tagging(
      'requirements at the top',
      { ...without(python(), 'code/requirements.txt'), 'requirements.txt': '' },
      'structure.requirements',
    ),
    file: 'requirements.txt',
  },
  tagging('a tagger without weights', without(python(), 'weights.pt'), 'structure.weights'),
  tagging('a tagger without labels', without(python(), 'label_list.yaml'), 'structure.labels'),
  {
    ...tagging('labels.txt', { ...without(onnx(), 'label_list.yaml'), 'labels.txt': 'red\n' }, 'structure.labels'),
    file: 'labels.txt',
    says: 'label_list:',
  },
  { ...warns(tagging('model.yml', python({ 'model.yml': 'task: detection' }), 'structure.stray')), says: 'model.yaml' },
  {
    ...warns(tagging('a script beside a graph', onnx({ 'inference.py': script }), 'structure.stray')),
    says: 'code/inference.py',
  },
  tagging('a Git LFS pointer for weights', python({ 'weights.pt': pointer }), 'weights.lfs-pointer'),
  tagging('empty weights', python({ 'weights.pt': '' }), 'weights.empty'),
  tagging('a web page for weights', python({ 'weights.pt': page }), 'weights.web-page'),
]

const yaml = (
  what: string,
  content: string | Buffer,
  line: number | undefined,
  ...codes: FaultyPackage['codes']
): FaultyPackage => ({
  ...tagging(what, onnx({ 'model.yaml': content }), ...codes),
  file: 'model.yaml',
  ...(line !== undefined && { line }),
})

const manifest: FaultyPackage[] = [
  yaml('a model.yaml of Latin-1', Buffer.from('description: mod\xe8le', 'latin1'), undefined, 'manifest.encoding'),
  yaml('a model.yaml of UTF-16', Buffer.from('\ufefftask: detection', 'utf16le'), undefined, 'manifest.encoding'),
  yaml('a model.yaml of megabytes', `description: ${'x'.repeat(1_100_000)}`, undefined, 'manifest.too-large'),
  yaml('no YAML', 'task: detection\ninput: [1,\n', 3, 'manifest.yaml'),
  yaml('a key twice', 'task: detection\ntask: detection\n', 2, 'manifest.yaml'),
  yaml('a Python object', 'license: MIT\ndescription: !!python/object/apply:os.system [id]\n', 2, 'manifest.yaml'),
  yaml(
    'aliases that multiply',
    `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [${'*c,'.repeat(9)}]`,
    undefined,
    'manifest.yaml',
  ),
  yaml('a list', '- task: detection', undefined, 'manifest.invalid'),
  { ...yaml('an unknown key', 'task: detection\n\ncolour: rgb\n', 3, 'manifest.invalid'), says: 'colour' },
  {
    ...yaml('an unknown key inside', 'input:\n  size: [64, 64]\n  sizes: [64, 64]\n', 3, 'manifest.invalid'),
    says: 'sizes',
  },
  yaml(
    'three faults, one check each',
    'task: detect\ninput:\n  size: [0, 64]\npython:\n  memoryMiB: -1\n',
    1,
    'manifest.invalid',
    'manifest.invalid',
    'manifest.invalid',
  ),
  yaml('keys that contradict', 'license: MIT\ntask: classification\noutput: yolov8\n', 2, 'manifest.invalid'),
  yaml('labels that leave the package', 'labels: ../../etc/passwd', 1, 'manifest.invalid'),
  {
    ...tagging(
      'a remote endpoint',
      { 'model.yaml': 'remote: { address: "http://x:8001", model: m }' },
      'manifest.remote',
    ),
  },
  yaml('a task of another application', 'task: embedding', undefined, 'manifest.application'),
  {
    ...tagging(
      'a classifier that is to annotate',
      onnx({ 'model.yaml': 'output: classification' }),
      'manifest.application',
    ),
    application: 'AUTO_ANNOTATION',
  },
  embedding('a detector that is to embed', embedder({ 'model.yaml': 'output: yolov8' }), 'manifest.application'),
  warns(yaml('python keys without a script', 'python: { input: png }', undefined, 'manifest.python')),
]

const listOf = (
  what: string,
  content: string | Buffer,
  line: number | undefined,
  ...codes: FaultyPackage['codes']
): FaultyPackage => ({
  ...tagging(what, python({ 'label_list.yaml': content }), ...codes),
  file: 'label_list.yaml',
  ...(line !== undefined && { line }),
})

const labelLists: FaultyPackage[] = [
  tagging(
    'labels in a file that is not there',
    { ...without(onnx(), 'label_list.yaml'), 'model.yaml': 'labels: names.yaml' },
    'labels.file',
  ),
  tagging('two lists that differ', onnx({ 'model.yaml': 'labels: [a, b, c]' }), 'labels.two-lists'),
  warns(tagging('two lists that are one', onnx({ 'model.yaml': 'labels: [red, green, blue]' }), 'labels.two-lists')),
  listOf('labels of Latin-1', Buffer.from('[caf\xe9]', 'latin1'), undefined, 'labels.encoding'),
  listOf('labels of megabytes', `[${'x,'.repeat(600_000)}]`, undefined, 'labels.too-large'),
  listOf('labels that are no YAML', 'label_list:\n  - a\n - b\n', 3, 'labels.yaml'),
  listOf('labels of no shape', 'label_list: red', 1, 'labels.shape'),
  listOf('no label', 'label_list: []', undefined, 'labels.shape'),
  listOf('a gap in the indexes', '0: red\n2: blue\n', 2, 'labels.indexes'),
  listOf('an index twice', 'names:\n  0: red\n  "0": blue\n', 3, 'labels.indexes'),
  listOf('an empty label', 'label_list:\n  - red\n  - ""\n', 3, 'labels.empty-name'),
  listOf('a label that is a list', '- red\n- [green]\n', 2, 'labels.name'),
  listOf('a label without end', `- red\n- ${'g'.repeat(300)}\n`, 2, 'labels.name'),
  listOf(
    'a hundred thousand labels and one',
    `[${Array.from({ length: 100_001 }, (_, i) => i).join(',')}]`,
    1,
    'labels.too-many',
  ),
  { ...listOf('a label twice', 'label_list:\n  - red\n  - green\n  - red\n', 4, 'labels.duplicate'), says: '"red"' },
  warns(listOf('labels that differ in case', '- Red\n- red\n', 2, 'labels.case')),
  {
    ...tagging('more labels than classes', onnx({ 'label_list.yaml': '[a, b, c, d]' }), 'labels.count'),
    says: '3 classes',
  },
  {
    ...tagging(
      'labels for another YOLOv5',
      onnx({}, { outputs: [{ name: 'output', shape: [1, 25200, 85] }] }),
      'labels.count',
    ),
    says: '80 classes',
  },
  {
    ...tagging(
      'labels for another classifier',
      onnx({}, { inputs: [{ name: 'x', shape: [1, 3, 224, 224] }], outputs: [{ name: 'p', shape: [1, 1000] }] }),
      'labels.count',
    ),
    says: '1000 classes',
  },
]

const scriptOf = (
  what: string,
  changes: (text: string) => string,
  line: number | undefined,
  ...codes: FaultyPackage['codes']
): FaultyPackage => ({
  ...tagging(what, python({ 'code/inference.py': changes(script) }), ...codes),
  file: 'code/inference.py',
  ...(line !== undefined && { line }),
})

/** These need Python's parser; without Python the checks are SKIPPED, and a test says so. */
export const faultyScripts: readonly FaultyPackage[] = [
  { ...scriptOf('a syntax error', (text) => `${text}def broken(:\n`, 9, 'inference.syntax'), says: 'def broken(:' },
  scriptOf('Python 2', (text) => `${text}print "x"\n`, 9, 'inference.syntax'),
  scriptOf('a NUL byte', (text) => `${text}\0`, undefined, 'inference.syntax'),
  tagging(
    'a script of UTF-16',
    python({ 'code/inference.py': Buffer.from(`\ufeff${script}`, 'utf16le') }),
    'inference.syntax',
  ),
  tagging(
    'a script of undeclared Latin-1',
    python({ 'code/inference.py': Buffer.from('x = "caf\xe9"\n' + script, 'latin1') }),
    'inference.syntax',
  ),
  scriptOf(
    'brackets fifty thousand deep',
    (text) => `${text}x = ${'('.repeat(50_000)}${')'.repeat(50_000)}\n`,
    9,
    'inference.syntax',
  ),
  scriptOf('signs fifty thousand deep', (text) => `${text}x = ${'-'.repeat(50_000)}1\n`, undefined, 'inference.parser'),
  scriptOf('a sum of half a million', (text) => `${text}x = ${'1+'.repeat(500_000)}1\n`, undefined, 'inference.parser'),
  {
    ...scriptOf('no predict_fn', (text) => text.replace('predict_fn', 'predict'), undefined, 'inference.missing'),
    says: 'def predict_fn(input_data, model):',
  },
  scriptOf(
    'functions in a class',
    (text) => `class Model:\n${text.replace(/^/gm, '    ')}\n`,
    undefined,
    'inference.missing',
    'inference.missing',
    'inference.missing',
    'inference.missing',
  ),
  {
    ...scriptOf(
      'a parameter too few',
      (text) => text.replace('input_data, model', 'input_data'),
      5,
      'inference.signature',
    ),
    says: 'called with 2 arguments',
  },
  scriptOf(
    'a parameter too many',
    (text) => text.replace('(model_dir)', '(model_dir, context)'),
    1,
    'inference.signature',
  ),
  scriptOf(
    'a parameter by keyword',
    (text) => text.replace('input_data, model', 'input_data, model, *, device'),
    5,
    'inference.signature',
  ),
  scriptOf('a lambda of one', (text) => `${text}output_fn = lambda prediction: prediction\n`, 9, 'inference.signature'),
  {
    ...scriptOf(
      'an async function',
      (text) => text.replace('def predict_fn', 'async def predict_fn'),
      5,
      'inference.async',
    ),
    says: 'async',
  },
  scriptOf(
    'a class for a function',
    (text) => text.replace('def model_fn(model_dir):', 'class model_fn:'),
    1,
    'inference.class',
  ),
  warns(
    scriptOf(
      'a function from elsewhere',
      (text) => `${text.replace('def model_fn', 'def load')}from helpers import model_fn\n`,
      9,
      'inference.unseen',
    ),
  ),
  warns(
    scriptOf(
      'a function made by a call',
      (text) => `${text.replace('def model_fn', 'def load')}model_fn = wrap(load)\n`,
      9,
      'inference.unseen',
    ),
  ),
  warns(
    scriptOf(
      'a function behind import *',
      (text) => `from helpers import *\n${text.replace('def model_fn', 'def load')}`,
      undefined,
      'inference.unseen',
    ),
  ),
  warns(
    scriptOf(
      'a function twice',
      (text) => `${text}${text.split('\n').slice(0, 2).join('\n')}\n`,
      9,
      'inference.redefined',
    ),
  ),
]

const lines = (
  what: string,
  content: string | Buffer,
  line: number | undefined,
  ...codes: FaultyPackage['codes']
): FaultyPackage => ({
  ...tagging(what, python({ 'code/requirements.txt': content }), ...codes),
  file: 'code/requirements.txt',
  ...(line !== undefined && { line }),
})

const requirements: FaultyPackage[] = [
  lines('requirements of UTF-16', Buffer.from('\ufeffnumpy==2.1.3\n', 'utf16le'), undefined, 'requirements.encoding'),
  lines('requirements of megabytes', '#'.repeat(1_100_000), undefined, 'requirements.too-large'),
  lines(
    'a thousand requirements and one',
    Array.from({ length: 1001 }, (_, i) => `p${i}==1`).join('\n'),
    1001,
    'requirements.too-many',
  ),
  lines('a sentence', 'numpy==2.1.3\nplease install torch\n', 2, 'requirements.syntax'),
  { ...lines('one equals sign', 'numpy=2.1.3\n', 1, 'requirements.syntax'), says: 'two equals signs' },
  lines('a marker that is none', 'numpy==2.1.3 ; python == 3\n', 1, 'requirements.syntax'),
  lines('another index', 'numpy==2.1.3\n\n--index-url https://evil.example/simple\n', 3, 'requirements.source'),
  lines('one more index', '--extra-index-url=https://evil.example/simple\nnumpy==2.1.3', 1, 'requirements.source'),
  lines('an index in short', '-i https://evil.example/simple\n', 1, 'requirements.source'),
  lines('links to look in', '--find-links /srv/wheels\n', 1, 'requirements.source'),
  lines('a host to be trusted', '--trusted-host evil.example\n', 1, 'requirements.source'),
  lines('an editable install', '-e .\n', 1, 'requirements.source'),
  lines('another file of requirements', '-r ../../etc/passwd\n', 1, 'requirements.source'),
  lines('constraints', '-c constraints.txt\n', 1, 'requirements.source'),
  lines('git', 'git+https://github.com/x/y.git@main\n', 1, 'requirements.source'),
  lines('an address', 'https://evil.example/x-1.0-py3-none-any.whl\n', 1, 'requirements.source'),
  lines('a direct reference', 'numpy @ https://evil.example/numpy.whl\n', 1, 'requirements.source'),
  lines('a file of the machine', 'numpy @ file:///srv/numpy.whl\n', 1, 'requirements.source'),
  lines('a folder of the machine', './vendored/thing\n', 1, 'requirements.source'),
  lines('a wheel beside it', 'vendored.whl\n', 1, 'requirements.source'),
  {
    ...lines(
      'an option behind a joined line',
      'numpy==2.1.3 \\\n  ; python_version > "3"\n--index-url x\n',
      3,
      'requirements.source',
    ),
  },
  lines('an option of the installer', '--no-binary :all:\n', 1, 'requirements.option'),
  lines('an option of one requirement', 'numpy==2.1.3 --global-option=build\n', 1, 'requirements.option'),
  lines('a value of the environment', 'numpy==${SECRET}\n', 1, 'requirements.variable'),
  lines('half a hash', 'numpy==2.1.3 --hash=sha256:abc\n', 1, 'requirements.hash'),
  warns(lines('a distribution twice', 'numpy==2.1.3\nNumPy==2.1.2\n', 2, 'requirements.duplicate')),
  warns({
    ...lines('a version left open', 'numpy>=2\npillow\n', undefined, 'requirements.unpinned'),
    says: 'numpy, pillow',
  }),
]

const graphOf = (what: string, files: Files, ...codes: FaultyPackage['codes']): FaultyPackage =>
  tagging(what, files, ...codes)
const outputs = (...shapes: number[][]): Files =>
  onnx({}, { outputs: shapes.map((shape, i) => ({ name: `output${i}`, shape })) })
const withGraph = (content: string | Buffer): Files => onnx({ 'model.onnx': content })
const whole = onnx()['model.onnx'] as Buffer
const classifierInput = [{ name: 'x', shape: [1, 3, 224, 224] }]

const graphs: FaultyPackage[] = [
  graphOf('an empty graph', withGraph(''), 'onnx.empty'),
  graphOf('a Git LFS pointer for a graph', withGraph(pointer), 'onnx.lfs-pointer'),
  graphOf('a web page for a graph', withGraph(page), 'onnx.web-page'),
  graphOf('a text for a graph', withGraph('models/yolov8n.onnx\n'), 'onnx.text'),
  graphOf(
    'a PyTorch checkpoint for a graph',
    withGraph(Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(500)])),
    'onnx.other-format',
  ),
  graphOf('bytes for a graph', withGraph(Buffer.alloc(4096, 0xff)), 'onnx.malformed'),
  graphOf('protobuf without a graph', withGraph(Buffer.concat([number(1, 8), text(2, 'producer')])), 'onnx.malformed'),
  graphOf('half a graph', withGraph(whole.subarray(0, whole.length - 20)), 'onnx.truncated'),
  graphOf('a graph in a graph in a graph', withGraph(nestedGraphs(200)), 'onnx.too-complex'),
  {
    ...graphOf(
      'weights beside it',
      onnx({ 'weights.bin': 'w' }, { more: [externalTensor('weights.bin')] }),
      'onnx.external-data',
    ),
    says: 'weights.bin',
  },
  graphOf('weights elsewhere', onnx({}, { more: [externalTensor('../../../etc/passwd')] }), 'onnx.external-data'),
  graphOf(
    'weights of a constant beside it',
    onnx(
      {},
      {
        nodes: [
          node(
            'Constant',
            '',
            message(5, text(1, 'value'), message(5, message(13, text(1, 'location'), text(2, 'w')), number(14, 1))),
          ),
        ],
      },
    ),
    'onnx.external-data',
  ),
  graphOf('a format of the future', onnx({}, { irVersion: 99 }), 'onnx.ir-version'),
  graphOf('no opset', onnx({}, { opset: null }), 'onnx.opset-missing'),
  graphOf('an opset of the past', onnx({}, { opset: 6 }), 'onnx.opset-old'),
  graphOf('an opset of the future', onnx({}, { opset: 27 }), 'onnx.opset-new'),
  {
    ...graphOf(
      'a library of its own',
      onnx({}, { nodes: [node('Relu'), node('NMSRotated', 'mmdeploy')], domains: { mmdeploy: 1 } }),
      'onnx.domain',
    ),
    says: 'mmdeploy',
  },
  graphOf(
    'a library of its own in an inner graph',
    onnx({}, { nodes: [node('If', '', innerGraph(node('Hidden', 'evil')))], domains: { evil: 1 } }),
    'onnx.domain',
  ),
  graphOf('an operator that does not exist', onnx({}, { nodes: [node('Relux')] }), 'onnx.operator'),
  {
    ...graphOf('an operator of a later opset', onnx({}, { nodes: [node('Gelu')], opset: 17 }), 'onnx.operator'),
    says: 'Gelu',
  },
  graphOf('an operator of an earlier opset', onnx({}, { nodes: [node('Upsample')], opset: 17 }), 'onnx.operator'),
  {
    ...graphOf('YOLOv5 or YOLOX', outputs([-1, -1, 8]), 'onnx.output-unclear'),
    says: '`output: yolov5` or `output: yolox`',
  },
  graphOf('an answer of five dimensions', outputs([1, 3, 80, 80, 8]), 'onnx.output-unknown'),
  graphOf(
    'no answer in float32',
    onnx({}, { outputs: [{ name: 'y', type: 'float16', shape: [1, 7, 8400] }] }),
    'onnx.output-unknown',
  ),
  graphOf(
    'an answer that is not the declared one',
    onnx({ 'model.yaml': 'output: ssd\ninput: { scale: 1 }' }),
    'onnx.output-unknown',
  ),
  graphOf(
    'a segmenter',
    onnx(
      {},
      {
        outputs: [
          { name: 'a', shape: [1, 39, 8400] },
          { name: 'b', shape: [1, 32, 160, 160] },
        ],
      },
    ),
    'onnx.output-unsupported',
  ),
  {
    ...graphOf(
      'a crop for a detector',
      onnx({ 'model.yaml': 'output: yolov8\ninput: { resize: crop }' }),
      'onnx.output-unsupported',
    ),
    file: 'model.yaml',
  },
  embedding(
    'two vectors',
    embedder(
      {},
      {
        outputs: [
          { name: 'a', shape: [1, 8] },
          { name: 'b', shape: [1, 9] },
        ],
      },
    ),
    'onnx.tensor-unclear',
  ),
  embedding(
    'no vector in float32',
    embedder({}, { outputs: [{ name: 'a', type: 'int64', shape: [1, 8] }] }),
    'onnx.tensor-unclear',
  ),
  {
    ...embedding(
      'tokens',
      embedder({}, { outputs: [{ name: 'tokens', shape: [1, 197, 768] }] }),
      'onnx.pooling-unclear',
    ),
    says: '`pooling: cls`',
  },
  {
    ...embedding('a map', embedder({}, { outputs: [{ name: 'map', shape: [1, 512, 7, 7] }] }), 'onnx.pooling-unclear'),
    says: '`pooling: mean`',
  },
  {
    ...embedding(
      'a vector of another length',
      embedder({ 'model.yaml': 'tensor: features\nvectorDimension: 2048' }),
      'onnx.vector-dimension',
    ),
    says: 'vectorDimension: 512',
  },
  graphOf('two inputs', onnx({}, { inputs: [picture, { name: 'im_shape', shape: [1, 2] }] }), 'onnx.input-count'),
  graphOf('no input', onnx({}, { inputs: [] }), 'onnx.input-count'),
  {
    ...graphOf('half precision', onnx({}, { inputs: [{ ...picture, type: 'float16' }] }), 'onnx.input-type'),
    says: 'single precision',
  },
  {
    ...graphOf('bytes in', onnx({}, { inputs: [{ ...picture, type: 'uint8' }] }), 'onnx.input-type'),
    says: 'format: uint8',
  },
  {
    ...graphOf(
      'an SSD of floats that leaves their scale open',
      onnx(
        {},
        {
          inputs: [{ name: 'x', shape: [1, 3, 64, 64] }],
          outputs: [
            { name: 'boxes', shape: [1, 9, 4] },
            { name: 'labels', type: 'int64', shape: [1, 9] },
            { name: 'scores', shape: [1, 9] },
          ],
        },
      ),
      'onnx.input-unsaid',
    ),
    says: 'input: { scale:',
  },
  graphOf('one side fixed', onnx({}, { inputs: [{ name: 'x', shape: [1, 3, 64, -1] }] }), 'onnx.input-size'),
  graphOf('grey pictures', onnx({}, { inputs: [{ name: 'x', shape: [1, 1, 64, 64] }] }), 'onnx.input-shape'),
  {
    ...graphOf('channels last', onnx({}, { inputs: [{ name: 'x', shape: [1, 64, 64, 3] }] }), 'onnx.input-shape'),
    says: 'layout: nhwc',
  },
  graphOf('a batch of eight', onnx({}, { inputs: [{ name: 'x', shape: [8, 3, 64, 64] }] }), 'onnx.input-shape'),
  graphOf(
    'two sizes',
    onnx({ 'model.yaml': 'input: { size: [32, 32] }' }, { inputs: [{ name: 'x', shape: [1, 3, 64, 64] }] }),
    'onnx.input-size',
  ),
  {
    ...embedding('a size left open', embedder({}, { inputs: [picture] }), 'onnx.input-size'),
    says: 'size: [224, 224]',
  },
  graphOf('a classifier’s size left open', onnx({}, { outputs: [{ name: 'p', shape: [1, 3] }] }), 'onnx.input-size'),
  {
    ...graphOf(
      'a classifier that is to annotate',
      onnx({}, { inputs: classifierInput, outputs: [{ name: 'p', shape: [1, 3] }] }),
      'manifest.application',
    ),
    application: 'AUTO_ANNOTATION',
  },
]

function nestedGraphs(depth: number): Buffer {
  let body = node('Relu')
  for (let i = 0; i < depth; i++) body = node('If', '', innerGraph(body))
  return Buffer.concat([number(1, 8), message(7, body, text(2, 'deep')), message(8, number(2, 17))])
}

export const faultyPackages: readonly FaultyPackage[] = [
  ...structure,
  ...manifest,
  ...labelLists,
  ...requirements,
  ...graphs,
]
