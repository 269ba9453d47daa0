import { type LakeError, isLakeError } from '@lakelens/kernel'
import { type ParsedDetection, type Reading, parseDetections, parseEmbedding } from './parseAnswer'
import { type Value, readValue } from './values'

const tagging: Reading = {
  application: 'AUTO_TAGGING',
  labels: ['cat', 'dog', 'bird'],
  picture: { width: 200, height: 100 },
  boxes: 'pixels',
  activation: 'none',
  confidenceThreshold: 0.5,
  classThresholds: null,
  maxDetections: 100,
}
const annotation: Reading = { ...tagging, application: 'AUTO_ANNOTATION' }

const value = (tree: unknown): Value => readValue(tree, new Uint8Array())
/** As numpy's arrays and tensors arrive. */
const array = (type: 'f4' | 'f8' | 'u1' | 'i4', shape: number[], numbers: readonly number[]): Value => {
  const typed = { f4: Float32Array, f8: Float64Array, u1: Uint8Array, i4: Int32Array }[type].from(numbers)
  return readValue({ $: [type, shape, 0] }, new Uint8Array(typed.buffer))
}
const dict = (fields: Record<string, Value | unknown>): Value => ({
  fields: new Map(
    Object.entries(fields).map(([key, entry]) => [
      key,
      typeof entry === 'object' && entry !== null && ('shape' in entry || 'fields' in entry)
        ? (entry as Value)
        : value(entry),
    ]),
  ),
})

const rounded = (found: ParsedDetection[]): unknown[] =>
  found.map(({ label, confidence, box }) => [
    label,
    Number(confidence.toFixed(4)),
    box && [box.x, box.y, box.width, box.height].map((side) => Number(side.toFixed(4))),
  ])
const read = (fields: Record<string, unknown>, reading: Partial<Reading> = {}): unknown[] =>
  rounded(parseDetections(dict(fields), { ...tagging, ...reading }))

const cat = ['cat', 0.9, [0.1, 0.2, 0.2, 0.5]]
const dog = ['dog', 0.6, [0.5, 0, 0.5, 1]]
const boxes = [
  [100, 0, 200, 100],
  [20, 20, 60, 70],
]

