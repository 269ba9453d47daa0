import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type GroundTruth, cosine, scoreTags, truthTags } from './evaluate'
import { type FloorAnswer, measureFloor } from './floor'

const folderOf = (variable: string): string => {
  const folder = process.env[variable]
  if (!folder) throw new Error(`Set ${variable}: this test reads real weights and pictures.`)
  return folder
}
const models = folderOf('LAKELENS_MODELS_DIR')
const media = folderOf('LAKELENS_TEST_MEDIA')
const json = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'))

function modelNamed(name: string): { modelFile: string; manifest: unknown } {
  const catalogue = json(join(models, 'models.json')) as { models: { name: string; file: string; manifest: unknown }[] }
  const entry = catalogue.models.find((model) => model.name === name)
  if (!entry) throw new Error(`${name} is not in models.json`)
  return { modelFile: join(models, entry.file), manifest: entry.manifest }
}

test('yolov8n at 640 tags COCO with an F1 of at least .77 at confidence .25', async () => {
  const truth = json(join(media, 'coco/groundtruth.json')) as GroundTruth
  const names = readdirSync(join(media, 'coco/images'))
  const files = names.map((name) => join(media, 'coco/images', name))
  const { answers } = await measureFloor({ ...modelNamed('yolov8n'), kind: 'detect', files, rounds: 1 })
  const labelsOf = (answer: FloorAnswer): string[] =>
    'detections' in answer ? answer.detections.map(({ classId }) => truth.labels[classId] ?? '') : []
  const predicted = Object.fromEntries(answers.map((answer, i) => [names[i] ?? '', labelsOf(answer)]))
  expect(scoreTags(predicted, truthTags(truth)).f1).toBeGreaterThanOrEqual(0.77)
})

describe('mobilenetv2 against its reference vectors', () => {
  const { vectors } = json(join(media, 'embeddings-reference-mobilenetv2.json')) as {
    vectors: Record<string, number[]>
  }
  const names = Object.keys(vectors)

  async function cosines(fileOf: (name: string) => string): Promise<[string, number][]> {
    const files = names.map((name) => join(media, fileOf(name)))
    const { answers } = await measureFloor({ ...modelNamed('mobilenetv2'), kind: 'embed', files, rounds: 1 })
    return answers.map((answer, i) => [
      names[i] ?? '',
      'vector' in answer ? cosine(answer.vector, vectors[names[i] ?? ''] ?? []) : NaN,
    ])
  }

  test('end to end: at least .97', async () => {
    for (const [, value] of await cosines((name) => `good/${name}`)) expect(value).toBeGreaterThanOrEqual(0.97)
  })

  test('from exact crops, which are not resized: at least .9999, but where a colour profile is honoured', async () => {
    const all = await cosines((name) => `embedding-crops224/${name.replace(/\.[^.]+$/, '.png')}`)
    for (const [name, value] of all)
      expect(value).toBeGreaterThanOrEqual(name === 'coco-000000000025.jpg' ? 0.997 : 0.9999)
  })
})
