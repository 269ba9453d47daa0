import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { messageOf } from '@lakelens/kernel'
import sharp from 'sharp'
import { errors } from '../errors'

export interface MadeFile {
  bytes: Buffer
  width: number
  height: number
  frameCount: number | null
  frameRate: number | null
}

const sizes = [
  [64, 48],
  [48, 64],
  [96, 54],
  [32, 32],
] as const

/** A handful of tiny pictures that every decoder reads: what runs over a made-up lake are given. */
export function makePictures(seed: number): Promise<MadeFile[]> {
  return Promise.all(
    Array.from({ length: 8 }, async (_, index) => {
      const [width, height] = sizes[index % sizes.length] ?? sizes[0]
      const background = { r: (seed * 37 + index * 31) % 256, g: (index * 67) % 256, b: 255 - ((index * 31) % 256) }
      const mark = { create: { width: 16, height: 12, channels: 3 as const, background: { r: 250, g: 240, b: 10 } } }
      const bytes = await sharp({ create: { width, height, channels: 3, background } })
        .composite([{ input: mark, left: index, top: 2 * index }])
        .png()
        .toBuffer()
      return { bytes, width, height, frameCount: null, frameRate: null }
    }),
  )
}

const video = { width: 64, height: 48, seconds: 2, frameRate: 10 }

/** One tiny video that every ffmpeg makes and reads. Throws SEED_NEEDS_FFMPEG. */
export async function makeVideo(signal: AbortSignal): Promise<MadeFile> {
  const folder = await mkdtemp(join(tmpdir(), 'lakelens-seed-'))
  const file = join(folder, 'seed.mp4')
  const { width, height, seconds, frameRate } = video
  const source = `testsrc2=size=${width}x${height}:rate=${frameRate}:duration=${seconds}`
  try {
    await promisify(execFile)('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', source, '-c:v', 'mpeg4', '-y', file], {
      signal,
    })
    return { bytes: await readFile(file), width, height, frameCount: seconds * frameRate, frameRate }
  } catch (error) {
    signal.throwIfAborted()
    throw errors.SEED_NEEDS_FFMPEG({ reason: messageOf(error).split('\n')[0] ?? '' }, { cause: error })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
