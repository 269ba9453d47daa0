import { effectiveManifest } from './effective'
import { parseManifest } from './manifest'
import { chooseOutputs, outputNames } from './outputs'
import type { TensorSpec } from './settle'

const tensor = (name: string, shape: number[], type = 'float32'): TensorSpec => ({ name, type, shape })
const choose = (output: string, outputs: TensorSpec[], classes: number) =>
  chooseOutputs(effectiveManifest(parseManifest({ output })), outputs, classes)

test('a detector is read from its first output of the right shape, not from its inner levels', () => {
  const levels = [tensor('p3', [1, 3, 80, 80, 85]), tensor('p4', [1, 3, 40, 40, 85])]
  expect(choose('yolov5', [...levels, tensor('output', [1, 25200, 85])], 80)).toEqual({
    kind: 'single',
    main: 'output',
  })
  expect(choose('yolov8', [tensor('a', [1, 84, -1]), tensor('b', [1, 84, -1])], 80)).toEqual({
    kind: 'single',
    main: 'a',
  })
  expect(choose('yolov10', [tensor('ids', [1, 300, 6], 'int64'), tensor('out', [1, 300, 6])], 80)).toMatchObject({
    main: 'out',
  })
})

test('a shape the runtime could not infer is judged by the first answer', () => {
  expect(choose('yolov8', [tensor('out', [])], 80)).toMatchObject({ main: 'out' })
})

test.each<[string, TensorSpec[], number]>([
  ['one "no object" more', [tensor('logits', [-1, 100, 92]), tensor('pred_boxes', [-1, 100, 4])], 91],
  ['as many columns as classes', [tensor('logits', [-1, 300, 80]), tensor('pred_boxes', [-1, 300, 4])], 80],
  [
    'among hidden states',
    [tensor('last_hidden_state', [1, 300, 256]), tensor('pred_boxes', [1, 300, 4]), tensor('logits', [1, 300, 80])],
    80,
  ],
  ['four columns both, told by name', [tensor('logits', [1, 100, 4]), tensor('pred_boxes', [1, 100, 4])], 3],
  ['all sides free, told by name', [tensor('logits', [-1, -1, -1]), tensor('pred_boxes', [-1, -1, -1])], 80],
])('DETR by two outputs: %s', (_, outputs, classes) => {
  const chosen = choose('detr', outputs, classes)
  expect(chosen).toEqual({ kind: 'queries', logits: 'logits', boxes: 'pred_boxes' })
  expect(outputNames(chosen)).toEqual(['logits', 'pred_boxes'])
})

test('RT-DETR in one tensor', () => {
  expect(choose('detr', [tensor('output0', [1, 300, 84])], 80)).toEqual({ kind: 'single', main: 'output0' })
})

test.each<[string, TensorSpec[], object]>([
  [
    'TensorFlow, among its other outputs',
    [
      tensor('detection_anchor_indices:0', [1, 100]),
      tensor('detection_boxes:0', [1, 100, 4]),
      tensor('detection_classes:0', [1, 100]),
      tensor('detection_scores:0', [1, 100]),
      tensor('num_detections:0', [1]),
      tensor('raw_detection_boxes:0', [1, 1917, 4]),
    ],
    {
      boxes: 'detection_boxes:0',
      classes: 'detection_classes:0',
      scores: 'detection_scores:0',
      count: 'num_detections:0',
      order: 'yxyx',
    },
  ],
  [
    'torchvision, without a batch',
    [tensor('boxes', [-1, 4]), tensor('labels', [-1], 'int64'), tensor('scores', [-1])],
    { boxes: 'boxes', classes: 'labels', scores: 'scores', count: null, order: 'xyxy' },
  ],
  [
    'by types alone, whatever the names',
    [tensor('1234', [1, 200, 4]), tensor('1235', [1, 200], 'int64'), tensor('1236', [1, 200])],
    { boxes: '1234', classes: '1235', scores: '1236', count: null },
  ],
  [
    'float classes by name, integer count',
    [
      tensor('num_dets', [1, 1], 'int32'),
      tensor('det_boxes', [1, 100, 4]),
      tensor('det_scores', [1, 100]),
      tensor('det_classes', [1, 100]),
    ],
    { boxes: 'det_boxes', classes: 'det_classes', scores: 'det_scores', count: 'num_dets' },
  ],
])('SSD: %s', (_, outputs, expected) => {
  expect(choose('ssd', outputs, 90)).toMatchObject({ kind: 'listed', ...expected })
})

test('a classifier by the length of its answer', () => {
  expect(choose('classification', [tensor('features', [-1, 512]), tensor('logits', [-1, 10])], 10)).toMatchObject({
    main: 'logits',
  })
  expect(choose('classification', [tensor('prob', [1, 10, 1, 1])], 10)).toMatchObject({ main: 'prob' })
  expect(choose('classification', [tensor('prob', [1, 1])], 1)).toMatchObject({ main: 'prob' })
})

test.each<[string, TensorSpec[], number, string, RegExp]>([
  ['yolov8', [tensor('o', [1, 84, 8400])], 3, 'OUTPUT_SHAPE_UNEXPECTED', /\[1, 84, 8400\].*\[batch, 4 \+ 3, n\]/],
  ['yolov5', [tensor('o', [1, 25200, 85])], 3, 'OUTPUT_SHAPE_UNEXPECTED', /\[batch, n, 5 \+ 3\]/],
  ['yolov8', [tensor('o', [1, 84, 8400], 'float64')], 80, 'OUTPUTS_UNEXPECTED', /o float64\[1, 84, 8400\]/],
  [
    'yolov8',
    [tensor('a', [1, 9]), tensor('b', [1, 8])],
    80,
    'OUTPUTS_UNEXPECTED',
    /a float32\[1, 9\]; b float32\[1, 8\]/,
  ],
  ['detr', [tensor('logits', [1, 9, 7]), tensor('boxes', [1, 9, 4])], 9, 'OUTPUTS_UNEXPECTED', /9 or 9 \+ 1.*labels/],
  ['detr', [tensor('logits', [1, 9, 3]), tensor('boxes', [1, 8, 4])], 3, 'OUTPUTS_UNEXPECTED', /logits/],
  ['detr', [tensor('x', [1, 9, 4]), tensor('y', [1, 9, 4])], 3, 'OUTPUTS_UNEXPECTED', /x float32/],
  [
    'ssd',
    [tensor('x', [1, 9, 4]), tensor('y', [1, 9]), tensor('z', [1, 9])],
    3,
    'OUTPUTS_UNEXPECTED',
    /integers, or named so/,
  ],
  ['ssd', [], 3, 'OUTPUTS_UNEXPECTED', /answers nothing/],
  ['classification', [tensor('o', [1, 1000])], 10, 'OUTPUTS_UNEXPECTED', /o float32\[1, 1000\].*\[batch, 10\]/],
])('%s cannot be read from %j with %i labels', (output, outputs, classes, code, message) => {
  expect(() => choose(output, outputs, classes)).toThrow(
    expect.objectContaining({
      code,
      category: 'MODEL_PACKAGE_INVALID',
      message: expect.stringMatching(message) as string,
      facts: expect.objectContaining({
        expected: expect.any(String) as string,
        actual: expect.anything() as unknown,
      }) as object,
    }) as Error,
  )
})
