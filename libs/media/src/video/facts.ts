import { createReadStream } from 'node:fs'
import { errors } from '../errors'
import { sniffedBytes, sniffVideo, type VideoContainer } from './sniff'
import { outputOf, ToolFailed, wholeOutputOf } from './tool'
import type { VideoFacts } from './videoTools'

/** Pixels of a frame: 8192 × 4320, the largest video anybody records. A decoder takes some forty bytes a pixel. */
export const maxFramePixels = 8192 * 4320
const maxAnswerBytes = 4 * 2 ** 20
// What people record and share. FFmpeg has some two hundred more decoders, and each is code that reads what strangers send.
const codecs = new Set(['h264', 'hevc', 'vp8', 'vp9', 'av1', 'mpeg4', 'mjpeg', 'prores'])

/** Where a video lies, and what it was found to be by its first bytes. */
export interface VideoFile {
  path: string
  container: VideoContainer
}

/** Throws VIDEO_FORMAT_UNSUPPORTED for what is no container that is taken. */
export async function openVideo(path: string): Promise<VideoFile> {
  const pieces: Buffer[] = []
  for await (const piece of createReadStream(path, { end: sniffedBytes - 1 })) pieces.push(piece as Buffer)
  const container = sniffVideo(Buffer.concat(pieces))
  if (!container) throw errors.VIDEO_FORMAT_UNSUPPORTED({ found: 'no video of a known kind' })
  return { path, container }
}

/**
 * The part of a command that names a file: one demuxer, only files (a playlist's addresses stay closed), and of a MOV no
 * references to other files, which is FFmpeg's default and said again.
 */
export const inputOf = ({ container }: VideoFile): string[] => [
  '-protocol_whitelist',
  'file',
  '-f',
  container.demuxer,
  ...(container.demuxer === 'mov' ? ['-enable_drefs', '0', '-use_absolute_path', '0'] : []),
]
export const locationOf = ({ path }: VideoFile): string => `file:${path}`

/** The video stream of a file, as the container tells it. */
export interface VideoStream {
  /** Among all streams of the file. */
  stream: number
  codec: string
  /** As stored. */
  width: number
  height: number
  rotation: number
  /** Frames the container's index promises; null where it has none. */
  promised: number | null
}

interface ProbedStream {
  index?: number
  codec_type?: string
  codec_name?: string
  codec_tag_string?: string
  width?: number
  height?: number
  nb_frames?: string
  disposition?: { attached_pic?: number }
  side_data_list?: { rotation?: number }[]
  tags?: { rotate?: string }
}

/** The first video stream that isn't a cover picture. Throws what is wrong with the file. */
export async function readStream(ffprobe: string, file: VideoFile, signal?: AbortSignal): Promise<VideoStream> {
  const entries =
    'stream=index,codec_type,codec_name,codec_tag_string,width,height,nb_frames:stream_disposition=attached_pic:stream_side_data=rotation:stream_tags=rotate'
  const args = ['-v', 'error', ...inputOf(file), '-show_entries', entries, '-of', 'json', locationOf(file)]
  const answer = await wholeOutputOf(ffprobe, args, { signal, maxBytes: maxAnswerBytes }).catch(asUnreadable)
  const { streams = [] } = JSON.parse(answer.toString('utf8')) as { streams?: ProbedStream[] }
  const found = streams.find((stream) => stream.codec_type === 'video' && stream.disposition?.attached_pic !== 1)
  if (found?.index === undefined) {
    const kindOf = ({ codec_type: type = 'data' }: ProbedStream) => (type === 'video' ? 'a cover picture' : type)
    const others = [...new Set(streams.map(kindOf))].slice(0, 5)
    throw errors.VIDEO_WITHOUT_PICTURES({ found: others.length === 0 ? 'nothing' : `only ${others.join(', ')}` })
  }
  const codec = found.codec_name ?? 'unknown'
  // A decoder that isn't there leaves its stream without a name; the container still has four letters for it.
  if (!codecs.has(codec))
    throw errors.VIDEO_CODEC_REFUSED({
      codec: codec === 'unknown' ? (found.codec_tag_string ?? codec) : codec.slice(0, 40),
    })
  const { width = 0, height = 0 } = found
  if (!(width > 0 && height > 0)) throw errors.VIDEO_UNREADABLE({ reason: 'it does not say how large its frames are' })
  if (width * height > maxFramePixels) throw errors.VIDEO_TOO_LARGE({ width, height, limit: maxFramePixels })
  const promised = Number(found.nb_frames)
  return {
    stream: found.index,
    codec,
    width,
    height,
    rotation: rotationOf(found),
    promised: Number.isInteger(promised) && promised > 0 ? promised : null,
  }
}

/** The display matrix turns counter-clockwise, the older tag clockwise. What is no quarter of a turn counts as none: the decoder turns such a picture within its own edges. */
function rotationOf(stream: ProbedStream): number {
  const matrix = stream.side_data_list?.find((entry) => entry.rotation !== undefined)?.rotation
  const clockwise = matrix === undefined ? Number(stream.tags?.rotate ?? 0) : -matrix
  const quarters = Math.round(clockwise / 90)
  return Math.abs(clockwise - quarters * 90) > 1 ? 0 : (((quarters % 4) + 4) % 4) * 90
}

