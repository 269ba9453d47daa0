import { parseManifest, effectiveManifest, requireRunnable } from '@lakelens/vision'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { shippedModelsFolder, systemModels, type SystemModel } from './catalogue'
import { canonicalJson, packageDigest } from './digest'
import { closest, editDistance, findKnown, knownModels, merge, parseReference, type KnownModel } from './known'
import { requireLicense } from './license'
import { locateFile, verifyFile, type LocatedFile } from './locate'
import { fetchModelFile, listModelFiles } from './modelFiles'
import { readModelsFolder } from './modelsFile'
import { obtainFile, requireObtainable } from './obtain'
import type { ModelSettings } from './settings'
import { settingsOf } from './testing/lake'

describe('the catalogue', () => {
  const published = systemModels.flatMap((model) => (model.publisher ? [model] : []))
  const bundled = systemModels.flatMap((model) => (model.bundled ? [model] : []))
  const labelsOf = { coco: 80, shapes: 6 }

  const requireComplete = (model: SystemModel, labels: number): void => {
    const manifest = effectiveManifest(parseManifest(model.manifest))
    requireRunnable(manifest)
    if (model.application === 'EMBEDDING') expect(manifest.vectorDimension).toBeGreaterThan(0)
    else expect(new Set(model.labels).size).toBe(labels)
  }

  test('every model has a file, published or bundled', () => {
    expect(published.length).toBeGreaterThan(0)
    expect(bundled.map((model) => model.name)).toEqual(['shapes-detector', 'shapes-embedder'])
    expect(published.length + bundled.length).toBe(systemModels.length)
  })

  test.each(published.map((model) => [model.name, model] as const))('%s is complete and can be run', (_, model) => {
    requireComplete(model, labelsOf.coco)
    const { address, sha256, byteSize } = model.publisher
    expect(address).toMatch(/^https:\/\//)
    // A branch moves; a release asset and a revision don't.
    expect(address).toMatch(/\/releases\/download\/|\/resolve\/[0-9a-f]{40}\//)
    expect(sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(byteSize).toBeGreaterThan(1_000_000)
  })

  test.each(bundled.map((model) => [model.name, model] as const))(
    '%s is the file that is shipped',
    async (_, model) => {
      requireComplete(model, labelsOf.shapes)
      const settings = await settingsOf()
      const { folder } = await knownModels(settings)
      const known = { ...model, system: model, local: null, fault: null }
      const located = await locateFile(settings, known, folder)
      expect(located).toMatchObject({ place: 'BUNDLED', byteSize: model.bundled.byteSize, labels: model.labels })
      expect(located?.byteSize).toBeLessThan(1_200_000)
      expect(await verifyFile(model.name, located as LocatedFile, settings.dataDir)).toBe(model.bundled.sha256)
    },
  )

  test('the shipped folder says of its models what the catalogue says, so that it works as a models folder too', async () => {
    const folder = await readModelsFolder(await settingsOf({ modelsDir: shippedModelsFolder }))
    expect([...(folder?.faults ?? [])]).toEqual([])
    expect(folder?.models).toEqual(
      bundled.map(({ name, application, license, description, manifest, labels, bundled: file }) => ({
        ...{ name, application, license, description, manifest, labels },
        ...file,
      })),
    )
  })
})

describe('a model that comes with LakeLens', () => {
  const lost = (settings: ModelSettings): ModelSettings => ({
    ...settings,
    catalogue: systemModels.flatMap((model) =>
      model.bundled
        ? [{ ...model, bundled: { ...model.bundled, path: path.join(settings.dataDir, 'gone.onnx') } }]
        : [],
    ),
  })
  const find = (settings: ModelSettings): KnownModel =>
    findKnown(merge(settings, null), 'Shapes-Detector') as KnownModel
  const signal = new AbortController().signal

  test('is had offline and with nothing configured', async () => {
    const settings = await settingsOf({ offline: true })
    const file = await obtainFile(settings, find(settings), { signal })
    expect(file).toMatchObject({ place: 'BUNDLED', sha256: find(settings).system?.bundled?.sha256 })
    expect(await fetchModelFile(settings, 'shapes-embedder', { signal })).toMatchObject({ fetched: false })
    const listed = (await listModelFiles(settings)).find(({ name }) => name === 'shapes-detector')
    expect(listed).toMatchObject({ place: 'BUNDLED', address: null, addressVerified: null, fault: null })
  })

  test('whose file was removed is missing, not fetched, and the message says where it belongs', async () => {
    const settings = lost(await settingsOf())
    const facts = { file: 'gone.onnx', folder: settings.dataDir, address: null }
    const missing = expect.objectContaining({ code: 'MODEL_UNAVAILABLE', facts: expect.objectContaining(facts) })
    await expect(obtainFile(settings, find(settings), { signal })).rejects.toEqual(missing)
    await expect(fetchModelFile(settings, 'shapes-detector', { signal })).rejects.toEqual(missing)
    expect(() => requireObtainable(settings, find(settings))).toThrow(missing)
  })

  test('whose file is another one is refused', async () => {
    const settings = lost(await settingsOf())
    await writeFile(path.join(settings.dataDir, 'gone.onnx'), 'something else')
    await expect(obtainFile(settings, find(settings), { signal })).rejects.toMatchObject({
      code: 'MODEL_DIGEST_MISMATCH',
      facts: { source: 'the catalogue' },
    })
  })

  test('of which a models folder lists a file of its own is that file', async () => {
    const settings = await settingsOf({ modelsDir: shippedModelsFolder })
    const { models, folder } = await knownModels(settings)
    const located = await locateFile(settings, findKnown(models, 'shapes-embedder') as KnownModel, folder)
    expect(located?.place).toBe('MODELS_DIR')
  })

  test('is refused by its licence like any other', async () => {
    const settings = await settingsOf({ deniedLicenses: ['Apache-2.0'] })
    await expect(obtainFile(settings, find(settings), { signal })).rejects.toMatchObject({ code: 'LICENSE_DENIED' })
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
