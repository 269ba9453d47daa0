import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { errors } from './errors'
import type {
  FloorAnswer,
  FloorOptions,
  FloorParts,
  FloorResult,
  FloorVariant,
  WorkerReply,
  WorkerSetup,
} from './floorTypes'

export type { FloorAnswer, FloorOptions, FloorParts, FloorResult, FloorVariant } from './floorTypes'

/**
 * The best arrangement found on two cores, CPU a picture of COCO at 640 (yolov8n) and at 224 (mobilenetv2):
 * - padded to the stride 80 ms, to the whole square 106;
 * - sRGB profiles left alone 14.5 ms, converted 17; half of the pictures carry a profile, two thirds of those are sRGB;
 * - four pictures ahead leave 4 ms of waiting for the decoder, two leave 7, one leaves 11: decoding takes a batch of turns
 *   behind a `run` that holds its core;
 * - `linear` is 0.5 to 1 ms cheaper than `lanczos3` where there is something to resize, and is what the references use.
 */
export const bestVariant: Required<FloorVariant> = {
  prefetch: 4,
  kernel: 'linear',
  skipSrgbProfiles: true,
  sequentialRead: true,
  sharpConcurrency: 1,
  rectangular: true,
}

/**
 * How fast this machine can be at all: file → decoder → tensor → model → answer on every core, with no database, wire or
 * job around it. What the product does in the same time, divided by this, is what the product costs.
 */
export async function measureFloor(options: FloorOptions): Promise<FloorResult> {
  const { threads = 2, rounds = 3 } = options
  if (options.files.length === 0) throw errors.BENCH_NOTHING_TO_MEASURE()
  const next = new SharedArrayBuffer(4)
  const setup: WorkerSetup = { options: complete(options), next }
  const workers = Array.from({ length: threads }, () => startWorker(setup))
  try {
    await Promise.all(workers.map((worker) => worker.reply('ready')))
    const measured: RoundResult[] = []
    for (let round = 0; round < rounds; round++) measured.push(await measureRound(workers, next, options.files.length))
    return summarise(measured, options.files.length)
  } finally {
    await Promise.all(workers.map((worker) => worker.end()))
  }
}

function complete({ variant, threads: _threads, rounds: _rounds, ...given }: FloorOptions): WorkerSetup['options'] {
  const defaults = {
    resolution: { width: 640, height: 640 },
    confidenceThreshold: 0.25,
    nmsIou: 0.45,
    maxDetections: 300,
  }
  return { ...defaults, ...given, variant: { ...bestVariant, ...variant } }
}

interface RoundResult {
  seconds: number
  cpuMs: number
  parts: FloorParts
  answers: FloorAnswer[]
}

async function measureRound(workers: FloorWorker[], next: SharedArrayBuffer, count: number): Promise<RoundResult> {
  Atomics.store(new Int32Array(next), 0, 0)
  const startedAt = performance.now()
  const cpu = process.cpuUsage()
  const replies = workers.map((worker) => worker.reply('done'))
  workers.forEach((worker) => worker.start())
  const done = await Promise.all(replies)
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const answers = new Array<FloorAnswer>(count)
  for (const { index, answer } of done.flatMap((reply) => reply.answers)) answers[index] = answer
  return { seconds, cpuMs: (user + system) / 1000, parts: sumParts(done.map((reply) => reply.parts)), answers }
}

function summarise(measured: RoundResult[], count: number): FloorResult {
  const rounds = measured.map((round) => count / round.seconds)
  const images = count * measured.length
  const parts = sumParts(measured.map((round) => round.parts))
  return {
    imagesPerSecond: median(rounds),
    rounds,
    cpuPerImage: measured.reduce((sum, round) => sum + round.cpuMs, 0) / images,
    parts: { wait: parts.wait / images, pack: parts.pack / images, run: parts.run / images, read: parts.read / images },
    answers: measured.at(-1)?.answers ?? [],
  }
}

const sumParts = (all: FloorParts[]): FloorParts =>
  all.reduce((a, b) => ({ wait: a.wait + b.wait, pack: a.pack + b.pack, run: a.run + b.run, read: a.read + b.read }), {
    wait: 0,
    pack: 0,
    run: 0,
    read: 0,
  })

/** The middle value; of an even number, the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? NaN
  return sorted.length % 2 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2
}

type ReplyOf<T extends WorkerReply['type']> = Extract<WorkerReply, { type: T }>

interface FloorWorker {
  /** The next message, which must be of this type; rejects when the thread fails first. */
  reply<T extends WorkerReply['type']>(type: T): Promise<ReplyOf<T>>
  start(): void
  end(): Promise<unknown>
}

function startWorker(setup: WorkerSetup): FloorWorker {
  const worker = new Worker(workerFile(), { workerData: setup })
  return {
    reply: <T extends WorkerReply['type']>(type: T) =>
      new Promise<ReplyOf<T>>((resolve, reject) => {
        const settle = (): void => void worker.off('message', onMessage).off('error', onError)
        const onMessage = (message: WorkerReply): void => {
          settle()
          if (message.type === type) resolve(message as ReplyOf<T>)
          else reject(errors.BENCH_WORKER_CONFUSED({ expected: type, actual: message.type }))
        }
        const onError = (error: unknown): void => {
          settle()
          reject(error as Error)
        }
        worker.on('message', onMessage).on('error', onError)
      }),
    start: () => worker.postMessage({ round: 0 }),
    // Asked, not terminated: a thread that is stopped while the runtime is at work in it takes the whole process down.
    end: () => {
      const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
      // One that failed has gone already, and has no number any more.
      if (worker.threadId === -1) return Promise.resolve()
      worker.postMessage({ end: true })
      return gone
    },
  }
}

/** A thread starts from built JavaScript, also when this file runs from source, as it does under jest. */
function workerFile(): string {
  const built = [join(__dirname, 'floorWorker.js'), join(__dirname, '../../dist/bench/floorWorker.js')].find(existsSync)
  if (!built) throw errors.BENCH_NOT_BUILT()
  return built
}
