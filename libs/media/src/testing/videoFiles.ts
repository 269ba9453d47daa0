import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readSync, statSync, writeFileSync } from 'node:fs'

/** Makes a file by the FFmpeg of this machine: inputs and options as on its command line. */
export function makeVideo(path: string, ...args: string[]): string {
  execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args, path], { stdio: ['ignore', 'ignore', 'inherit'] })
  return path
}

/** Whether the FFmpeg of this machine has an encoder. */
export const hasEncoder = (name: string): boolean =>
  execFileSync('ffmpeg', ['-hide_banner', '-encoders'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).includes(` ${name} `)

/** The first `share` of a file's bytes. */
export function cutFile(from: string, to: string, share: number): string {
  const bytes = Buffer.alloc(Math.floor(statSync(from).size * share))
  const file = openSync(from, 'r')
  readSync(file, bytes, 0, bytes.length, 0)
  closeSync(file)
  writeFileSync(to, bytes)
  return to
}

/** The pixels of a picture as RGB, row by row. */
export const pixelsOf = (picture: Uint8Array, filter = 'null'): Buffer =>
  execFileSync(
    'ffmpeg',
    [...'-v error -i pipe:0 -vf'.split(' '), filter, ...'-f rawvideo -pix_fmt rgb24 pipe:1'.split(' ')],
    {
      input: picture,
      maxBuffer: 2 ** 28,
    },
  )

/** Mean difference of two lists of as many bytes, 0..255. */
export function meanDifference(a: Uint8Array, b: Uint8Array): number {
  if (a.byteLength !== b.byteLength) throw new Error(`${a.byteLength} bytes against ${b.byteLength}`)
  let sum = 0
  for (let n = 0; n < a.byteLength; n++) sum += Math.abs((a[n] ?? 0) - (b[n] ?? 0))
  return sum / a.byteLength
}
