import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelRef } from '@lakelens/inference-client'
import type { ConformanceFixtures, ModelFixture } from '@lakelens/inference-client/conformance'
import sharp from 'sharp'

const folder = join(__dirname, '../../../../tools/fixtures')

interface ListedModel {
  name: string
  file: string
  sha256: string
  bytes: number
  application: string
  manifest: Record<string, unknown>
}

export interface ModelsFolder {
  model(name: string): ModelFixture
}

/** The models of a folder with a `models.json`, tiny or real. */
export function openModelsFolder(path: string, labels: readonly string[]): ModelsFolder {
  const { models } = JSON.parse(readFileSync(join(path, 'models.json'), 'utf8')) as { models: ListedModel[] }
  return {
    model(name) {
      const listed = models.find((model) => model.name === name)
      if (!listed) throw new Error(`${path}/models.json lists no ${name}`)
      const { file, sha256, bytes, manifest } = listed
      const application = listed.application.toUpperCase() as ModelRef['application']
      return {
        file: readFileSync(join(path, file)),
        reference: { name, sha256, byteSize: bytes, manifest, labels, runtime: 'ONNX', application },
      }
    },
  }
}

export const tinyModels = openModelsFolder(folder, ['red', 'green', 'blue'])

/** A PNG of plain cells: lossless, so that exact numbers can be asked of it. */
export function pictureOf(colors: readonly (readonly number[])[], cell: number): Promise<Buffer> {
  const rows = colors.length
  const columns = colors[0]!.length
  const pixels = Buffer.alloc(rows * columns * cell * cell * 3)
  for (let y = 0, at = 0; y < rows * cell; y++) {
    for (let x = 0; x < columns * cell; x++, at += 3)
      pixels.writeUIntBE(colors[Math.floor(y / cell)]![Math.floor(x / cell)]!, at, 3)
  }
  return sharp(pixels, { raw: { width: columns * cell, height: rows * cell, channels: 3 } })
    .png()
    .toBuffer()
}

export const fixtures: ConformanceFixtures = {
  detector: tinyModels.model('tiny-detector'),
  embedder: tinyModels.model('tiny-embedder'),
  picture: pictureOf,
}

export const withUrl = ({ reference }: ModelFixture, url: string): ModelRef => ({ ...reference, url })
