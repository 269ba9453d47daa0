import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createApi } from '../api'
import { cosine, scoreTags, truthTags, type GroundTruth } from '../bench/evaluate'
import { spawnGateway, type GatewayProcess } from './gatewayProcess'
import { addFiles, createCollection, itemsOf, jobEnd, startAutoTag, startEmbeddings } from './lakeClient'
import { packed, registerArchive, type Application } from './modelPackages'
import { cocoPictures, modelsDir, readMediaJson } from './realMedia'

const folder = mkdtempSync(join(tmpdir(), 'lakelens-drop-ins-'))
let gateway: GatewayProcess
let collectionId: string

const api = () => createApi({ url: gateway.url, key: undefined })

beforeAll(async () => {
  gateway = await spawnGateway({
    LAKELENS_DATA: join(folder, 'data'),
    LAKELENS_MODELS_DIR: modelsDir(),
    LAKELENS_LOG_LEVEL: 'warn',
  })
  collectionId = await createCollection(api(), 'coco')
  expect(await addFiles(api(), collectionId, cocoPictures())).toEqual([])
}, 120_000)

afterAll(async () => {
  await gateway?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A package as its owner would write it: the file, the labels, and a few lines. */
async function register(name: string, file: string, manifest: string, application: Application): Promise<void> {
  const root = join(folder, name)
  mkdirSync(root)
  cpSync(join(modelsDir(), file), join(root, 'model.onnx'))
  if (application === 'AUTO_TAGGING') cpSync(join(modelsDir(), 'label_list.yaml'), join(root, 'label_list.yaml'))
  writeFileSync(join(root, 'model.yaml'), manifest)
  const registered = await registerArchive(api(), await packed(root, `${root}.tar.gz`), name, application)
  expect(registered).toMatchObject({ userErrors: [], version: { status: 'READY', runtime: 'ONNX' } })
}

test.each([
  { system: 'yolov8n', file: 'yolov8n.onnx', manifest: 'output: yolov8\nlicense: AGPL-3.0\n' },
  { system: 'yolox-nano', file: 'yolox-nano.onnx', manifest: 'output: yolox\nlicense: Apache-2.0\n' },
])(
  '$system as a drop-in: every box as the system model gives it',
  async ({ system, file, manifest }) => {
    const own = `my-${system}`
    await register(own, file, manifest, 'AUTO_TAGGING')
    const truth = truthTags(readMediaJson<GroundTruth>('coco/groundtruth.json'))
    const answers = []
    for (const modelId of [system, own]) {
      const job = await startAutoTag(api(), {
        scope: { collectionId },
        modelId,
        inputResolution: { width: 640, height: 640 },
        confidenceThreshold: 0.25,
      })
      expect(await jobEnd(api(), job.id)).toMatchObject({ status: 'COMPLETED', counts: { succeeded: 128 } })
      const items = await itemsOf(api(), collectionId, modelId)
      const predicted = Object.fromEntries(
        items.map(({ name, annotations }) => [name, [...new Set(annotations.nodes.map(({ label }) => label))]]),
      )
      const { precision, recall, f1 } = scoreTags(predicted, truth)
      console.info(
        `${modelId}: precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}, F1 ${f1.toFixed(3)}, ${items.reduce((sum, item) => sum + item.annotations.totalCount, 0)} boxes`,
      )
      answers.push(items.map(({ name, annotations }) => ({ name, boxes: annotations.nodes })))
    }
    expect(answers[1]).toEqual(answers[0])
    expect(answers[0]?.flatMap(({ boxes }) => boxes).length).toBeGreaterThan(300)
  },
  240_000,
)

test('MobileNetV2 as a drop-in: every vector as the system model gives it', async () => {
  await register(
    'my-mobilenetv2',
    'mobilenetv2-features.onnx',
    // x / 127.5 − 1, as its README has it; mean and std apply after scale.
    'input:\n  resizeShorter: 256\n  mean: [0.5, 0.5, 0.5]\n  std: [0.5, 0.5, 0.5]\n',
    'EMBEDDING',
  )
  const names = cocoPictures().map((file) => `coco_${basename(file)}`)
  const answers = []
  for (const modelName of ['mobilenetv2', 'my-mobilenetv2']) {
    const job = await startEmbeddings(api(), { scope: { collectionId }, modelId: modelName })
    expect(await jobEnd(api(), job.id)).toMatchObject({ status: 'COMPLETED', counts: { succeeded: 128 } })
    const { embeddingVectors } = await api().request<{ embeddingVectors: { embedding: { embeddings: number[] } }[] }>(
      `query ($names: [String!]!, $modelName: String!) {
         embeddingVectors(uniqueNames: $names, modelName: $modelName) { embedding { embeddings } } }`,
      { names, modelName },
    )
    answers.push(embeddingVectors.map(({ embedding }) => embedding.embeddings))
  }
  const [system = [], own = []] = answers
  expect(own).toHaveLength(128)
  for (const [index, vector] of own.entries()) expect(cosine(vector, system[index] ?? [])).toBeGreaterThan(0.99999)
}, 120_000)