describe('what is read', () => {
  test.each<[string, Record<string, unknown>, Partial<Reading>?]>([
    ['N × 4, scores and class numbers', { boxes, probs: [0.6, 0.9], classes: [1, 0] }],
    ['N × 4, scores and labels', { boxes, probs: [0.6, 0.9], labels: ['dog', 'cat'] }],
    ['scores in a column', { boxes, probs: [[0.6], [0.9]], labels: ['dog', 'cat'] }],
    [
      'N × 4, N × C',
      {
        boxes,
        probs: [
          [0.1, 0.6, 0.3],
          [0.9, 0.1, 0],
        ],
      },
    ],
    [
      'N × 6',
      {
        boxes: [
          [100, 0, 200, 100, 0.6, 1],
          [20, 20, 60, 70, 0.9, 0],
        ],
      },
    ],
    [
      'arrays as numpy gives them',
      {
        boxes: array('f4', [2, 4], boxes.flat()),
        probs: array('f4', [2], [0.6, 0.9]),
        classes: array('i4', [2], [1, 0]),
      },
    ],
    [
      'a batch of one',
      {
        boxes: array('f8', [1, 2, 4], boxes.flat()),
        probs: array('f8', [1, 2, 3], [0.1, 0.6, 0.3, 0.9, 0, 0]),
      },
    ],
    [
      'a list of arrays',
      {
        boxes: value([boxes[0], boxes[1]]),
        probs: [0.6, 0.9],
        class_ids: array('f8', [2], [1, 0]),
      },
    ],
    [
      'dicts with box, score and label',
      {
        boxes: [
          { box: boxes[0], score: 0.6, label: 'dog' },
          { bbox: boxes[1], confidence: 0.9, name: 'cat' },
        ],
      },
    ],
    [
      'dicts with corners by name, and class numbers',
      {
        boxes: [
          { x1: 100, y1: 0, x2: 200, y2: 100, prob: 0.6, class: 1 },
          { box: { xmin: 20, ymin: 20, xmax: 60, ymax: 70 }, prob: 0.9, class_id: 0 },
        ],
      },
    ],
    [
      'dicts with their scores beside them',
      { boxes: [{ box: boxes[0] }, { box: boxes[1] }], probs: [0.6, 0.9], labels: [1, 0] },
    ],
    [
      'fractions, where the manifest says so',
      {
        boxes: [
          [0.5, 0, 1, 1],
          [0.1, 0.2, 0.3, 0.7],
        ],
        probs: [0.6, 0.9],
        classes: [1, 0],
      },
      { boxes: 'normalized' },
    ],
    [
      'logits, where the manifest says sigmoid',
      { boxes, probs: [Math.log(0.6 / 0.4), Math.log(9)], classes: [1, 0] },
      { activation: 'sigmoid' },
    ],
    [
      'logits, where the manifest says softmax',
      {
        boxes,
        probs: [
          [0, Math.log(3), Math.log(1)],
          [Math.log(18), 0, 0],
        ],
      },
      { activation: 'softmax' },
    ],
  ])('%s', (_, fields, reading = {}) => {
    expect(read(fields, reading)).toEqual([cat, dog])
  })

  test('phrases are labels of auto annotation, whatever the label list holds', () => {
    const answer = dict({ boxes, masks: null, logits: [0.6, 0.9], phrases: [' a red hat ', 'shoe'] })
    expect(rounded(parseDetections(answer, annotation))).toEqual([
      ['shoe', 0.9, cat[2]],
      ['a red hat', 0.6, dog[2]],
    ])
  })

  test('nothing found is a result', () => {
    expect(read({ boxes: [], masks: [], probs: [] })).toEqual([])
    expect(read({ boxes: array('f4', [0, 4], []), probs: array('f4', [0], []) })).toEqual([])
    expect(read({ boxes: array('f4', [0, 6], []) })).toEqual([])
    expect(rounded(parseDetections(dict({ boxes: [], masks: [], logits: [], phrases: [] }), annotation))).toEqual([])
  })

  test('scores without boxes are of the picture as a whole', () => {
    expect(read({ probs: [0.2, 0.7, 0.9] })).toEqual([
      ['bird', 0.9, null],
      ['dog', 0.7, null],
    ])
    expect(read({ boxes: null, masks: null, probs: [[0.2, 0.7, 0.1]] })).toEqual([['dog', 0.7, null]])
    expect(read({ probs: [0.8], labels: ['bird'] })).toEqual([['bird', 0.8, null]])
  })

  test('the threshold and the limit are ours; 0.7 as a float32 passes 0.7', () => {
    const fields = { boxes, probs: array('f4', [2], [0.7, 0.9]), classes: [1, 0] }
    expect(read(fields, { confidenceThreshold: 0.7 })).toHaveLength(2)
    expect(read(fields, { confidenceThreshold: 0.71 })).toHaveLength(1)
    expect(read(fields, { maxDetections: 1 })).toEqual([cat])
    expect(read({ boxes, probs: [0, 0.9], classes: [1, 0] }, { confidenceThreshold: 0 })).toEqual([cat])
  })

  test('single labels are wanted, or have thresholds, before the limit', () => {
    const fields = { boxes, probs: [0.6, 0.9], classes: [1, 0] }
    const dogsOnly = [Infinity, 0.5, Infinity]
    expect(read(fields, { classThresholds: dogsOnly, maxDetections: 1 })).toEqual([['dog', 0.6, expect.anything()]])
    expect(read(fields, { classThresholds: [0.95, 0.7, 0] })).toEqual([])
    expect(read(fields, { confidenceThreshold: 0.5, classThresholds: [0.95, 0.5, 0.5] })).toHaveLength(1)
    expect(read({ probs: [0.2, 0.7, 0.9] }, { classThresholds: [0.1, Infinity, Infinity] })).toEqual([
      ['cat', 0.2, null],
    ])
  })

  test('boxes are clipped to the picture; one without area, or beside it, is left out', () => {
    const reaching = [
      [-20, -10, 100, 50],
      [60, 20, 60, 70],
      [210, 10, 220, 20],
    ]
    expect(read({ boxes: reaching, probs: [0.9, 0.9, 0.9], classes: [0, 0, 0] })).toEqual([
      ['cat', 0.9, [0, 0, 0.5, 0.5]],
    ])
  })
})

