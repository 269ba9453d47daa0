import { errors } from '../errors'
import {
  asUnreadable,
  inputOf,
  locationOf,
  maxFramePixels,
  openVideo,
  reasonOf,
  readFacts,
  readStream,
  type VideoFile,
} from './facts'
import { areThere, findTools, type FindOptions, type FoundTools } from './findTools'
import { createFrameLines, type FrameLines } from './frameLines'
import { partsOf } from './parts'
import { checkSampling, selectExpression } from './sampling'
import { outputOf, ToolFailed, wholeOutputOf } from './tool'
import type { KnownFacts, SampledFrame, VideoSampling, VideoTools } from './videoTools'

const decoderThreads = 2
// The decoders of the codecs that are taken, by FFmpeg's names: a file can't have any other run, not even for its other streams.
const decoders = 'h264,hevc,vp8,vp9,av1,libvpx,libvpx-vp9,libdav1d,libaom-av1,mpeg4,mjpeg,prores'
const maxThumbnailBytes = 8 * 2 ** 20
/** JPEG quality on FFmpeg's scale of 1 (best, needs a flag) to 31; 2 differs from the source by less than the video's own coding does. */
const quality = '2'

/** Videos by `ffmpeg` and `ffprobe`, each look a process of its own (docs/adr/0004). Both are looked for until they are found, and again when they are gone. */
export function createVideoTools(options: FindOptions = {}): VideoTools {
  let found: Promise<FoundTools | string> | undefined
  const look = async (): Promise<FoundTools | string> => {
    const before = await found
    if (typeof before === 'object' && !(await areThere(before))) found = undefined
    const tools = await (found ??= findTools(options))
    if (typeof tools === 'string') found = undefined
    return tools
  }
  const need = async (): Promise<FoundTools> => {
    const tools = await look()
    if (typeof tools === 'string') throw errors.VIDEO_TOOLS_MISSING({ detail: tools })
    return tools
  }
  return {
    async describe() {
      const tools = await look()
      if (typeof tools === 'string') return { available: false, detail: `Videos can't be looked into here: ${tools}` }
      const lacks = tools.missingCodecs.length > 0 ? `, without a decoder for ${tools.missingCodecs.join(', ')}` : ''
      return { available: true, detail: `FFmpeg ${tools.version} at ${tools.ffmpeg}${lacks}` }
    },
    async probe(path, { signal } = {}) {
      const { ffmpeg, ffprobe } = await need()
      const file = await openVideo(path)
      const { stream, promised: _, ...facts } = await readFacts(ffprobe, file, signal)
      await decodeOne(ffmpeg, file, { stream, codec: facts.codec }, signal)
      return facts
    },
    async thumbnail(path, facts, size, { signal } = {}) {
      const { ffmpeg, ffprobe } = await need()
      const file = await openVideo(path)
      const { stream } = await readStream(ffprobe, file, signal)
      return takeThumbnail(ffmpeg, file, stream, facts, size, signal)
    },
    async *frames(path, facts, sampling, { signal } = {}) {
      const { ffmpeg, ffprobe, version } = await need()
      const file = await openVideo(path)
      const { stream } = await readStream(ffprobe, file, signal)
      yield* readFrames({ ffmpeg, version, file, stream }, facts, checkSampling(sampling), signal)
    },
  }
}

/** `max_pixels` holds also for frames that turn out larger than the container said. */
const decodingOf = (file: VideoFile): string[] => [
  ...['-nostdin', '-hide_banner', '-nostats', '-threads', String(decoderThreads)],
  ...['-max_pixels', String(maxFramePixels), '-codec_whitelist', decoders, ...inputOf(file), '-i', locationOf(file)],
]

/**
 * Upright pictures of one size, in the colours JPEG means: BT.601, full range, whatever the video's own are. By way of RGB, where
 * there is one meaning only: asked to go from one matrix to another at once, 7.0 gave green 216 for 192.
 */
const asJpeg = (width: number, height: number): string =>
  `scale=${width}:${height},format=gbrp,scale=out_color_matrix=bt601:out_range=full,format=yuvj444p`

