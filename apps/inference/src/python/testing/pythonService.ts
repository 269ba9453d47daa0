import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { openFolder, packPackage } from '@lakelens/folder-validator'
import { type InferenceBackend, type ModelRef, createGrpcBackend } from '@lakelens/inference-client'
import { serveFiles } from '@lakelens/inference-client/conformance'
import { silentLogger } from '@lakelens/kernel'
import sharp from 'sharp'
import type { InferenceConfig } from '../../config'
import { type StartedService, startFromSource } from '../../testing/startFromSource'
import { findInterpreter } from '../interpreter'
import type { PythonSettings } from '../settings'
import { testSettings } from './settings'

export interface PythonService extends StartedService {
  backend: InferenceBackend
  /** Publishes a package and gives the reference to it. */
  publish(model: TestModel): Promise<ModelRef>
}

export interface TestModel {
  application?: ModelRef['application']
  labels?: readonly string[]
  /** `python`, `boxes`, ...; pictures come as arrays unless it says otherwise, which the standard library can read. */
  manifest?: Record<string, unknown>
  requirements?: string
  /** code/inference.py, or the name of a file beside this one. */
  script: string
  files?: Readonly<Record<string, string>>
}

/** A real service with Python models, and a client to it. */
export async function startPythonService(
  settings: Partial<PythonSettings> = {},
  config: Partial<InferenceConfig> = {},
): Promise<PythonService> {
  const service = await startFromSource({ threads: 1, memoryMiB: 1024, ...config, python: testSettings(settings) })
  const backend = createGrpcBackend({ addresses: [service.address], log: silentLogger() })
  const servers: { close(): Promise<void> }[] = []
  return {
    ...service,
    backend,
    async publish(model) {
      const file = await packed(model)
      const files = await serveFiles([file])
      servers.push(files)
      return {
        name: 'trial',
        sha256: createHash('sha256').update(file).digest('hex'),
        byteSize: file.length,
        url: files.urls[0]!,
        manifest: { ...model.manifest, python: { input: 'npy', ...(model.manifest?.['python'] as object) } },
        labels: model.labels ?? [],
        runtime: 'PYTHON',
        application: model.application ?? 'AUTO_TAGGING',
      }
    },
    async close() {
      await backend.close()
      await service.close()
      await Promise.all(servers.map((server) => server.close()))
    },
  }
}

async function packed({ script, labels = [], requirements = '', files = {} }: TestModel): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'lakelens-package-'))
  try {
    const code = script.endsWith('.py') ? await readFile(join(__dirname, script), 'utf8') : script
    const all = {
      'code/inference.py': code,
      'code/requirements.txt': requirements,
      'weights.pt': 'no real weights',
      ...(labels.length > 0 ? { 'label_list.yaml': `label_list: ${JSON.stringify(labels)}\n` } : {}),
      ...files,
    }
    for (const [path, content] of Object.entries(all)) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), content)
    }
    return await buffer(packPackage(await openFolder(folder)))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A plain picture; the trial scripts do what its red says. */
export const plain = async (id: string, red: number, width = 32, height = 32) => ({
  id,
  data: await sharp({ create: { width, height, channels: 3, background: { r: red, g: 0, b: 0 } } })
    .png()
    .toBuffer(),
})

export const box = { width: 64, height: 64, confidenceThreshold: 0.5, nmsIou: 0.5, maxDetections: 100 }

/** Where there is no Python, what needs it cannot run; said aloud, so that nobody takes silence for success. */
export async function pythonIsMissing(): Promise<boolean> {
  const found = await findInterpreter(testSettings())
  if ('missing' in found) process.stderr.write(`NOT RUN: tests of models with inference.py: ${found.missing}.\n`)
  return 'missing' in found
}