describe('masks', () => {
  const size = { width: 4, height: 3 }
  const one = { picture: size, labels: ['thing'] }
  // Columns 1 and 2 of rows 1 and 2.
  const bitmap = [0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0]
  const found = [['thing', 0.9, [0.25, 0.3333, 0.5, 0.6667]]]
  test.each<[string, unknown]>([
    ['N × H × W', array('u1', [1, 3, 4], bitmap)],
    [
      'N × 1 × H × W, scores',
      array(
        'f4',
        [1, 1, 3, 4],
        bitmap.map((x) => x * 0.7 + 0.1),
      ),
    ],
    ['lists of lists', [[bitmap.slice(0, 4), bitmap.slice(4, 8), bitmap.slice(8)]]],
    ['RLE as a list', [{ size: [3, 4], counts: [4, 2, 1, 2, 3] }]],
    ['RLE as pycocotools compresses it', [{ size: [3, 4], counts: '42102' }]],
    ['polygons, flat', [[1, 1, 3, 1, 3, 3, 1, 3]]],
    [
      'polygons of points',
      [
        [
          [1, 1],
          [3, 1],
          [3, 3],
        ],
      ],
    ],
    [
      'several polygons an object',
      [
        [
          [1, 1, 2, 1, 2, 3],
          [2, 2, 3, 2, 3, 3, 2, 3],
        ],
      ],
    ],
  ])('%s give the boxes where there are none', (_, masks) => {
    expect(read({ masks, probs: [0.9] }, one)).toEqual(found)
  })

  test('an empty mask is an object nobody saw; a box of the answer is believed before its mask', () => {
    expect(
      read({ masks: array('u1', [2, 3, 4], [...bitmap, ...bitmap.map(() => 0)]), probs: [0.9, 0.8] }, one),
    ).toEqual(found)
    expect(read({ boxes: [[0, 0, 4, 3]], masks: array('u1', [1, 3, 4], bitmap), probs: [0.9] }, one)).toEqual([
      ['thing', 0.9, [0, 0, 1, 1]],
    ])
  })

  test('RLE goes on from column to column', () => {
    const { masks } = { masks: [{ size: [3, 4], counts: [2, 2, 8] }] }
    expect(read({ masks, probs: [0.9] }, one)).toEqual([['thing', 0.9, [0, 0, 0.5, 1]]])
  })

  test('bitmaps are in pixels also where boxes are fractions', () => {
    expect(read({ masks: array('u1', [1, 3, 4], bitmap), probs: [0.9] }, { ...one, boxes: 'normalized' })).toEqual(
      found,
    )
  })
})

const refusal = (parse: () => unknown): LakeError => {
  try {
    parse()
  } catch (error) {
    if (isLakeError(error)) return error
    throw error
  }
  throw new Error('It was read.')
}

