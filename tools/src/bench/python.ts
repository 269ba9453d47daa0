import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { loadConfig, measurePython } from '@lakelens/inference'
import { silentLogger } from '@lakelens/kernel'
import sharp from 'sharp'
import { errors } from './errors'

export interface PythonBenchOptions {
  /** A picture's file; unset: one is drawn. */
  picture: string | undefined
  rounds: number
  print(line: string): void
}

/** The transport must cost less than this, frames and parsing, beside decode, fit and encode. */
export const transportLimitMs = 2

/** What a warm model with inference.py costs a picture beside its own work. */
export async function runPythonBench({ picture, rounds, print }: PythonBenchOptions): Promise<void> {
  const { python: settings } = loadConfig(process.env)
  if (!settings) throw errors.BENCH_REFUSED({ reason: 'INFERENCE_PYTHON=off switches Python models off.' })
  const data = picture === undefined ? await drawn() : readFileSync(picture)
  const box = { width: 640, height: 640 }
  const cost = await measurePython({ settings, picture: data, box, rounds, log: silentLogger() })
  const ms = (value: number): string => `${value.toFixed(2)} ms`
  print(
    `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}, Python ${cost.python}, ` +
      `sandbox ${cost.sandbox}, ${rounds} rounds, medians`,
  )
  print(`start of a process until model_fn returned: ${ms(cost.startMs)}`)
  print(`a picture, within ${box.width}×${box.height}, sent as a JPEG of ${Math.round(cost.sentBytes / 1000)} kB:`)
  print(`  decode ${ms(cost.decode)}, fit ${ms(cost.fit)}, encode ${ms(cost.encode)}`)
  print(`  transport with 20 boxes ${ms(cost.detections)}, with a vector of 2048 ${ms(cost.embedding)}`)
  const worst = Math.max(cost.detections, cost.embedding)
  print(`  ${worst < transportLimitMs ? 'below' : 'NOT below'} the limit of ${transportLimitMs} ms`)
}

/** About as large, encoded, as a photograph of the size: noise over colours that run from side to side. */
async function drawn(): Promise<Buffer> {
  const [width, height] = [640, 480]
  const pixels = Buffer.alloc(width * height * 3)
  // Reproducible, and nothing like random numbers of quality.
  let state = 1
  for (let at = 0; at < pixels.length; at++) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    pixels[at] = ((at / 3) % width) / 4 + ((state >> 16) & 15)
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer()
}
