import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '@lakelens/kernel'
import { createApi } from '../api'
import { allProcesses, isAlive, isGone, spawnGateway, type GatewayProcess } from './gatewayProcess'
import { addFiles, createCollection, itemsOf, jobEnd, jobState, startAutoTag } from './lakeClient'
import { cocoPictures, modelsDir } from './realMedia'

/** Long enough for a machine that is busy with other things; the job itself takes some ten seconds. */
const jobWithinMs = 180_000
const rounds = Number(process.env['LAKELENS_KILL_ROUNDS'] ?? 10)

const folder = mkdtempSync(join(tmpdir(), 'lakelens-kill-'))
const environment = { LAKELENS_DATA: folder, LAKELENS_MODELS_DIR: modelsDir(), LAKELENS_LOG_LEVEL: 'warn' }
let gateway: GatewayProcess
let collectionId: string

const api = () => createApi({ url: gateway.url, key: undefined })

beforeAll(async () => {
  gateway = await spawnGateway(environment)
  collectionId = await createCollection(api(), 'killed')
  expect(await addFiles(api(), collectionId, cocoPictures())).toEqual([])
}, 120_000)

afterAll(async () => {
  await gateway?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Every picture once: processed once by the counts, and no box twice by the same model. */
async function expectEveryPictureOnce(jobId: string): Promise<void> {
  const job = await jobEnd(api(), jobId, jobWithinMs)
  expect(job).toMatchObject({
    status: 'COMPLETED',
    counts: { total: 128, processed: 128, succeeded: 128, skipped: 0, failed: 0 },
  })
  const items = await itemsOf(api(), collectionId)
  expect(items).toHaveLength(128)
  expect(items.filter((item) => item.annotations.nodes.length > 0).length).toBeGreaterThan(64)
  for (const item of items) {
    const boxes = item.annotations.nodes.map(({ label, box }) => JSON.stringify([label, box]))
    expect(new Set(boxes).size).toBe(boxes.length)
    for (const tag of item.tags)
      expect(tag.count).toBe(item.annotations.nodes.filter(({ label }) => label === tag.label).length)
  }
}

/**
 * Kills `rounds` times at random moments of jobs that are still unfinished, at most twice a job, and looks after each job.
 * The threshold is another one for every job, so that none finds its pictures done.
 */
async function killInTheMiddle(threshold: number, kill: () => Promise<void>): Promise<void> {
  for (let killed = 0; killed < rounds; threshold += 0.01) {
    const job = await startAutoTag(api(), {
      scope: { collectionId },
      inputResolution: { width: 320, height: 320 },
      confidenceThreshold: threshold,
    })
    for (let n = 0; n < 2 && killed < rounds; n++) {
      await sleep(300 + Math.random() * 1_500)
      const { status } = await jobState(api(), job.id)
      if (!['QUEUED', 'IN_PROGRESS'].includes(status)) break
      await kill()
      killed++
    }
    await expectEveryPictureOnce(job.id)
  }
}

test(`kill -9 of the inference process, ${rounds} times in the middle of jobs: every job completes, every picture once`, async () => {
  const gatewayPid = gateway.pid
  await killInTheMiddle(0.3, async () => {
    let victim: number | undefined
    // One that was killed a moment ago is being started again.
    while ((victim = gateway.inferencePid()) === undefined) await sleep(20)
    process.kill(victim, 'SIGKILL')
    expect(await isGone(victim, 5_000)).toBe(true)
  })
  expect(gateway.pid).toBe(gatewayPid)
}, 600_000)

test(`kill -9 of the gateway, ${rounds} times in the middle of jobs: after a restart the job completes, no orphan, no stale lock`, async () => {
  await killInTheMiddle(0.5, async () => {
    const inference = gateway.inferencePid()
    await gateway.kill()
    if (inference !== undefined) expect(await isGone(inference, 5_000)).toBe(true)
    gateway = await spawnGateway(environment)
  })
}, 900_000)

test('SIGTERM leaves nothing behind', async () => {
  const { pid } = gateway
  const inference = gateway.inferencePid() as number
  expect(await gateway.stop()).toBe(0)
  expect(isAlive(pid)).toBe(false)
  expect(await isGone(inference, 2_000)).toBe(true)
  expect(allProcesses().filter((line) => line.command.includes(folder))).toEqual([])
  gateway = await spawnGateway(environment)
}, 60_000)
