import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '@lakelens/kernel'
import { createApi, type Api } from '../api'
import { spawnGateway, type GatewayProcess } from '../e2e/gatewayProcess'
import { addFiles, createCollection, jobEnd, startAutoTag } from '../e2e/lakeClient'
import { packed, registerArchive } from '../e2e/modelPackages'
import { errors } from './errors'

export interface ColdStartOptions {
  /** Holds `yolov8n.onnx` and `label_list.yaml`. */
  modelsDir: string
  picture: string
  rounds: number
  print(line: string): void
}

const side = 320
const model = 'cold-yolov8n'

/**
 * How long the first picture takes after the inference service has just started: a job over one picture, from the mutation
 * to its end by the job's own timestamps. Without the file (it is fetched from the gateway first), with it, and warm; beside
 * the floor of the same round, a bare session in a fresh process that opens the same file and runs once.
 */
export async function runColdStart(options: ColdStartOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lakelens-cold-'))
  const data = join(folder, 'data')
  const gateway = await spawnGateway({ LAKELENS_DATA: data, LAKELENS_LOG_LEVEL: 'error' })
  try {
    const api = createApi({ url: gateway.url, key: undefined })
    const collectionId = await prepare(api, folder, options)
    options.print(
      `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}, yolov8n at ${side}×${side}, ${options.rounds} rounds`,
    )
    const measured = { floor: [] as number[], fetched: [] as number[], cold: [] as number[], warm: [] as number[] }
    for (let round = 0; round < options.rounds; round++) {
      measured.floor.push(bareSession(join(options.modelsDir, 'yolov8n.onnx')))
      await restartInference(gateway, () => rmSync(join(data, 'inference', 'models'), { recursive: true, force: true }))
      measured.fetched.push(await jobMs(api, collectionId))
      await restartInference(gateway, () => undefined)
      measured.cold.push(await jobMs(api, collectionId))
      measured.warm.push(await jobMs(api, collectionId))
    }
    print(measured, options.print)
  } finally {
    await gateway.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function prepare(api: Api, folder: string, { modelsDir, picture }: ColdStartOptions): Promise<string> {
  const root = join(folder, 'package')
  mkdirSync(root)
  cpSync(join(modelsDir, 'yolov8n.onnx'), join(root, 'model.onnx'))
  cpSync(join(modelsDir, 'label_list.yaml'), join(root, 'label_list.yaml'))
  writeFileSync(join(root, 'model.yaml'), 'output: yolov8\n')
  const { version, userErrors } = await registerArchive(
    api,
    await packed(root, `${root}.tar.gz`),
    model,
    'AUTO_TAGGING',
  )
  if (version?.status !== 'READY')
    throw errors.BENCH_REFUSED({ reason: userErrors[0]?.message ?? `the model is ${version?.status}` })
  const collectionId = await createCollection(api, 'cold start')
  const [refused] = await addFiles(api, collectionId, [picture])
  if (refused) throw errors.BENCH_REFUSED({ reason: refused.message })
  return collectionId
}

const withinMs = 30_000

async function restartInference(gateway: GatewayProcess, between: () => void): Promise<void> {
  const before = gateway.inferencePid()
  if (before === undefined) throw errors.BENCH_REFUSED({ reason: 'the inference process is gone' })
  process.kill(before, 'SIGKILL')
  between()
  for (const end = Date.now() + withinMs; ; await sleep(50)) {
    const pid = gateway.inferencePid()
    if (pid !== undefined && pid !== before && (await fetch(`${gateway.url}/health/ready`)).ok) return
    if (Date.now() > end) throw errors.BENCH_REFUSED({ reason: 'the inference service did not come back' })
  }
}

async function jobMs(api: Api, collectionId: string): Promise<number> {
  const { id } = await startAutoTag(api, {
    scope: { collectionId },
    modelId: model,
    inputResolution: { width: side, height: side },
    onExisting: 'REPLACE',
  })
  const { status } = await jobEnd(api, id)
  if (status !== 'COMPLETED') throw errors.BENCH_REFUSED({ reason: `the job ended ${status}` })
  const { job } = await api.request<{ job: { createdAt: string; finishedAt: string } }>(
    `query ($id: ID!) { job(id: $id) { createdAt finishedAt } }`,
    { id },
  )
  return Date.parse(job.finishedAt) - Date.parse(job.createdAt)
}

/** In a process of its own: a session opened before leaves the file, and the runtime, warm. */
function bareSession(file: string): number {
  const script = `
    const { InferenceSession, Tensor } = require(${JSON.stringify(require.resolve('onnxruntime-node'))})
    const main = async () => {
      const started = performance.now()
      const session = await InferenceSession.create(process.argv[1], { intraOpNumThreads: 1, interOpNumThreads: 1 })
      await session.run({ [session.inputNames[0]]: new Tensor('float32', new Float32Array(3 * ${side} * ${side}), [1, 3, ${side}, ${side}]) })
      console.log(performance.now() - started)
    }
    main()`
  return Number(execFileSync(process.execPath, ['-e', script, file], { encoding: 'utf8' }))
}

type Measured = Record<'floor' | 'fetched' | 'cold' | 'warm', number[]>

function print(measured: Measured, line: (text: string) => void): void {
  const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN
  const range = (values: readonly number[]): string =>
    `${median(values).toFixed(0)} ms (${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)})`
  const ratio = (values: readonly number[]): string => (median(values) / median(measured.floor)).toFixed(1)
  line(`bare session, opened and run once:        ${range(measured.floor)}`)
  line(
    `first picture, the file fetched first:    ${range(measured.fetched)}, ${ratio(measured.fetched)} × the bare session`,
  )
  line(`first picture, the file on disk:          ${range(measured.cold)}, ${ratio(measured.cold)} × the bare session`)
  line(`next picture, warm:                       ${range(measured.warm)}`)
}