async function decodeOne(
  ffmpeg: string,
  file: VideoFile,
  { stream, codec }: { stream: number; codec: string },
  signal?: AbortSignal,
): Promise<void> {
  const args = ['-loglevel', 'error', ...decodingOf(file), '-map', `0:${stream}`, '-frames:v', '1']
  // A checksum of what was decoded: without any, there was no frame.
  const sum = await wholeOutputOf(ffmpeg, [...args, '-f', 'framecrc', 'pipe:1'], { signal, maxBytes: 2 ** 16 }).catch(
    (error: unknown) => {
      const log = error instanceof ToolFailed ? error.lines.join('\n') : ''
      if (/no decoder found|Decoder .*not found|doesn't support hardware accelerated/i.test(log))
        throw errors.VIDEO_CODEC_UNSUPPORTED({ codec })
      return asUnreadable(error)
    },
  )
  if (!/^\d/m.test(sum.toString('latin1')))
    throw errors.VIDEO_UNREADABLE({ reason: 'none of its frames can be decoded' })
}

/** JPEG of the frame after a second, or after a tenth of a shorter video: the very first is often black. Else the very first. */
async function takeThumbnail(
  ffmpeg: string,
  file: VideoFile,
  stream: number,
  facts: KnownFacts,
  size: number,
  signal?: AbortSignal,
): Promise<Buffer> {
  const scale = Math.min(1, size / Math.max(facts.width, facts.height))
  const side = (pixels: number): number => Math.max(1, Math.round(pixels * scale))
  const wanted = Math.floor(Math.min(facts.frameRate, facts.frameCount / 10))
  for (const from of new Set([wanted, 0])) {
    const filter = `select='gte(n,${from})',${asJpeg(side(facts.width), side(facts.height))}`
    const args = ['-loglevel', 'error', ...decodingOf(file), '-map', `0:${stream}`, '-vf', filter, '-frames:v', '1']
    args.push('-c:v', 'mjpeg', '-q:v', '3', '-threads', '1', '-f', 'image2pipe', 'pipe:1')
    const picture = await wholeOutputOf(ffmpeg, args, { signal, maxBytes: maxThumbnailBytes }).catch(asUnreadable)
    if (picture.byteLength > 0) return picture
  }
  throw errors.VIDEO_UNREADABLE({ reason: 'none of its frames can be decoded' })
}

interface Source {
  ffmpeg: string
  version: string
  file: VideoFile
  stream: number
}

async function* readFrames(
  { ffmpeg, version, file, stream }: Source,
  facts: KnownFacts,
  sampling: VideoSampling,
  signal?: AbortSignal,
): AsyncGenerator<SampledFrame> {
  const select = `select='${selectExpression(sampling, facts.frameCount)}'`
  const counted = `showinfo@all=checksum=0,${select},showinfo@kept=checksum=0`
  const filter = `${counted},${renumbered},${asJpeg(facts.width, facts.height)}`
  const args = ['-loglevel', 'info', ...decodingOf(file), '-map', `0:${stream}`, '-filter_threads', '1', '-vf', filter]
  args.push(
    ...everyFrameOnce(version),
    '-enc_time_base',
    '1:1000000',
    '-c:v',
    'mjpeg',
    '-q:v',
    quality,
    '-threads',
    '1',
    '-f',
    'mpjpeg',
    'pipe:1',
  )
  const lines = createFrameLines()
  const output = outputOf(ffmpeg, args, { signal, onLine: lines.add, onLogEnd: lines.end })
  try {
    for await (const data of partsOf(output)) {
      const line = await lines.next()
      if (line === null) throw new ToolFailed(['a frame came without its time'], 'FAILED')
      yield { index: line.index, timestampSeconds: timeOf(line, facts), data }
    }
  } catch (error) {
    if (!(error instanceof ToolFailed)) throw error
    throw unreadable(error, lines)
  }
  const fault = lines.fault()
  if (fault) throw broken(fault.reason, fault.frame, facts)
  if (lines.shown() === 0) throw errors.VIDEO_UNREADABLE({ reason: 'none of its frames can be decoded' })
}

/**
 * Time stamps of the pictures' own, in microseconds and only ever growing, for the encoder refuses any other: in steps of 1/rate,
 * as it has them by itself, two frames of a video of variable rate become one time, and files with times that stand still or
 * go back exist. Counted from the clock at the filter's making: it is made anew, and counts from 0, where frames change their size.
 */
const renumbered = 'settb=1/1000000,setpts=N+RTCSTART-1700000000000000'

/** No frame twice and none left out, whatever the rate of the file says. The option was renamed in 5.1, and the old name went later. */
function everyFrameOnce(version: string): string[] {
  const [, major, minor] = /^n?(\d+)\.(\d+)/.exec(version) ?? []
  const isOld = major !== undefined && (Number(major) < 5 || (Number(major) === 5 && Number(minor) < 1))
  return [isOld ? '-vsync' : '-fps_mode', 'passthrough']
}

const timeOf = ({ index, time }: { index: number; time: number | null }, { frameRate }: KnownFacts): number =>
  Math.max(0, time ?? (frameRate > 0 ? index / frameRate : 0))

const broken = (reason: string, frame: number, { frameRate }: KnownFacts) =>
  errors.VIDEO_UNREADABLE({
    reason: `${reason} at frame ${frame}${frameRate > 0 ? ` (${(frame / frameRate).toFixed(1)} s)` : ''}`,
    frame,
  })

const unreadable = (error: ToolFailed, lines: FrameLines) =>
  errors.VIDEO_UNREADABLE(
    { reason: `${reasonOf(error)} (at frame ${lines.shown()})`, frame: lines.shown() },
    { cause: error },
  )
