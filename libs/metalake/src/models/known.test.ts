import { parseManifest, effectiveManifest, requireRunnable } from '@lakelens/vision'
import { systemModels } from './catalogue'
import { canonicalJson, packageDigest } from './digest'
import { closest, editDistance, parseReference } from './known'
import { requireLicense } from './license'
import { settingsOf } from './testing/lake'

describe('the catalogue', () => {
  test.each(systemModels.map((model) => [model.name, model] as const))('%s is complete and can be run', (_, model) => {
    const manifest = effectiveManifest(parseManifest(model.manifest))
    requireRunnable(manifest)
    if (model.application === 'EMBEDDING') expect(manifest.vectorDimension).toBeGreaterThan(0)
    else expect(new Set(model.labels).size).toBe(80)
    const { address, sha256, byteSize } = model.publisher
    expect(address).toMatch(/^https:\/\//)
    // A branch moves; a release asset and a revision don't.
    expect(address).toMatch(/\/releases\/download\/|\/resolve\/[0-9a-f]{40}\//)
    expect(sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(byteSize).toBeGreaterThan(1_000_000)
  })
})

test.each([
  ['yolov8n', { name: 'yolov8n', version: null, alias: null }],
  ['yolov8n:3', { name: 'yolov8n', version: 3, alias: null }],
  ['yolov8n@best', { name: 'yolov8n', version: null, alias: 'best' }],
])('%s is read', (text, reference) => {
  expect(parseReference(text)).toEqual(reference)
})

test.each([
  '',
  ' ',
  'a b',
  'a:',
  'a:0',
  'a:-1',
  'a:1.5',
  'a:1:2',
  'a@',
  'a@b:1',
  '../a',
  'a'.repeat(129),
  'a:9999999999',
  "a'; drop table model",
  'ä',
])('%j is no model id', (text) => {
  expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'MODEL_ID_INVALID' }))
})

test('the nearest names are suggested, and only near ones', () => {
  const names = ['yolov8n', 'yolox-nano', 'resnet50', 'mobilenetv2']
  expect(closest('yolo8n', names)).toEqual(['yolov8n'])
  expect(closest('mobilenet', names)).toEqual(['mobilenetv2'])
  expect(closest('RESNET-50', names)).toEqual(['resnet50'])
  expect(closest('zebra', names)).toEqual([])
  expect(editDistance('kitten', 'sitting')).toBe(3)
  expect(editDistance('', 'abc')).toBe(3)
})

describe('licences', () => {
  const denied = async (deny: string[], license: string | null): Promise<boolean> => {
    const settings = await settingsOf({ deniedLicenses: deny })
    try {
      requireLicense(settings, 'm', license)
      return false
    } catch (error) {
      expect(error).toMatchObject({ code: 'LICENSE_DENIED' })
      return true
    }
  }

  test.each<[string[], string | null, boolean]>([
    [['agpl-3.0'], 'AGPL-3.0', true],
    [['AGPL-3.0-only'], 'agpl-3.0-or-later', true],
    [['AGPL-3.0'], 'MIT OR AGPL-3.0-only', true],
    [['AGPL-3.0'], '(MIT AND (AGPL-3.0))', true],
    [['GPL-3.0'], 'AGPL-3.0', false],
    [['AGPL-3.0'], 'Apache-2.0', false],
    [['AGPL-3.0'], null, false],
    [['unknown'], null, true],
    [[], 'AGPL-3.0', false],
  ])('denying %j meets %s: %s', async (deny, license, expected) => {
    expect(await denied(deny, license)).toBe(expected)
  })
})

test('a package is its file, manifest and labels, whatever the order of keys and the words about it', () => {
  const manifest = { output: 'yolov8', input: { pad: 114, stride: 32 } }
  const one = packageDigest('a', manifest, ['x'])
  expect(
    packageDigest('a', { input: { stride: 32, pad: 114 }, output: 'yolov8', description: 'other words' }, ['x']),
  ).toBe(one)
  expect(packageDigest('b', manifest, ['x'])).not.toBe(one)
  expect(packageDigest('a', { ...manifest, input: { pad: 0, stride: 32 } }, ['x'])).not.toBe(one)
  expect(packageDigest('a', manifest, ['y'])).not.toBe(one)
  expect(canonicalJson({ b: [1, { d: null, c: 'é' }], a: undefined })).toBe('{"b":[1,{"c":"é","d":null}]}')
})