describe('what is refused, by name', () => {
  const scores = { probs: [0.6, 0.9], classes: [1, 0] }
  test.each<[string, Record<string, unknown>, string, RegExp, Partial<Reading>?]>([
    ['no boxes', { score: 3 }, 'ANSWER_KEY_MISSING', /no `boxes`, only `score`/],
    ['nothing at all', {}, 'ANSWER_KEY_MISSING', /an empty dict/],
    ['boxes of five columns', { boxes: [[1, 2, 3, 4, 5]], ...scores }, 'ANSWER_SHAPE', /N × 4.*N × 6/],
    ['one box that is no list of boxes', { boxes: [1, 2, 3, 4], ...scores }, 'ANSWER_SHAPE', /`boxes` is/],
    [
      'ragged boxes',
      {
        boxes: [
          [1, 2, 3, 4],
          [1, 2],
        ],
        ...scores,
      },
      'ANSWER_SHAPE',
      /`boxes` is a list of 2/,
    ],
    ['a string', { boxes: 'none', ...scores }, 'ANSWER_SHAPE', /a string/],
    ['dicts without corners', { boxes: [{ score: 0.5, label: 'cat' }] }, 'ANSWER_SHAPE', /x1/],
    [
      'dicts of which one lacks its score',
      { boxes: [{ box: boxes[0], score: 1 }, { box: boxes[1] }] },
      'ANSWER_SHAPE',
      /score/,
    ],
    ['dicts without labels', { boxes: [{ box: boxes[0], score: 0.5 }] }, 'ANSWER_SHAPE', /boxes\[\]\.label/],
    ['no scores', { boxes }, 'ANSWER_SHAPE', /`probs` is missing/],
    ['scores without classes', { boxes, probs: [0.5, 0.5] }, 'ANSWER_SHAPE', /without their classes/],
    [
      'N × C of another C',
      {
        boxes,
        probs: [
          [0.5, 0.5],
          [1, 0],
        ],
      },
      'ANSWER_SHAPE',
      /2 × 2, and there are 3 labels/,
    ],
    [
      'fewer scores than boxes',
      { boxes, probs: [0.5], classes: [0] },
      'ANSWER_LENGTHS_DIFFER',
      /2 boxes and 1 `probs`/,
    ],
    ['fewer labels than scores', { boxes, probs: [0.5, 0.5], labels: ['cat'] }, 'ANSWER_LENGTHS_DIFFER', /1 `labels`/],
    ['scores of nothing', { boxes: [], probs: [0.5], classes: [0] }, 'ANSWER_LENGTHS_DIFFER', /0 boxes/],
    ['more masks than boxes', { boxes, masks: [[1, 1, 2, 2, 3, 3]], ...scores }, 'ANSWER_LENGTHS_DIFFER', /1 `masks`/],
    ['NaN in a box', { boxes: value([[NaN, 0, 1, 1]]), probs: [0.1], classes: [0] }, 'ANSWER_NOT_FINITE', /boxes/],
    ['NaN for a score', { boxes, probs: array('f8', [2], [NaN, 0.5]), classes: [0, 0] }, 'ANSWER_NOT_FINITE', /probs/],
    [
      'x, y, width, height',
      { boxes: [[100, 50, 30, 30]], probs: [0.9], classes: [0] },
      'ANSWER_BOX_REVERSED',
      /two corners/,
    ],
    ['another picture', { boxes: [[0, 0, 640, 90]], probs: [0.9], classes: [0] }, 'ANSWER_BOX_OUTSIDE', /200 × 100/],
    [
      'fractions said to be pixels',
      { boxes: [[0, 0, 0.5, 1]], probs: [0.9], classes: [0] },
      'ANSWER_BOXES_LOOK_NORMALIZED',
      /boxes: normalized/,
    ],
    [
      'pixels said to be fractions',
      { boxes, ...scores },
      'ANSWER_BOXES_NOT_NORMALIZED',
      /boxes: pixels/,
      { boxes: 'normalized' },
    ],
    ['logits for scores', { boxes, probs: [2.5, -1], classes: [0, 0] }, 'ANSWER_SCORE_RANGE', /activation: sigmoid/],
    ['a score below 0', { boxes, probs: [-0.1, 0.5], classes: [0, 0] }, 'ANSWER_SCORE_RANGE', /-0\.1/],
    [
      'a class beyond the labels',
      { boxes, probs: [0.5, 0.5], classes: [0, 3] },
      'ANSWER_CLASS_UNKNOWN',
      /a class is 3.*3 entries/,
    ],
    ['half a class', { boxes, probs: [0.5, 0.5], classes: [0, 0.5] }, 'ANSWER_CLASS_UNKNOWN', /0\.5/],
    ['a class below 0', { boxes: [[1, 2, 30, 40, 0.5, -1]] }, 'ANSWER_CLASS_UNKNOWN', /-1/],
    ['a label nobody listed', { boxes, probs: [0.5, 0.5], labels: ['cat', 'cow'] }, 'ANSWER_LABEL_UNKNOWN', /"cow"/],
    ['labels that are lists', { boxes, probs: [0.5, 0.5], labels: [['cat'], ['dog']] }, 'ANSWER_SHAPE', /labels/],
    ['scores of the picture, one too few', { probs: [0.5, 0.5] }, 'ANSWER_SHAPE', /2 scores without boxes.*3 labels/],
    [
      'masks of another size',
      { boxes, masks: array('u1', [2, 4, 4], Array(32).fill(0)), ...scores },
      'ANSWER_MASK_SIZE',
      /4 × 4.*200 × 100/,
    ],
    ['masks that are numbers', { boxes, masks: [1, 2], ...scores }, 'ANSWER_SHAPE', /masks/],
    [
      'a polygon of two points',
      {
        boxes,
        masks: [
          [1, 1, 2, 2],
          [1, 1, 2, 2],
        ],
        ...scores,
      },
      'ANSWER_SHAPE',
      /polygons/,
    ],
    [
      'RLE of another size',
      { masks: [{ size: [9, 9], counts: [81] }], probs: [0.9], classes: [0] },
      'ANSWER_MASK_SIZE',
      /9 × 9/,
    ],
    [
      'RLE cut short',
      { masks: [{ size: [100, 200], counts: [5, 5] }], probs: [0.9], classes: [0] },
      'ANSWER_MALFORMED',
      /covers 10 pixels/,
    ],
    [
      'RLE of junk',
      { masks: [{ size: [100, 200], counts: '!!' }], probs: [0.9], classes: [0] },
      'ANSWER_MALFORMED',
      /RLE/,
    ],
    ['RLE without counts', { masks: [{ size: [100, 200] }], probs: [0.9], classes: [0] }, 'ANSWER_SHAPE', /masks/],
  ])('%s', (_, fields, code, message, reading = {}) => {
    const error = refusal(() => read(fields, reading))
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
  })

  test('an answer that is no dict', () => {
    for (const answer of [null, 'text', 7, array('f4', [3], [1, 2, 3]), value([1, 'a'])])
      expect(refusal(() => parseDetections(answer, tagging)).code).toBe('ANSWER_MALFORMED')
  })

  test('a phrase that cannot be a label', () => {
    const answer = (phrase: string): Value => dict({ boxes: [boxes[0]], logits: [0.9], phrases: [phrase] })
    expect(refusal(() => parseDetections(answer('  '), annotation)).code).toBe('ANSWER_PHRASE_UNUSABLE')
    expect(refusal(() => parseDetections(answer('x'.repeat(201)), annotation)).code).toBe('ANSWER_PHRASE_UNUSABLE')
    expect(refusal(() => parseDetections(answer('a\0b'), annotation)).code).toBe('ANSWER_PHRASE_UNUSABLE')
  })
})

