import {
  doneItems,
  dropStagedBefore,
  lockItems,
  markDone,
  type Db,
  type ItemRow,
  type JobRow,
  type ResultKey,
} from '@lakelens/db'
import type { Picture, PictureError } from '@lakelens/inference-client'
import type { PageOutcome, Settle, TaskContext } from '@lakelens/jobs'
import { isLakeError } from '@lakelens/kernel'
import type { SampledFrame, VideoSampling } from '@lakelens/media'
import { errors } from '../errors'
import type { Lake } from '../lake'
import { pageItems } from './pictures'
import { payloadOf } from './plan'

/** Frames asked about in one call: few, so that little waits in memory, and enough that the call costs nothing beside them. */
const batchFrames = 4
/** Bytes of them: a batch of large frames is a smaller one. */
const batchBytes = 16 * 2 ** 20

type FrameResult = { id: string; error: PictureError } | { id: string }
type Answered<R> = Exclude<R, { error: PictureError }>

export interface VideoStep<R extends FrameResult> {
  sampling: VideoSampling
  /** The model version and the digest that a video is done under. */
  key: ResultKey
  /** Whether what was found in a part of a video is worth keeping when the rest can't be read. */
  keepsParts: boolean
  /** As for pictures. */
  infer(frames: Picture[], signal: AbortSignal): Promise<R[]>
  /** Takes in what came back of a batch, in the order of the frames. Never two at a time. */
  keep(answers: readonly { frame: Omit<SampledFrame, 'data'>; result: Answered<R> }[]): Promise<void>
  /** Writes what was kept, in the transaction that settles the page; the item is locked. */
  write(tx: Db): Promise<void>
}

/** Why a video, or a part of it, wasn't looked at. */
interface VideoFault {
  code: string
  message: string
  frame: number | null
}

interface Looked {
  frames: number
  fault: VideoFault | null
}

/** The video a page holds, alone; null for pages of pictures, and where it was deleted meanwhile. */
export async function videoOf(lake: Lake, itemIds: readonly string[]): Promise<ItemRow | null> {
  const [item, another] = itemIds.length === 1 ? await pageItems(lake, itemIds) : []
  return item?.contentType === 'VIDEO' && another === undefined ? item : null
}

/**
 * Runs a page that is one video: its frames go from the decoder to the backend as they come, and nothing of it grows with its
 * length. What can't be read, or looked at, fails the item with a reason, after everything else of it.
 */
export async function runVideo<R extends FrameResult>(
  lake: Lake,
  job: JobRow,
  item: ItemRow,
  context: TaskContext,
  step: VideoStep<R>,
): Promise<Settle> {
  const looked = await look(lake, item, context, step)
  return async (tx) => {
    const outcome = await settle(tx, job, item, looked, step)
    await dropStagedBefore(tx, context.page.id, context.page.fence + 1)
    return outcome
  }
}

async function settle<R extends FrameResult>(
  tx: Db,
  job: JobRow,
  item: ItemRow,
  { frames, fault }: Looked,
  step: VideoStep<R>,
): Promise<PageOutcome> {
  const outcome: PageOutcome = { succeeded: 0, skipped: 0, failures: [], lastUniqueName: item.uniqueName }
  const [present] = await lockItems(tx, [item.id])
  if (present === undefined) return outcome
  const isDone = payloadOf(job).onExisting === 'SKIP' && (await doneItems(tx, [item.id], step.key)).has(item.id)
  if (isDone) return { ...outcome, skipped: 1 }
  // Nothing old goes before its replacement is there: of a video that can't be read at all, what was known of it stays.
  if (fault === null || (step.keepsParts && frames > 0)) await step.write(tx)
  if (fault) return { ...outcome, failures: [{ itemId: item.id, ...fault }] }
  await markDone(tx, [item.id], step.key, job.id)
  return { ...outcome, succeeded: 1 }
}

