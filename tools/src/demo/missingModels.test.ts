import { LakeError } from '@lakelens/kernel'
import { apiError } from '../api'
import { explainMissing, missingModels } from './missingModels'

const missing = (modelId: string, address: string | null): LakeError =>
  new LakeError('MODEL_UNAVAILABLE', 'MODEL_UNAVAILABLE', 'The whole message.', {
    ...{ modelId, address, file: `${modelId}.onnx`, folder: '/data/models', reason: 'no answer' },
  })
const wrong = new LakeError('MODEL_DIGEST_MISMATCH', 'MODEL_UNAVAILABLE', 'Another file.')

test('only what is missing counts as missing', () => {
  const [one, other] = [missing('a', null), missing('b', null)]
  expect(missingModels(one)).toEqual([one])
  expect(missingModels(new AggregateError([one, other]))).toEqual([one, other])
  expect(missingModels(new AggregateError([one, wrong]))).toBeNull()
  expect(missingModels(new AggregateError([one, new Error('disk')]))).toBeNull()
  expect(missingModels(wrong)).toBeNull()
  expect(missingModels(new AggregateError([]))).toBeNull()
  expect(missingModels(undefined)).toBeNull()
})

test('the way to have them fits the model: fetched, put by hand, or as the gateway said', () => {
  expect(explainMissing([missing('a', 'https://example.org/a.onnx'), missing('b', null)])).toEqual([
    "The default models can't be had: a (no answer); b (no answer).",
    'To have them, run `npx lakelens models fetch a` where there is internet, or put b.onnx into /data/models, or see docs/models.md for doing it by hand.',
    'Shown instead: small models of our own, on drawn pictures that they never saw.',
  ])
  const [why, how, what] = explainMissing([apiError('MODEL_UNAVAILABLE', 'a.onnx is not here.')])
  expect(why).toBe("The default models can't be had: a.onnx is not here.")
  expect(how).toBe('To have them, see docs/models.md for doing it by hand.')
  expect(what).toContain('Shown instead of both:')
})
