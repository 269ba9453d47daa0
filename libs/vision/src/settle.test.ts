import { effectiveManifest } from './effective'
import { parseManifest } from './manifest'
import { requireProbabilities, settleClassifier, settleInput } from './settle'
import { requireClassShape, requireListedShapes, requireQueryShapes } from './shapes'

const settled = (content: object, shape: number[], type = 'float32') =>
  settleInput(effectiveManifest(parseManifest(content)), { name: 'image', type, shape })
const refused = (code: string, message: RegExp): Error =>
  expect.objectContaining({
    code,
    category: 'MODEL_PACKAGE_INVALID',
    message: expect.stringMatching(message) as string,
  }) as Error

describe('the input of an SSD graph', () => {
  test('bytes of any size: its own layout and type, the own aspect of pictures, no padding', () => {
    const { input, leftToGraph } = settled({ output: 'ssd' }, [1, -1, -1, 3], 'uint8')
    expect(input).toMatchObject({ layout: 'nhwc', format: 'uint8', resize: 'letterbox', stride: 1 })
    expect(leftToGraph).toEqual([])
  })

  test('floats of a fixed size are stretched, once their scale is said', () => {
    const given = { output: 'ssd', input: { scale: 1 / 127.5, mean: [1, 1, 1] } }
    expect(settled(given, [1, 3, 300, 300]).input).toMatchObject({
      layout: 'nchw',
      format: 'float32',
      resize: 'stretch',
      scale: 1 / 127.5,
      mean: [1, 1, 1],
    })
    expect(() => settled({ output: 'ssd' }, [1, 3, 300, 300])).toThrow(
      refused('INPUT_UNSAID', /image float32\[1, 3, 300, 300\].*scale.*input: \{ scale: 0\.0039/),
    )
  })

  test('what the manifest says is kept, and a layout that cannot be told is asked for', () => {
    const said = {
      output: 'ssd',
      input: { layout: 'nchw', resize: 'letterbox', stride: 16, size: [320, 320], scale: 1 },
    }
    expect(settled(said, [-1, -1, -1, -1]).input).toMatchObject({ layout: 'nchw', resize: 'letterbox', stride: 16 })
    expect(() => settled({ output: 'ssd' }, [-1, -1, -1, -1], 'uint8')).toThrow(refused('INPUT_UNSAID', /layout: nhwc/))
  })

  test('other formats leave nothing to the graph', () => {
    const manifest = effectiveManifest({ output: 'yolov8' })
    expect(settleInput(manifest, { name: 'images', type: 'uint8', shape: [1, -1, -1, 3] })).toBe(manifest)
  })
})

test('a classifier that does not say: its softmax is seen, logits are seen, doubt is asked about', () => {
  expect(settleClassifier(Float32Array.of(0.25, 0.5, 0.25))).toBe('none')
  expect(settleClassifier(Float32Array.of(1.5, -0.5, 0))).toBe('softmax')
  expect(settleClassifier(Float32Array.of(-3, 0.2, 0.1))).toBe('softmax')
  expect(() => settleClassifier(Float32Array.of(0.9, 0.8, 0.1))).toThrow(
    refused('SCORES_UNEXPECTED', /0\.1 to 0\.9.*activation: none.*softmax/),
  )
  expect(() => settleClassifier(new Float32Array(4))).toThrow(refused('SCORES_UNEXPECTED', /activation/))
})

test('scores that are no probabilities are told when a model is opened', () => {
  requireProbabilities('yolov8', { least: 0, most: 1.004 })
  requireProbabilities('yolov8', { least: NaN, most: NaN })
  expect(() => requireProbabilities('yolov8', { least: -12.3456, most: 3 })).toThrow(
    refused('SCORES_UNEXPECTED', /-12\.35 to 3.*activation: sigmoid/),
  )
  expect(() => requireProbabilities('ssd', { least: 0, most: 91 })).toThrow(refused('SCORES_UNEXPECTED', /output: ssd/))
})

test('real shapes are held against each other before anything is read', () => {
  requireQueryShapes([1, 9, 4], [1, 9, 4], 3)
  requireQueryShapes([1, 9, 3], [1, 9, 4], 3)
  for (const [logits, boxes] of [
    [
      [1, 9, 5],
      [1, 9, 4],
    ],
    [
      [1, 8, 3],
      [1, 9, 4],
    ],
    [
      [2, 9, 3],
      [2, 9, 4],
    ],
    [
      [9, 3],
      [9, 4],
    ],
  ] as [number[], number[]][])
    expect(() => requireQueryShapes(logits, boxes, 3)).toThrow(refused('OUTPUTS_UNEXPECTED', /logits/))
  requireListedShapes({ boxes: [1, 9, 4], classes: [1, 9], scores: [1, 9] })
  requireListedShapes({ boxes: [0, 4], classes: [0], scores: [0] })
  for (const shapes of [
    { boxes: [2, 9, 4], classes: [2, 9], scores: [2, 9] },
    { boxes: [1, 9, 4], classes: [9], scores: [1, 9] },
    { boxes: [9, 5], classes: [9], scores: [9] },
    { boxes: [], classes: [], scores: [] },
  ])
    expect(() => requireListedShapes(shapes)).toThrow(refused('OUTPUTS_UNEXPECTED', /one picture/))
  requireClassShape([1, 10], 10)
  requireClassShape([1, 10, 1, 1], 10)
  for (const shape of [[1, 11], [2, 5], [10], [1, 2, 5]])
    expect(() => requireClassShape(shape, 10)).toThrow(refused('OUTPUT_SHAPE_UNEXPECTED', /\[batch, 10\]/))
})