async function look<R extends FrameResult>(
  lake: Lake,
  item: ItemRow,
  context: TaskContext,
  step: VideoStep<R>,
): Promise<Looked> {
  const looked: Looked = { frames: 0, fault: null }
  const seen = async (batch: readonly SampledFrame[]): Promise<void> => {
    const answers = await askAbout(batch, step, context.signal)
    looked.fault ??= answers.fault
    looked.frames += answers.kept.length
    await step.keep(answers.kept)
    const at = batch.at(-1)?.timestampSeconds ?? 0
    context.report(`video ${item.name}: ${clock(at)} of ${clock(item.durationSeconds ?? 0)}`, null)
  }
  try {
    await lake.blobs.withFile(item.digest, (path) =>
      eachBatch(lake.videos.frames(path, factsOf(item), step.sampling, { signal: context.signal }), seen),
    )
  } catch (error) {
    context.signal.throwIfAborted()
    // What the file lacks stands before what a model made of one of its frames.
    looked.fault = faultOf(error)
  }
  // A clip cut without coding anew may show no key frame any more. Done without having been looked at would be a lie.
  if (looked.frames === 0) looked.fault ??= noFrame(step.sampling)
  return looked
}

async function askAbout<R extends FrameResult>(
  batch: readonly SampledFrame[],
  step: VideoStep<R>,
  signal: AbortSignal,
) {
  const results = await step.infer(
    batch.map(({ index, data }) => ({ id: String(index), data })),
    signal,
  )
  let fault: VideoFault | null = null
  const kept = results.flatMap((result, n) => {
    const { index, timestampSeconds } = batch[n] as SampledFrame
    if (!('error' in result)) return [{ frame: { index, timestampSeconds }, result: result as Answered<R> }]
    fault ??= { code: result.error.code, message: `Frame ${index}: ${result.error.message}`, frame: index }
    return []
  })
  return { kept, fault: fault as VideoFault | null }
}

/**
 * Cuts a stream into batches: while one is worked on, the next is gathered, and a third is not begun. Where the stream breaks,
 * what had come before is worked on, then the break is thrown.
 */
export async function eachBatch(
  frames: AsyncIterable<SampledFrame>,
  work: (batch: readonly SampledFrame[]) => Promise<void>,
): Promise<void> {
  let batch: SampledFrame[] = []
  let bytes = 0
  let working: Promise<void> = Promise.resolve()
  const flush = async (): Promise<void> => {
    await working
    if (batch.length === 0) return
    working = work(batch)
    // Thrown by the next wait for it.
    working.catch(() => undefined)
    batch = []
    bytes = 0
  }
  const gathered = (async () => {
    for await (const frame of frames) {
      batch.push(frame)
      bytes += frame.data.byteLength
      if (batch.length >= batchFrames || bytes >= batchBytes) await flush()
    }
  })()
  const broke = await gathered.then(
    () => null,
    (error: unknown) => ({ error }),
  )
  await flush()
  await working
  if (broke) throw broke.error
}

export const factsOf = (item: ItemRow) => ({
  width: item.width ?? 0,
  height: item.height ?? 0,
  durationSeconds: item.durationSeconds ?? 0,
  frameCount: item.frameCount ?? 0,
  frameRate: item.frameRate ?? 0,
})

/** What is the file's own fault. Everything else (no decoder, inference or the database away) is thrown on: it says nothing of the item. */
function faultOf(error: unknown): VideoFault {
  if (!isLakeError(error)) throw error
  if (error.code === 'BLOB_NOT_FOUND') {
    const { code, message } = errors.MEDIA_MISSING()
    return { code, message, frame: null }
  }
  const isOfFile = /^(MEDIA_UNREADABLE|CONTENT_TYPE_UNSUPPORTED|LIMIT_EXCEEDED)$/.test(error.category)
  if (!isOfFile || !error.code.startsWith('VIDEO_')) throw error
  const { frame } = error.facts
  return { code: error.category, message: error.message, frame: typeof frame === 'number' ? frame : null }
}

const noFrame = (sampling: VideoSampling): VideoFault => {
  const { code, message } = errors.NO_FRAME_CHOSEN({ videoSampling: JSON.stringify(sampling) })
  return { code, message, frame: null }
}

/** `1:02:03`, or `2:03`. */
function clock(seconds: number): string {
  const two = (value: number): string => String(Math.floor(value) % 60).padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  const [hours, rest] = [Math.floor(minutes / 60), two(seconds)]
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`
}
