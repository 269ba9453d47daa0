import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { basename, extname, join } from 'node:path'
import { createApi, type Api } from '../api'
import { spawnGateway, type GatewayProcess } from '../e2e/gatewayProcess'
import { addFiles, createCollection, jobEnd, startAutoTag, startEmbeddings, type JobState } from '../e2e/lakeClient'
import { errors } from './errors'
import { measureFloor, type FloorParts } from './floor'

export interface BenchOptions {
  /** With a `models.json` that lists `yolov8n` and `mobilenetv2`. */
  modelsDir: string
  /** A folder of pictures. */
  pictures: string
  rounds: number
  /** Real Postgres; unset: the embedded database. */
  databaseUrl: string | undefined
  print(line: string): void
}

interface BenchCase {
  name: string
  model: string
  kind: 'detect' | 'embed'
  /** How often each picture is imported. */
  copies: number
  start(api: Api, collectionId: string): Promise<JobState>
}

const scope = (collectionId: string) => ({ scope: { collectionId }, onExisting: 'REPLACE' })

const cases: readonly BenchCase[] = [
  {
    name: 'autoTag, yolov8n at 640×640',
    model: 'yolov8n',
    kind: 'detect',
    copies: 1,
    start: (api, id) =>
      startAutoTag(api, {
        ...scope(id),
        modelId: 'yolov8n',
        inputResolution: { width: 640, height: 640 },
        confidenceThreshold: 0.25,
      }),
  },
  {
    name: 'embeddings, mobilenetv2',
    model: 'mobilenetv2',
    kind: 'embed',
    copies: 4,
    start: (api, id) => startEmbeddings(api, { ...scope(id), modelId: 'mobilenetv2' }),
  },
]

/**
 * The product against the floor of the same run: a whole job, from the mutation to COMPLETED, over the same pictures, warm,
 * in turns with the bare loop, so that a drifting machine moves both. What counts is the median of the ratios.
 */