describe('embeddings', () => {
  test('flat or 1 × D, lists or arrays', () => {
    for (const embedding of [
      [0.5, 1, -2],
      [[0.5, 1, -2]],
      array('f4', [3], [0.5, 1, -2]),
      array('f8', [1, 3], [0.5, 1, -2]),
    ])
      expect([...parseEmbedding(dict({ embedding }), null)]).toEqual([0.5, 1, -2])
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['no embedding', { vector: [1] }, 'ANSWER_KEY_MISSING'],
    ['an empty one', { embedding: [] }, 'ANSWER_SHAPE'],
    [
      'two rows',
      {
        embedding: [
          [1, 2],
          [3, 4],
        ],
      },
      'ANSWER_SHAPE',
    ],
    ['a number', { embedding: 3 }, 'ANSWER_SHAPE'],
    ['strings', { embedding: ['a'] }, 'ANSWER_SHAPE'],
    ['NaN', { embedding: array('f4', [2], [1, NaN]) }, 'ANSWER_NOT_FINITE'],
    ['more than a float32 holds', { embedding: [1e300, 1] }, 'ANSWER_NOT_FINITE'],
    ['another length than before', { embedding: [1, 2, 3] }, 'ANSWER_VECTOR_DIMENSION'],
  ])('%s is refused', (_, fields, code) => {
    expect(refusal(() => parseEmbedding(dict(fields), 2)).code).toBe(code)
  })
})

