import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '@lakelens/kernel'
import { createApi } from '../api'
import { isGone, spawnGateway, type GatewayProcess } from './gatewayProcess'
import { jobEnd, jobState, upload } from './lakeClient'
import { largeOnnxPackage, largePythonPackage } from './largePackages'
import { lakelens, packed, type Application } from './modelPackages'

const mebibytes = 150
const folder = mkdtempSync(join(tmpdir(), 'lakelens-registration-kill-'))
const environment = { LAKELENS_DATA: join(folder, 'data'), LAKELENS_OFFLINE: '1', LAKELENS_LOG_LEVEL: 'warn' }
let gateway: GatewayProcess

const api = () => createApi({ url: gateway.url, key: undefined })

beforeAll(async () => {
  gateway = await spawnGateway(environment)
}, 60_000)

afterAll(async () => {
  await gateway?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Asks, waits for no answer, and returns the job: whoever asked may be cut off at any time. */
async function startRegistering(archive: string, modelName: string, application: Application): Promise<string> {
  const uploadId = await upload(api(), archive, 'MODEL')
  const asked = api().request(
    `mutation ($input: RegisterModelInput!) { registerModel(input: $input) { job { id } userErrors { code } } }`,
    { input: { source: { uploadId }, modelName, application } },
  )
  asked.catch(() => undefined)
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(10)) {
    const { jobs } = await api().request<{ jobs: { nodes: { id: string; parameters: { modelName?: string } }[] } }>(
      `{ jobs(filter: { types: [REGISTER_MODEL] }, first: 1) { nodes { id parameters } } }`,
    )
    const [job] = jobs.nodes
    if (job?.parameters.modelName === modelName) return job.id
  }
  throw new Error('no job of this name appeared')
}

interface Event {
  status: string
  stage: string | null
  progress: number
}

async function* eventsOf(id: string): AsyncGenerator<Event> {
  const document = `subscription ($id: ID!) { jobProgress(id: $id) { status stage progress } }`
  for await (const { jobProgress } of api().subscribe<{ jobProgress: Event }>(document, { id })) yield jobProgress
}

/** Follows a job until it is at `stage`; fails when it ended before. */
async function untilStage(id: string, stage: string): Promise<Event> {
  const seen: Event[] = []
  for await (const event of eventsOf(id)) {
    seen.push(event)
    if (event.stage === stage) return event
  }
  throw new Error(`never seen at "${stage}": ${JSON.stringify(seen)}`)
}

async function versionsOf(modelId: string): Promise<{ version: number; status: string }[]> {
  const { model } = await api().request<{ model: { versions: { nodes: { version: number; status: string }[] } } }>(
    `query ($modelId: String!) { model(modelId: $modelId) { versions { nodes { version status } } } }`,
    { modelId },
  )
  return model.versions.nodes
}

async function jobsOf(modelName: string): Promise<string[]> {
  const { jobs } = await api().request<{ jobs: { nodes: { status: string; parameters: { modelName?: string } }[] } }>(
    `{ jobs(filter: { types: [REGISTER_MODEL] }, first: 50) { nodes { status parameters } } }`,
  )
  return jobs.nodes.filter(({ parameters }) => parameters.modelName === modelName).map(({ status }) => status)
}

/** Files below a folder of the gateway's data, by path. */
const filesIn = (name: string): string[] =>
  readdirSync(join(environment.LAKELENS_DATA, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

async function expectRegisteredOnce(modelName: string, jobId: string): Promise<void> {
  expect(await jobEnd(api(), jobId)).toMatchObject({ status: 'COMPLETED' })
  expect(await jobsOf(modelName)).toEqual(['COMPLETED'])
  expect(await versionsOf(modelName)).toEqual([{ version: 1, status: 'READY' }])
  expect(filesIn('scratch')).toEqual([])
}

test(`kill -9 of the gateway while it reads a package of ${mebibytes} MiB: after a restart it is one version, and nothing is left over`, async () => {
  const archive = await packed(largePythonPackage(join(folder, 'python'), mebibytes), join(folder, 'python.tar.gz'))
  const id = await startRegistering(archive, 'large-script', 'EMBEDDING')
  const at = await untilStage(id, 'reading the package')
  expect(at.progress).toBeLessThan(60)
  expect(await versionsOf('large-script')).toEqual([{ version: 1, status: 'VALIDATING' }])
  await gateway.kill()
  expect(filesIn('scratch')).not.toEqual([])
  const blobs = filesIn('media')
  gateway = await spawnGateway(environment)
  await expectRegisteredOnce('large-script', id)
  expect(filesIn('media')).toEqual(blobs)
}, 120_000)

/** Graphs that the inference process has fetched to the end: what it does with one next is opening it. */
const fetched = (): string[] => filesIn(join('inference', 'models')).filter((file) => file.endsWith('.onnx'))

test(`kill -9 of the inference process while it tries a graph of ${mebibytes} MiB: the job goes on`, async () => {
  const archive = await packed(largeOnnxPackage(join(folder, 'onnx'), mebibytes), join(folder, 'onnx.tar.gz'))
  const before = filesIn('media').length
  const id = await startRegistering(archive, 'large-graph', 'AUTO_TAGGING')
  await untilStage(id, 'opening the model')
  while (fetched().length === 0) await sleep(5)
  const victim = gateway.inferencePid() as number
  process.kill(victim, 'SIGKILL')
  expect(await isGone(victim, 5_000)).toBe(true)
  expect((await jobState(api(), id)).status).toBe('IN_PROGRESS')
  await expectRegisteredOnce('large-graph', id)
  // The package as it was sent, and the graph in it.
  expect(filesIn('media')).toHaveLength(before + 2)
}, 120_000)

/** Resident memory of a process in MiB, where the system tells it by file; the files it maps don't count. */
function memoryMiB(pid: number): number {
  const [, kibibytes] = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kibibytes) / 1024
}

test(`${mebibytes} MiB on the command line: progress on a pipe, in little memory of the gateway`, async () => {
  // A fresh one: what went through it before is garbage that nobody has collected.
  await gateway.stop()
  gateway = await spawnGateway(environment)
  const source = largeOnnxPackage(join(folder, 'command'), mebibytes)
  const sampled = process.platform === 'linux'
  const before = sampled ? memoryMiB(gateway.pid) : 0
  let most = before
  const timer = setInterval(() => sampled && (most = Math.max(most, memoryMiB(gateway.pid))), 20)
  const registered = await lakelens(
    ['models', 'register', source, '--name', 'by-command', '--application', 'auto_tagging'],
    { LAKELENS_URL: gateway.url },
  ).finally(() => clearInterval(timer))
  console.info(`${registered.error}memory of the gateway: ${before.toFixed(0)} MiB before, ${most.toFixed(0)} at most`)
  expect(registered).toMatchObject({ code: 0, out: expect.stringContaining('by-command:1 is ready') as string })
  for (const step of ['Packing', 'Uploading', 'Checking'])
    expect(registered.error).toMatch(new RegExp(`^${step}: `, 'm'))
  // A package in memory, once, would be more.
  expect(most - before).toBeLessThan(mebibytes)
}, 120_000)