/** What the packets of a stream say; nothing is decoded, so an hour of video takes about a second. */
export interface PacketFacts {
  packets: number
  /** Packets whose frames are shown: an edit list may cut some away. */
  shown: number
  /** From the first frame shown to the end of the last. */
  seconds: number
}

export async function readPackets(
  ffprobe: string,
  file: VideoFile,
  stream: number,
  signal?: AbortSignal,
): Promise<PacketFacts> {
  const args = ['-v', 'error', ...inputOf(file), '-select_streams', String(stream)]
  args.push('-show_entries', 'packet=pts_time,duration_time,flags', '-of', 'csv=p=0', locationOf(file))
  const found = { packets: 0, shown: 0, first: Infinity, last: -Infinity, end: -Infinity }
  let rest = ''
  const take = (line: string): void => {
    const [time = '', duration = '', flags = ''] = line.split(',')
    found.packets++
    if (flags.includes('D')) return
    found.shown++
    const at = Number(time)
    if (!Number.isFinite(at)) return
    found.first = Math.min(found.first, at)
    found.last = Math.max(found.last, at)
    found.end = Math.max(found.end, at + (Number.isFinite(Number(duration)) ? Number(duration) : 0))
  }
  try {
    for await (const piece of outputOf(ffprobe, args, { signal })) {
      const lines = (rest + piece.toString('latin1')).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.trim() !== '') take(line)
    }
  } catch (error) {
    asUnreadable(error)
  }
  const { packets, shown, first, last, end } = found
  // Where the last frame says nothing of its length it is taken to be as long as the others.
  const length = end > last ? end - first : shown > 1 ? ((last - first) * shown) / (shown - 1) : 0
  return { packets, shown, seconds: Number.isFinite(length) ? toMillionths(length) : 0 }
}

/** What a container says to the microsecond, without what adding it up made of it. */
const toMillionths = (value: number): number => Math.round(value * 1e6) / 1e6

/** Throws what a failed tool means for the file. */
export function asUnreadable(error: unknown): never {
  if (!(error instanceof ToolFailed)) throw error
  throw errors.VIDEO_UNREADABLE({ reason: reasonOf(error) }, { cause: error })
}

const words: readonly [RegExp, string][] = [
  [/moov atom not found/, 'its index is missing, as in a recording or a download that was broken off'],
  [/Cannot allocate memory/, 'its frames take more memory than a decoder is given'],
  [/Picture size .* is invalid|exceeds specified max pixel/, 'its frames are larger than it says'],
  [/Invalid data found|EBML header parsing failed/, 'its content is damaged'],
]

export function reasonOf({ lines, outcome }: ToolFailed): string {
  if (outcome === 'STALLED') return 'the decoder stopped answering'
  if (outcome === 'KILLED') return 'the system ended the decoder, as it does when memory runs out'
  const log = lines.join('\n')
  return words.find(([pattern]) => pattern.test(log))?.[1] ?? 'the decoder gave up on it'
}

/** Everything but whether its frames decode. Throws VIDEO_UNREADABLE where the container promises frames that aren't there. */
export async function readFacts(
  ffprobe: string,
  file: VideoFile,
  signal?: AbortSignal,
): Promise<VideoFacts & VideoStream> {
  const stream = await readStream(ffprobe, file, signal)
  const { packets, shown, seconds } = await readPackets(ffprobe, file, stream.stream, signal)
  if (shown === 0) throw errors.VIDEO_UNREADABLE({ reason: 'it holds no frame' })
  if (stream.promised !== null && packets < stream.promised)
    throw errors.VIDEO_UNREADABLE({
      reason: `it is cut off: of the ${stream.promised} frames it promises, ${packets} are there`,
      frame: packets,
    })
  // VP8 packs frames that are never shown as packets of their own; only decoding tells them apart.
  const frameCount = stream.codec === 'vp8' ? await countDecoded(ffprobe, file, stream.stream, signal) : shown
  const onSide = stream.rotation % 180 === 90
  return {
    ...stream,
    mediaType: file.container.mediaType,
    width: onSide ? stream.height : stream.width,
    height: onSide ? stream.width : stream.height,
    durationSeconds: seconds,
    frameCount,
    frameRate: seconds > 0 ? toMillionths(frameCount / seconds) : 0,
  }
}

async function countDecoded(ffprobe: string, file: VideoFile, stream: number, signal?: AbortSignal): Promise<number> {
  const args = ['-v', 'error', ...inputOf(file), '-select_streams', String(stream), '-show_entries', 'frame=pts']
  let count = 0
  try {
    for await (const piece of outputOf(ffprobe, [...args, '-of', 'csv=p=0', locationOf(file)], { signal }))
      for (const byte of piece) if (byte === 10) count++
  } catch (error) {
    asUnreadable(error)
  }
  if (count === 0) throw errors.VIDEO_UNREADABLE({ reason: 'none of its frames can be decoded' })
  return count
}
