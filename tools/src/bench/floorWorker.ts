import { readFile } from 'node:fs/promises'
import { parentPort, workerData } from 'node:worker_threads'
import {
  type EffectiveManifest,
  type Placement,
  type Size,
  createPacker,
  decodeYolov8,
  decodeYolox,
  effectiveManifest,
  effectiveResolution,
  isSrgbProfile,
  parseManifest,
  placePicture,
  poolVectors,
  requireRunnable,
  toDetections,
} from '@lakelens/vision'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import sharp from 'sharp'
import { errors } from './errors'
import type { FloorAnswer, FloorParts, WorkerReply, WorkerSetup } from './floorTypes'

const { options, next } = workerData as WorkerSetup
const { variant } = options
const cursor = new Int32Array(next)
const readHere: readonly string[] = ['yolov8', 'yolox', 'embedding']

interface Model {
  session: InferenceSession
  manifest: EffectiveManifest
  box: Size
  fixed: boolean
}

interface Decoded {
  pixels: Uint8Array
  size: Size
  placement: Placement
}

async function openModel(): Promise<Model> {
  const session = await InferenceSession.create(options.modelFile, { intraOpNumThreads: 1, interOpNumThreads: 1 })
  const manifest = effectiveManifest(parseManifest(options.manifest))
  requireRunnable(manifest)
  // The loop reads what the default models give; it is no second implementation of every format.
  if (!readHere.includes(manifest.output))
    throw errors.BENCH_REFUSED({ reason: `the bare loop does not read \`output: ${manifest.output}\`` })
  const [input] = session.inputMetadata
  const shape = input?.isTensor ? input.shape : []
  const [height, width] = manifest.input.layout === 'nchw' ? shape.slice(2) : shape.slice(1)
  const fixed = typeof width === 'number' && typeof height === 'number' ? { width, height } : null
  const wanted = options.kind === 'embed' ? (manifest.input.size ?? options.resolution) : options.resolution
  const box = effectiveResolution(wanted, { fixedResolution: fixed, stride: manifest.input.stride })
  return { session, manifest, box, fixed: fixed !== null || !variant.rectangular }
}

/** Runs on libuv's threads, so it goes on while `session.run` blocks this one. */
async function decode(file: string, { manifest, box, fixed }: Model): Promise<Decoded> {
  const bytes = await readFile(file)
  const { autoOrient: picture, icc } = await sharp(bytes).metadata()
  const placement = placePicture(picture, box, fixed, manifest.input)
  const ignoreIcc = variant.skipSrgbProfiles && icc !== undefined && isSrgbProfile(icc)
  const { width, height } = placement.scaled
  // libvips' bilinear enlarging lies a quarter of a pixel beside PIL's, which a vector notices (cosine .956 against .974 with
  // cubic for a picture of 128 pixels) and a detector does not (tag F1 .781 with linear, .778 with cubic).
  const kernel = placement.cut && width > picture.width ? 'cubic' : variant.kernel
  let image = sharp(bytes, { ignoreIcc, sequentialRead: variant.sequentialRead })
    .autoOrient()
    .resize(width, height, { fit: 'fill', kernel })
  if (placement.cut) image = image.extract(placement.cut)
  const { data, info } = await image.toColourspace('srgb').removeAlpha().raw().toBuffer({ resolveWithObject: true })
  return { pixels: data, size: info, placement }
}

/** Reads an answer; `Model` and the options say how. */
function read(answer: InferenceSession.ReturnType, { session, manifest }: Model, placement: Placement): FloorAnswer {
  const output = answer[manifest.tensor ?? session.outputNames[0] ?? '']
  const data = output?.data as Float32Array
  const dims = output?.dims ?? []
  if (manifest.output === 'embedding') return { vector: poolVectors(data, dims, manifest.pooling)[0] as Float32Array }
  const isYolox = manifest.output === 'yolox'
  const classes = isYolox ? (dims[2] ?? 0) - 5 : (dims[1] ?? 0) - 4
  const reading = { classes, threshold: options.confidenceThreshold }
  const candidates = isYolox ? decodeYolox(data, placement.padded, reading) : decodeYolov8(data, reading)
  return {
    detections: toDetections(candidates, placement, {
      iouThreshold: options.nmsIou,
      maxDetections: options.maxDetections,
    }),
  }
}

type Answered = { index: number; answer: FloorAnswer }

/** Takes files until none is left, with some always being decoded ahead. */
async function run(model: Model, parts: FloorParts, take: () => number): Promise<Answered[]> {
  const { session, manifest } = model
  const pack = createPacker(manifest.input)
  const tensorData = new Float32Array(model.box.width * model.box.height * 3)
  const answers: Answered[] = []
  const ahead: { index: number; decoded: Promise<Decoded> }[] = []
  const fill = (): void => {
    while (ahead.length < variant.prefetch) {
      const index = take()
      const file = options.files[index]
      if (file === undefined) return
      ahead.push({ index, decoded: decode(file, model) })
    }
  }
  fill()
  for (let current = ahead.shift(); current; current = ahead.shift()) {
    const began = performance.now()
    const { pixels, size, placement } = await current.decoded
    fill()
    const decodedAt = performance.now()
    const { width, height } = placement.padded
    const data = tensorData.subarray(0, width * height * 3)
    pack(pixels, size, placement, data)
    const dims = manifest.input.layout === 'nchw' ? [1, 3, height, width] : [1, height, width, 3]
    const packedAt = performance.now()
    const answer = await session.run({ [session.inputNames[0] ?? '']: new Tensor('float32', data, dims) })
    const ranAt = performance.now()
    answers.push({ index: current.index, answer: read(answer, model, placement) })
    parts.wait += decodedAt - began
    parts.pack += packedAt - decodedAt
    parts.run += ranAt - packedAt
    parts.read += performance.now() - ranAt
  }
  return answers
}

const newParts = (): FloorParts => ({ wait: 0, pack: 0, run: 0, read: 0 })
const say = (reply: WorkerReply): void => parentPort?.postMessage(reply)

async function main(): Promise<void> {
  sharp.concurrency(variant.sharpConcurrency)
  sharp.cache(false)
  const model = await openModel()
  // The first runs of a session allocate and pack weights; they are no part of a speed.
  let warmed = 0
  await run(model, newParts(), () => (warmed < 3 ? warmed++ : -1))
  parentPort?.on('message', (request: { end?: boolean }) => {
    if (request.end) return parentPort?.close()
    const parts = newParts()
    // A rejection reaches the measuring thread as this worker's `error`.
    void run(model, parts, () => Atomics.add(cursor, 0, 1)).then((answers) => say({ type: 'done', parts, answers }))
  })
  say({ type: 'ready' })
}

void main()
