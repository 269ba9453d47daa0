import { effectiveManifest, parseManifest } from '@lakelens/vision'
import { chosenOutputs, pictureInputs, inputSize } from './graphFacts'
import type { TensorFacts } from './threadProtocol'

const tensor = (name: string, shape: number[], type = 'float32'): TensorFacts => ({ name, type, shape })
const manifestOf = (content: object) => effectiveManifest(parseManifest(content))
const refused = (message: RegExp): Error =>
  expect.objectContaining({
    code: 'MODEL_NOT_SUPPORTED',
    category: 'MODEL_PACKAGE_INVALID',
    message: expect.stringMatching(message) as string,
  }) as Error
const sizeOf = (content: object, shape: number[], type = 'float32') =>
  inputSize('mine', tensor('x', shape, type), manifestOf(content))

test('a fixed size is the graph’s own, a free one stays free or is what the manifest says', () => {
  expect(sizeOf({ output: 'yolov8' }, [1, 3, 480, 640])).toEqual({ width: 640, height: 480 })
  expect(sizeOf({ output: 'yolov8' }, [-1, 3, -1, -1])).toBeNull()
  expect(sizeOf({ output: 'yolov8', input: { size: [320, 256] } }, [-1, 3, -1, -1])).toEqual({
    width: 320,
    height: 256,
  })
  expect(sizeOf({ output: 'yolov8', input: { layout: 'nhwc' } }, [1, 480, 640, 3])).toEqual({ width: 640, height: 480 })
})

test.each<[string, object, number[], string, RegExp]>([
  ['a batch of four', { output: 'yolov8' }, [4, 3, 640, 640], 'float32', /takes 4 pictures at once.*batch of 1/],
  ['one channel', { output: 'yolov8' }, [1, 1, 640, 640], 'float32', /three channels/],
  ['two dimensions', { output: 'yolov8' }, [640, 640], 'float32', /three channels/],
  ['one side free', { output: 'yolov8' }, [1, 3, 640, -1], 'float32', /fix both or neither/],
  ['bytes', { output: 'yolov8' }, [1, 3, 640, 640], 'uint8', /input\.format/],
  ['a classifier of any size', { output: 'classification' }, [1, 3, -1, -1], 'float32', /input\.size.*trained/],
  ['an embedder of any size', { output: 'embedding' }, [1, 3, -1, -1], 'float32', /input\.size/],
])('%s is refused with what to do', (_, content, shape, type, message) => {
  expect(() => sizeOf(content, shape, type)).toThrow(refused(message))
})

test('a picture may come without a batch, and with the size its boxes are meant for beside it', () => {
  const picture = tensor('images', [-1, 3, 640, 640])
  const sizes = tensor('orig_target_sizes', [-1, 2], 'int64')
  expect(pictureInputs('mine', [picture])).toEqual({ picture, hasBatch: true, sizes: null })
  expect(pictureInputs('mine', [sizes, picture])).toEqual({ picture, hasBatch: true, sizes: 'orig_target_sizes' })
  expect(pictureInputs('mine', [tensor('image', [3, -1, -1])])).toEqual({
    picture: tensor('image', [1, 3, -1, -1]),
    hasBatch: false,
    sizes: null,
  })
})

test('half floats and second inputs are refused by name', () => {
  expect(() => pictureInputs('mine', [tensor('x', [1, 3, 64, 64], 'float16')])).toThrow(
    refused(/x is float16.*keep_io_types/),
  )
  expect(() => pictureInputs('mine', [tensor('x', [1]), tensor('pixel_mask', [1, 64, 64], 'int64')])).toThrow(
    refused(/2 inputs \(x float32\[1\]; pixel_mask int64\[1, 64, 64\]\)/),
  )
  expect(() => pictureInputs('mine', [])).toThrow(refused(/0 inputs/))
  for (const output of ['yolov8', 'classification', 'embedding'])
    expect(() => chosenOutputs('mine', [tensor('y', [1, 84, 8400], 'float16')], manifestOf({ output }), 80)).toThrow(
      refused(/y is float16/),
    )
})

test('a vector is the one output that can be it', () => {
  const states = [tensor('last_hidden_state', [-1, 197, 768]), tensor('pooler_output', [-1, 768])]
  const choose = (content: object, outputs: TensorFacts[]) =>
    chosenOutputs('mine', outputs, manifestOf({ output: 'embedding', ...content }), 0)
  expect(choose({}, states)).toEqual({ kind: 'single', main: 'pooler_output' })
  expect(choose({ pooling: 'cls' }, states)).toMatchObject({ main: 'last_hidden_state' })
  expect(choose({ pooling: 'mean' }, states)).toMatchObject({ main: 'last_hidden_state' })
  expect(choose({ vectorDimension: 2048 }, [tensor('a', [-1, 2048]), tensor('b', [-1, 1000])])).toMatchObject({
    main: 'a',
  })
  expect(() => choose({}, [tensor('a', [-1, 2048]), tensor('b', [-1, 1000])])).toThrow(refused(/name one as `tensor`/))
  expect(() => choose({ pooling: 'cls' }, [tensor('a', [-1, 2048])])).toThrow(refused(/pooling cls/))
  expect(() => choose({ vectorDimension: 5 }, [tensor('a', [-1, 2048])])).toThrow(refused(/with 5 numbers/))
})