export async function runBench(options: BenchOptions): Promise<void> {
  const files = picturesOf(options.pictures)
  const folder = mkdtempSync(join(tmpdir(), 'lakelens-bench-'))
  const gateway = await spawnGateway({
    LAKELENS_DATA: folder,
    LAKELENS_MODELS_DIR: options.modelsDir,
    LAKELENS_LOG_LEVEL: 'warn',
    ...(options.databaseUrl === undefined ? {} : { DATABASE_URL: options.databaseUrl }),
  })
  try {
    options.print(
      `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}, ` +
        `${options.databaseUrl === undefined ? 'embedded database' : 'real Postgres'}, ${files.length} pictures, ${options.rounds} rounds`,
    )
    for (const bench of cases) await runCase(bench, gateway, files, options)
  } finally {
    await gateway.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function picturesOf(folder: string): string[] {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => /\.(jpe?g|png|webp)$/i.test(name)) : []
  if (files.length === 0) throw errors.BENCH_NOTHING_TO_MEASURE()
  return files.sort().map((name) => join(folder, name))
}

async function runCase(
  bench: BenchCase,
  gateway: GatewayProcess,
  files: readonly string[],
  options: BenchOptions,
): Promise<void> {
  const api = createApi({ url: gateway.url, key: undefined })
  const collectionId = await createCollection(api, `bench ${bench.model} ${Date.now()}`)
  for (let copy = 0; copy < bench.copies; copy++) {
    const refused = await addFiles(
      api,
      collectionId,
      files,
      (file) => `${basename(file, extname(file))}-${copy}${extname(file)}`,
    )
    if (refused.length > 0) throw errors.BENCH_REFUSED({ reason: refused[0]?.message ?? '' })
  }
  const items = files.length * bench.copies
  const floorOptions = {
    ...modelOf(options.modelsDir, bench.model),
    kind: bench.kind,
    files: Array.from({ length: bench.copies }, () => files).flat(),
    rounds: 1,
  }

  await runJob(bench, api, collectionId, items)
  const rounds: { floor: number; product: number }[] = []
  let parts: FloorParts | undefined
  let floorCpu = 0
  const cpu = { gateway: 0, inference: 0 }
  for (let round = 0; round < options.rounds; round++) {
    const floor = await measureFloor(floorOptions)
    const before = cpuOf(gateway)
    const seconds = await runJob(bench, api, collectionId, items)
    const after = cpuOf(gateway)
    cpu.gateway += (after.gateway - before.gateway) / items / options.rounds
    cpu.inference += (after.inference - before.inference) / items / options.rounds
    floorCpu += floor.cpuPerImage / options.rounds
    parts = floor.parts
    rounds.push({ floor: floor.imagesPerSecond, product: items / seconds })
  }
  report(bench, rounds, options.print)
  const ms = (value: number) => `${value.toFixed(1)} ms`
  if (parts)
    options.print(
      `  floor, a picture: decoder waited for ${ms(parts.wait)}, pack ${ms(parts.pack)}, run ${ms(parts.run)}, read ${ms(parts.read)}; CPU ${ms(floorCpu)}`,
    )
  if (cpu.inference > 0)
    options.print(
      `  product, CPU a picture: inference ${ms(cpu.inference)}, gateway ${ms(cpu.gateway)}${options.databaseUrl === undefined ? ' (with the embedded database)' : ' (Postgres beside it)'}`,
    )
}

/**
 * Seconds from the mutation to COMPLETED, by the timestamps of the job itself: asking often enough to time it from outside
 * would cost the product the processor it is measured on.
 */
async function runJob(bench: BenchCase, api: Api, collectionId: string, items: number): Promise<number> {
  const { id } = await bench.start(api, collectionId)
  const ended = await jobEnd(api, id, 600_000, 250)
  if (ended.counts.succeeded !== items) {
    throw errors.BENCH_REFUSED({ reason: `the job ended ${ended.status} with ${JSON.stringify(ended.counts)}` })
  }
  const { job } = await api.request<{ job: { createdAt: string; finishedAt: string } }>(
    'query ($id: ID!) { job(id: $id) { createdAt finishedAt } }',
    { id },
  )
  return (Date.parse(job.finishedAt) - Date.parse(job.createdAt)) / 1000
}

function modelOf(modelsDir: string, name: string): { modelFile: string; manifest: unknown } {
  const { models } = JSON.parse(readFileSync(join(modelsDir, 'models.json'), 'utf8')) as {
    models: { name: string; file: string; manifest: Record<string, unknown> }[]
  }
  const model = models.find((entry) => entry.name === name)
  if (!model) throw errors.BENCH_REFUSED({ reason: `models.json lists no ${name}` })
  return { modelFile: join(modelsDir, model.file), manifest: model.manifest }
}

function report(
  bench: BenchCase,
  rounds: readonly { floor: number; product: number }[],
  print: (line: string) => void,
): void {
  const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
  const ratios = rounds.map(({ floor, product }) => product / floor)
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)]
  print(`${bench.name}: ${median(ratios).toFixed(2)} of the floor (${low.toFixed(2)} to ${high.toFixed(2)})`)
  print(
    `  product ${median(rounds.map((round) => round.product)).toFixed(1)} pictures a second, floor ${median(rounds.map((round) => round.floor)).toFixed(1)}`,
  )
}

/** CPU milliseconds of the two processes so far, where the system tells (Linux). */
function cpuOf(gateway: GatewayProcess): { gateway: number; inference: number } {
  const of = (pid: number | undefined): number => {
    const file = `/proc/${pid}/stat`
    if (pid === undefined || !existsSync(file)) return 0
    // Fields after the command's closing parenthesis; utime and stime are the 12th and 13th of them, in hundredths of a second.
    const fields = readFileSync(file, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) * 10
  }
  return { gateway: of(gateway.pid), inference: of(gateway.inferencePid()) }
}
