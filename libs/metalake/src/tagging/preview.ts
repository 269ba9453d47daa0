import { itemsByUniqueNames, type ItemRow } from '@lakelens/db'
import type { Detection, Picture } from '@lakelens/inference-client'
import { isLakeError } from '@lakelens/kernel'
import { readPictures } from '../analysis/pictures'
import { refuseAws } from '../analysis/request'
import { factsOf } from '../analysis/video'
import { errors } from '../errors'
import type { Lake } from '../lake'
import { atModelId, checkModel, prepareModel, type PreparedModel } from '../models'
import { checkShare, checkTagging, type TaggingInput } from './options'
import { settleTagging } from './settle'
import { createTagger, type Tagger } from './tagger'

export interface PreviewInput extends Omit<TaggingInput, 'confidenceThreshold' | 'videoSampling'> {
  /** 1 to 16. */
  uniqueNames: readonly string[]
  modelId?: string | undefined
  /** 0..1: detections down to this score come back, so that a slider needs no second call. */
  confidenceFloor?: number | undefined
  inferencePlatform?: 'USE_ENV' | 'AWS' | 'LOCAL' | undefined
}

export interface PreviewDetection extends Detection {
  /** Of a video: the frame that was looked at, and its time. */
  frame: number | null
  timestampSeconds: number | null
}

/** One a name, in the order asked. */
export interface PreviewResult {
  uniqueName: string
  /** Null: no item has the name. */
  itemId: string | null
  /** By falling confidence. */
  detections: PreviewDetection[]
  /** From the bytes to the answer; null where there is none. */
  inferenceMs: number | null
  /** For people: why there is no answer for this item. */
  error: string | null
}

const mostNames = 16
/** For opening the model, and again for all the pictures: whoever tunes a slider waits no longer. */
const defaultLimitMs = 20_000
const defaultFloor = 0.05

/**
 * What a run would find in a few items, now and without storing it: the same reading, the same model, the same choice. Of a video
 * the frame in the middle is looked at. One item that can't be read says so, and the others answer.
 */
export async function previewAutoTag(
  lake: Lake,
  input: PreviewInput,
  { limitMs = defaultLimitMs } = {},
): Promise<PreviewResult[]> {
  lake.viewer.require('run')
  refuseAws(input.inferencePlatform)
  const { uniqueNames, confidenceFloor = defaultFloor, modelId = 'default' } = input
  if (uniqueNames.length < 1 || uniqueNames.length > mostNames)
    throw errors.PARAMETER_INVALID(
      { field: 'uniqueNames', reason: `names 1 to ${mostNames} items` },
      { path: ['uniqueNames'] },
    )
  checkShare('confidenceFloor', confidenceFloor)
  const options = checkTagging({ ...input, confidenceThreshold: confidenceFloor })
  const items = new Map((await itemsByUniqueNames(lake.db, uniqueNames)).map((item) => [item.uniqueName, item]))
  // Names nobody has are no reason to open a model.
  if (items.size === 0) {
    await atModelId(checkModel(lake, modelId, 'AUTO_TAGGING'))
    return uniqueNames.map((uniqueName) => unknown(uniqueName))
  }
  const model = await atModelId(openInTime(lake, modelId, limitMs))
  const tagger = await createTagger(lake, model, settleTagging(model, options).parameters)
  const signal = AbortSignal.timeout(limitMs)
  const results: PreviewResult[] = []
  // One by one: each is told what it took, and the queue of the service stays free for runs.
  for (const uniqueName of uniqueNames)
    results.push(await previewOne({ lake, tagger, signal, limitMs }, uniqueName, items.get(uniqueName)))
  return results
}

async function openInTime(lake: Lake, modelId: string, limitMs: number): Promise<PreparedModel> {
  const signal = AbortSignal.timeout(limitMs)
  try {
    return await prepareModel(lake, modelId, 'AUTO_TAGGING', signal)
  } catch (error) {
    if (!signal.aborted) throw error
    throw errors.PREVIEW_LATE({ modelId, seconds: limitMs / 1000 }, { path: ['modelId'], cause: error })
  }
}

interface Previewing {
  lake: Lake
  tagger: Tagger
  signal: AbortSignal
  limitMs: number
}

async function previewOne(
  { lake, tagger, signal, limitMs }: Previewing,
  uniqueName: string,
  item: ItemRow | undefined,
): Promise<PreviewResult> {
  if (!item) return unknown(uniqueName)
  const unanswered = { uniqueName, itemId: item.id, detections: [], inferenceMs: null }
  try {
    const read = item.contentType === 'VIDEO' ? await middleFrame(lake, item, signal) : await readPicture(lake, item)
    if ('error' in read) return { ...unanswered, error: read.error }
    const { picture, frame, timestampSeconds } = read
    const started = performance.now()
    const [result] = await tagger.detect([picture], signal, limitMs)
    if (!result) throw new Error('a picture got no answer')
    if ('error' in result) return { ...unanswered, error: result.error.message }
    const detections = result.detections.map(({ confidence, ...found }) => ({
      ...found,
      confidence: asStored(confidence),
      frame,
      timestampSeconds,
    }))
    return { ...unanswered, detections, inferenceMs: performance.now() - started, error: null }
  } catch (error) {
    if (signal.aborted)
      return { ...unanswered, error: `It took longer than the ${limitMs / 1000} seconds of a preview.` }
    // What is wrong with the item is its own answer; a service that is away is everybody's.
    if (!isLakeError(error) || error.category === 'UNAVAILABLE' || error.category === 'INTERNAL') throw error
    return { ...unanswered, error: error.message }
  }
}

const unknown = (uniqueName: string): PreviewResult => ({
  uniqueName,
  itemId: null,
  detections: [],
  inferenceMs: null,
  error: 'There is no item with this name.',
})

/** The shortest number that is this float32, as it comes back from the database: 0.9347569, not 0.934756875038147. */
function asStored(confidence: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const shorter = Number(confidence.toPrecision(digits))
    if (Math.fround(shorter) === Math.fround(confidence)) return shorter
  }
  return Number(confidence.toPrecision(9))
}

type Read = { picture: Picture; frame: number | null; timestampSeconds: number | null } | { error: string }

async function readPicture(lake: Lake, item: ItemRow): Promise<Read> {
  const { pictures, failures } = await readPictures(lake, [item])
  const [picture] = pictures
  if (picture) return { picture, frame: null, timestampSeconds: null }
  return { error: failures[0]?.message ?? 'The stored file could not be read.' }
}

function middleFrame(lake: Lake, item: ItemRow, signal: AbortSignal): Promise<Read> {
  return lake.blobs.withFile(item.digest, async (path) => {
    // The middle of one part, which is all of it.
    for await (const { index, timestampSeconds, data } of lake.videos.frames(
      path,
      factsOf(item),
      { frameCount: 1 },
      { signal },
    ))
      return { picture: { id: item.id, data }, frame: index, timestampSeconds }
    return { error: 'No frame of the video could be read.' }
  })
}
