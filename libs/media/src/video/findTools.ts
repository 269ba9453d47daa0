import { access, constants, stat } from 'node:fs/promises'
import { basename, delimiter, dirname, join, resolve } from 'node:path'
import { wholeOutputOf } from './tool'

export interface FoundTools {
  ffmpeg: string
  ffprobe: string
  /** `5.1.9-…`; `N-…` of builds between releases. */
  version: string
  /** For people: codecs that people use and this build doesn't decode. */
  missingCodecs: string[]
}

export interface FindOptions {
  /** A folder that holds both, the path of `ffmpeg` beside `ffprobe`, or `off`. Left out: the search path. */
  ffmpeg?: string | undefined
  /** As in `PATH`. */
  searchPath?: string | undefined
}

export const howToGet =
  'Install FFmpeg (Debian and Ubuntu: apt-get install ffmpeg; macOS: brew install ffmpeg), or set LAKELENS_FFMPEG to the folder of ffmpeg and ffprobe. Nothing need be restarted when it comes to be on the PATH.'

/** Both tools, or in words why there are none. */
export async function findTools({ ffmpeg, searchPath }: FindOptions): Promise<FoundTools | string> {
  if (ffmpeg?.toLowerCase() === 'off') return 'they are switched off by LAKELENS_FFMPEG=off.'
  const folders =
    ffmpeg === undefined ? (searchPath ?? '').split(delimiter).filter((folder) => folder !== '') : [ffmpeg]
  for (const folder of folders) {
    const pair = await pairIn(folder)
    if (pair === null) continue
    try {
      return { ...pair, ...(await examine(pair.ffmpeg)) }
    } catch (error) {
      return `${pair.ffmpeg} can't be run (${error instanceof Error ? error.message.slice(0, 200) : 'unknown'}). ${howToGet}`
    }
  }
  return ffmpeg === undefined
    ? `ffmpeg and ffprobe are not on the PATH. ${howToGet}`
    : `there are no ffmpeg and ffprobe at LAKELENS_FFMPEG=${ffmpeg}. ${howToGet}`
}

/** Whether what was found is still there. */
export const areThere = async ({ ffmpeg, ffprobe }: FoundTools): Promise<boolean> =>
  (await isProgram(ffmpeg)) && (await isProgram(ffprobe))

async function pairIn(place: string): Promise<{ ffmpeg: string; ffprobe: string } | null> {
  const found = await stat(place).catch(() => null)
  const folder = found?.isFile() ? dirname(resolve(place)) : resolve(place)
  const pair = {
    ffmpeg: found?.isFile() ? join(folder, basename(place)) : join(folder, 'ffmpeg'),
    ffprobe: join(folder, 'ffprobe'),
  }
  return (await isProgram(pair.ffmpeg)) && (await isProgram(pair.ffprobe)) ? pair : null
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

const wanted: readonly [string, RegExp][] = [
  ['H.264', /^\s*V\S*\s+h264\s/m],
  ['H.265', /^\s*V\S*\s+hevc\s/m],
  ['VP9', /^\s*V\S*\s+(vp9|libvpx-vp9)\s/m],
  ['AV1', /^\s*V\S*\s+(libdav1d|libaom-av1)\s/m],
]

async function examine(ffmpeg: string): Promise<Pick<FoundTools, 'version' | 'missingCodecs'>> {
  const ask = async (option: string): Promise<string> =>
    (await wholeOutputOf(ffmpeg, ['-hide_banner', option], { maxBytes: 2 ** 20 })).toString('latin1')
  const version = /^ffmpeg version (\S+)/m.exec(await ask('-version'))?.[1]
  if (version === undefined) throw new Error('it does not say that it is FFmpeg')
  const decoders = await ask('-decoders')
  return { version, missingCodecs: wanted.flatMap(([name, pattern]) => (pattern.test(decoders) ? [] : [name])) }
}
