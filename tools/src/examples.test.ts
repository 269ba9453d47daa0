import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type ValidateOptions, findPython, openFolder, validatePackage } from '@lakelens/folder-validator'
import { parse } from 'yaml'

const root = resolve(__dirname, '../..')
const examples = join(root, 'examples', 'models')
const shipped = join(root, 'libs', 'metalake', 'shipped')

const digest = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')

test.each([
  ['onnx-detector/model.onnx', 'shapes-detector.onnx'],
  ['python-tagger/shapes.onnx', 'shapes-detector.onnx'],
  ['onnx-embedder/model.onnx', 'shapes-embedder.onnx'],
])('%s is the %s that comes with LakeLens', (copy, original) => {
  expect(digest(join(examples, copy))).toBe(digest(join(shipped, original)))
})

test.each(['onnx-detector', 'python-tagger'])('%s names the labels it was trained with', (name) => {
  const { models } = JSON.parse(readFileSync(join(shipped, 'models.json'), 'utf8')) as {
    models: { manifest: { labels?: string[] } }[]
  }
  const { label_list: labels } = parse(readFileSync(join(examples, name, 'label_list.yaml'), 'utf8')) as {
    label_list: string[]
  }
  expect(labels).toEqual(models[0]?.manifest.labels)
})

const applications: [string, ValidateOptions['application'], string][] = [
  ['onnx-detector', 'AUTO_TAGGING', 'ONNX'],
  ['onnx-embedder', 'EMBEDDING', 'ONNX'],
  ['python-tagger', 'AUTO_TAGGING', 'PYTHON'],
  ['python-embedder', 'EMBEDDING', 'PYTHON'],
]

test.each(applications)('%s is a good package for %s', async (name, application, runtime) => {
  const { report, package: found } = await validatePackage(await openFolder(join(examples, name)), { application })
  expect(report.checks.filter(({ outcome }) => outcome === 'FAILED')).toEqual([])
  expect(found?.runtime).toBe(runtime)
  // Where there is no Python the functions are not looked at, and that is said.
  if (runtime === 'PYTHON') {
    const outcomes = report.checks.filter(({ code }) => code === 'inference.function').map(({ outcome }) => outcome)
    expect([...new Set(outcomes)]).toEqual([(await findPython()) ? 'PASSED' : 'SKIPPED'])
  }
})
