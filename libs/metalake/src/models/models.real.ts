import { parseManifest } from '@lakelens/vision'
import { systemModels } from './catalogue'
import { readModelsFolder } from './modelsFile'
import { verifyModelFiles } from './modelFiles'
import { settingsOf } from './testing/lake'

const modelsDir = process.env['LAKELENS_MODELS_DIR']

test('the models folder is read without a fault, and every file is the one its list names', async () => {
  const settings = await settingsOf({ modelsDir })
  const folder = await readModelsFolder(settings)
  expect(folder?.models.length).toBeGreaterThan(0)
  expect([...(folder?.faults ?? [])]).toEqual([])
  for (const { manifest, application, labels } of folder?.models ?? []) {
    expect(parseManifest(manifest)).toEqual(manifest)
    expect(labels).toHaveLength(application === 'EMBEDDING' ? 0 : 80)
  }
  const bundled = systemModels.filter((model) => model.bundled)
  const verified: string[] = []
  for await (const { name, fault } of verifyModelFiles(settings, new AbortController().signal)) {
    expect(fault).toBeNull()
    verified.push(name)
  }
  expect(verified.sort()).toEqual([...(folder?.models ?? []), ...bundled].map((model) => model.name).sort())
})
