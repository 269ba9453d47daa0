import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Logger } from '@lakelens/kernel'
import type { Size } from '@lakelens/vision'
import { inspectPicture, renderPicture } from '../decode'
import { confinedRunner } from './confined'
import { pythonErrors } from './errors'
import { findInterpreter } from './interpreter'
import { keepProcess } from './keepProcess'
import { parseDetections, parseEmbedding } from './parseAnswer'
import { preparePicture } from './preparePicture'
import { startProcess } from './process'
import { findSandbox } from './sandbox'
import { type PythonSettings, effectivePython } from './settings'
import { readValue } from './values'

export interface MeasureOptions {
  settings: PythonSettings
  /** An encoded picture. */
  picture: Uint8Array
  box: Size
  rounds: number
  log: Logger
}

/** Medians, in milliseconds a picture. */
export interface PythonCost {
  python: string
  sandbox: string
  startMs: number
  /** Of the JPEG that input_fn gets. */
  sentBytes: number
  decode: number
  fit: number
  encode: number
  /** To the process and back: frames and parsing on both sides, with nothing between. */
  detections: number
  embedding: number
}

// The functions do nothing, so that what is measured is the way there and back.
const trivial = `
boxes = [[i, i, i + 20.5, i + 30.25] for i in range(20)]
answer = {"boxes": boxes, "probs": [0.9] * 20, "labels": ["thing"] * 20, "masks": None, "embedding": [i / 2048 for i in range(2048)]}

def model_fn(model_dir):
    return None

def input_fn(request_body, request_content_type):
    return request_body

def predict_fn(input_data, model):
    return input_data

def output_fn(prediction, content_type):
    return {key: answer[key] for key in ("KEYS", )}
`
const detectionKeys = '"boxes", "probs", "labels", "masks"'

/** What a warm Python model costs beside its own work: the transport, and decode, fit and encode apart from it. */
export async function measurePython({ settings, picture, box, rounds, log }: MeasureOptions): Promise<PythonCost> {
  const interpreter = await findInterpreter(settings)
  if ('missing' in interpreter)
    throw pythonErrors.PYTHON_UNAVAILABLE({ name: 'of the benchmark', reason: interpreter.missing })
  const sandbox = await findSandbox(settings, interpreter)
  const folder = await mkdtemp(join(tmpdir(), 'lakelens-measure-'))
  const prepared = await preparePicture(picture, 'jpeg', box, new AbortController().signal)
  const trip = async (keys: string, parse: (value: ReturnType<typeof readValue>) => unknown) => {
    const root = join(folder, keys.length.toString())
    await mkdir(join(root, 'code'), { recursive: true })
    await writeFile(join(root, 'code', 'inference.py'), trivial.replace('"KEYS"', keys))
    const python = effectivePython('of the benchmark', { python: { memoryMiB: 256 } }, 256)
    const confined = confinedRunner({ sandbox, interpreter, root, environment: null }, python)
    const limits = { memoryMiB: 256, startWithinMs: 20_000, answerWithinMs: 20_000 }
    const start = () => startProcess({ sandbox, confined, log, ...limits })
    const kept = keepProcess({ name: 'of the benchmark', start, concurrency: 1, log })
    try {
      const startMs = await kept.ready()
      const ms = await median(rounds, async () => {
        const answer = await kept.ask(prepared.contentType, prepared.body, new AbortController().signal)
        if (!('value' in answer)) throw new Error(JSON.stringify(answer))
        parse(readValue(answer.value, answer.body))
      })
      return { startMs, ms }
    } finally {
      await kept.stop()
    }
  }
  try {
    const detect = await trip(detectionKeys, (value) =>
      parseDetections(value, {
        ...{ application: 'AUTO_TAGGING', labels: ['thing'], picture: prepared.size, boxes: 'pixels' },
        ...{ activation: 'none', confidenceThreshold: 0.5, maxDetections: 300, classThresholds: null },
      }),
    )
    const embed = await trip('"embedding"', (value) => parseEmbedding(value, 2048))
    return {
      python: interpreter.version,
      sandbox: sandbox.kind,
      startMs: detect.startMs,
      sentBytes: prepared.body.length,
      ...(await measurePreparing(picture, prepared.size, rounds)),
      detections: detect.ms,
      embedding: embed.ms,
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Each step as what it adds to the one before: they run as one pipeline, in which shrinking begins while decoding. */
async function measurePreparing(
  picture: Uint8Array,
  { width, height }: Size,
  rounds: number,
): Promise<Pick<PythonCost, 'decode' | 'fit' | 'encode'>> {
  const inspected = await inspectPicture(picture)
  const decoded = await median(rounds, () => renderPicture(picture, inspected, undefined, (one) => one.raw()))
  const fit = { fit: 'fill', kernel: 'linear' } as const
  const fitted = await median(rounds, () =>
    renderPicture(picture, inspected, undefined, (one) => one.resize(width, height, fit).raw()),
  )
  const encoded = await median(rounds, () =>
    renderPicture(picture, inspected, undefined, (one) =>
      one.resize(width, height, fit).jpeg({ quality: 95, chromaSubsampling: '4:4:4' }),
    ),
  )
  return { decode: decoded, fit: fitted - decoded, encode: encoded - fitted }
}

async function median(rounds: number, work: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let round = -10; round < rounds; round++) {
    const started = performance.now()
    await work()
    // The first ten warm up.
    if (round >= 0) times.push(performance.now() - started)
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!
}