describe('what claims to be an array', () => {
  const body = new Uint8Array(16)
  test.each([
    ['beyond the end', { $: ['f8', [3], 0] }],
    ['of a size that overflows', { $: ['u1', [2 ** 40, 2 ** 40], 0] }],
    ['of an unknown type', { $: ['object', [1], 0] }],
    ['of a prototype’s property', { $: ['constructor', [1], 0] }],
    ['at a place that is none', { $: ['f8', [1], -8] }],
    ['at a crooked place', { $: ['f8', [1], 4] }],
    ['of negative sides', { $: ['u1', [-1], 0] }],
    ['of no shape', { $: ['u1', 'all', 0] }],
  ])('%s is refused', (_, tree) => {
    expect(refusal(() => readValue(tree, body)).code).toBe('ANSWER_MALFORMED')
  })

  test('nesting without end is refused', () => {
    let tree: unknown = 1
    for (let i = 0; i < 100; i++) tree = [tree]
    expect(refusal(() => readValue(tree, body)).code).toBe('ANSWER_MALFORMED')
  })

  test('more values than anybody’s objects need are refused before they are read', () => {
    const tree = { boxes: Array.from({ length: 500_001 }, () => ({})) }
    expect(refusal(() => readValue(tree, body)).message).toMatch(/more than 500000 values/)
  })

  test('the same bytes cannot be an array twice: whoever copied them all would need more than there is', () => {
    const whole = { $: ['u1', [16], 0] }
    expect(() => readValue([{ $: ['u1', [8], 0] }, { $: ['u1', [8], 8] }], body)).not.toThrow()
    expect(refusal(() => readValue([whole, whole], body)).message).toMatch(/same array again/)
  })
})

describe('more objects than a picture holds are refused before anything is made of them', () => {
  const many = (shape: number[]): Value =>
    readValue({ $: ['u1', shape, 0] }, new Uint8Array(shape.reduce((product, side) => product * side, 1)))
  test.each<[string, Record<string, unknown>]>([
    ['boxes', { boxes: many([5_000_000, 4]), probs: [1], labels: ['cat'] }],
    ['masks without pixels', { masks: many([50_000_000, 0, 0]), probs: [1], labels: ['cat'] }],
    ['bitmaps of one pixel', { masks: many([5_000_000, 1, 1]), probs: [1], labels: ['cat'] }],
    ['scores', { boxes: [[0, 0, 1, 1]], probs: many([5_000_000]), labels: many([5_000_000]) }],
    ['classes', { boxes: [[0, 0, 9, 9]], probs: [1], labels: many([5_000_000]) }],
  ])('%s', (_, fields) => {
    const { code, message } = refusal(() => parseDetections(dict(fields), tagging))
    expect([code, message]).toEqual(['ANSWER_TOO_MANY', expect.stringContaining('at most 100000 are read')])
  })
})

test('what a script calls its keys does not fill the message', () => {
  const { message } = refusal(() => parseDetections(dict({ ['k'.repeat(1_000_000)]: 1, '\0\ud800': 2 }), tagging))
  expect(message.length).toBeLessThan(300)
  expect(message).toContain('`\ufffd\ufffd`')
})
