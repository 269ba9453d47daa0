import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate, type Database } from '@lakelens/db'
import { loadConfig, startGateway, type Gateway } from '@lakelens/gateway'
import { silentLogger } from '@lakelens/kernel'
import { createDiskBlobStore } from '@lakelens/media'
import { listCollections } from '@lakelens/metalake'
import { createApi } from '../api'
import { makePictures } from '../seed/files'
import { seedLake } from '../seed/seedLake'
import { costOfDepth, costOfQuestion, lakeQuestions } from './lakeQueries'
import { runOverLake, type LakeRun } from './lakeRun'
import { openBenchDatabase, standInLake } from './standInLake'

export interface LakeBenchOptions {
  databaseUrl: string
  items: number
  /** Items of the small lake whose run the large one's memory is compared with; 0: no runs. */
  smallItems: number
  rounds: number
  signal: AbortSignal
  print(line: string): void
  onProgress(what: string, done: number, total: number): void
}

const seed = 7

/**
 * A lake of any size against what the database itself can do with it: first pages against bare statements, deep pages against
 * first ones, and a run over all of it against one over a small lake. Each lake has a database of its own beside the one that is
 * named, made once and kept, so that a second run measures at once.
 */
export async function runLakeBench(options: LakeBenchOptions): Promise<void> {
  const { print, items, smallItems } = options
  const folder = mkdtempSync(join(tmpdir(), 'lakelens-bench-'))
  try {
    const large = await openLake(options, items, folder)
    try {
      print(
        `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}, ${large.db.description.replace(/ at .*/, '')}, ${items} items`,
      )
      await measureQuestions(large.db, large.url, folder, options)
    } finally {
      await large.db.close()
    }
    if (smallItems === 0) return
    const small = await openLake(options, smallItems, folder)
    await small.db.close()
    const runs = {
      small: await run(small.url, smallItems, folder, options),
      large: await run(large.url, items, folder, options),
    }
    printRuns(runs, print)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function openLake(
  { databaseUrl, signal, onProgress }: LakeBenchOptions,
  items: number,
  folder: string,
): Promise<{ db: Database; url: string }> {
  const url = new URL(databaseUrl)
  const name = `lakelens_bench_${items}`
  const server = await openBenchDatabase(databaseUrl, folder)
  try {
    const { rowCount } = await server.query('select from pg_database where datname = $1', [name])
    // A name of our own making: no value can stand there.
    if (rowCount === 0) await server.query(`create database ${name}`)
  } finally {
    await server.close()
  }
  url.pathname = `/${name}`
  const db = await openBenchDatabase(url.href, folder)
  try {
    await migrate(db)
    const blobs = createDiskBlobStore(join(folder, 'media'))
    const { rows } = await db.query<{ count: number }>('select count(*)::integer as count from item')
    if (rows[0]?.count === 0) {
      const report = (done: number) => onProgress('Seeding', done, items)
      await seedLake(db, blobs, { items, videos: 0, seed, signal, onProgress: report })
    } else for (const { bytes } of await makePictures(seed)) await blobs.put(bytes, { maxBytes: 1 << 20 })
    return { db, url: url.href }
  } catch (error) {
    await db.close()
    throw error
  }
}

async function measureQuestions(
  db: Database,
  databaseUrl: string,
  folder: string,
  options: LakeBenchOptions,
): Promise<void> {
  const { rounds, print, signal } = options
  const lake = standInLake(db, join(folder, 'media'))
  const gateway = await openGateway(databaseUrl, folder)
  try {
    const api = createApi({ url: gateway.url, key: undefined })
    const collection = await aCollection(lake)
    const globalId = Buffer.from(`Collection:${collection.id}`).toString('base64url')
    print(`${'first page of items'.padEnd(30)} product/bare    product       bare       HTTP   rows`)
    for (const question of lakeQuestions(collection)) {
      signal.throwIfAborted()
      const scope = question.ask.scope ? { collectionId: globalId } : null
      const cost = await costOfQuestion(
        lake,
        (query, variables) => api.request(query, variables),
        question,
        scope,
        rounds,
      )
      const ms = (value: number) => `${value.toFixed(2)} ms`.padStart(10)
      const ratio = (cost.product / cost.bare).toFixed(2).padStart(12)
      print(
        `${cost.name.padEnd(30)} ${ratio} ${ms(cost.product)} ${ms(cost.bare)} ${ms(cost.http)} ${String(cost.rows).padStart(6)}`,
      )
    }
    const { first, deep, behind } = await costOfDepth(lake, rounds)
    print(
      `a page of 100 behind ${behind} items takes ${(deep / first).toFixed(2)} of the first one (${deep.toFixed(2)} ms, ${first.toFixed(2)} ms)`,
    )
  } finally {
    await gateway.close()
  }
}

/** A gateway that only answers: no worker takes what the runs are to be measured with. */
const openGateway = (databaseUrl: string, folder: string): Promise<Gateway> =>
  startGateway(
    loadConfig({
      PORT: '0',
      DATABASE_URL: databaseUrl,
      INFERENCE_URL: '127.0.0.1:9',
      LAKELENS_ROLES: 'api',
      LAKELENS_DATA: join(folder, 'gateway'),
      PATH: process.env['PATH'],
    }),
    silentLogger(),
    { onInferenceLine: () => undefined },
  )

/** One of middling size: their sizes fall by their number. */
async function aCollection(lake: Parameters<typeof listCollections>[0]): Promise<{ id: string }> {
  const { edges } = await listCollections(lake, { last: 10 })
  const collection = edges[0]?.node
  if (!collection) throw new Error('The lake holds no collection.')
  return collection
}

async function run(databaseUrl: string, items: number, folder: string, options: LakeBenchOptions): Promise<LakeRun> {
  options.signal.throwIfAborted()
  const lookEvery = Math.max(1_000, Math.floor(items / 20))
  return runOverLake({ databaseUrl, mediaDir: join(folder, 'media'), lookEvery }, ({ at, mib }) => {
    options.onProgress(`autoTag, ${mib.toFixed(0)} MiB`, at, items)
  })
}

function printRuns(runs: { small: LakeRun; large: LakeRun }, print: (line: string) => void): void {
  for (const run of [runs.small, runs.large]) {
    print(
      `autoTag over ${run.items} items: the job after ${run.mutationMs.toFixed(0)} ms, its first page after ${run.firstPageMs.toFixed(0)} ms, ` +
        `${Math.round(run.items / run.seconds)} items a second, ${endOf(run).toFixed(0)} MiB at the end (at most ${mostOf(run).toFixed(0)})`,
    )
  }
  print(`memory at the end: ${(endOf(runs.large) / endOf(runs.small)).toFixed(3)} of the small lake's`)
}

const endOf = (run: LakeRun): number => run.memory.at(-1)?.mib ?? Number.NaN
const mostOf = (run: LakeRun): number => Math.max(...run.memory.map(({ mib }) => mib))
