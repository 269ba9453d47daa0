// Run as a process of its own, so that its memory is the extraction's alone: extracts an endless-looking package, made while
// it is read, and prints what became of it and how far memory rose above where it was before.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { extractArchive } from '../archive/extractArchive'
import { end, header } from './tar'

const [kind = 'zeros', size = '1e9', limitRatio = '100'] = process.argv.slice(2)
const bytes = Number(size)
const chunk = Buffer.alloc(1 << 20)

function* archive(): Generator<Buffer> {
  yield header({ name: 'weights.pt', size: sizeField(bytes) })
  for (let left = bytes; left > 0; left -= chunk.length) {
    // Weights don't compress: cheap noise, another in every chunk.
    if (kind === 'noise')
      for (let i = 0; i < chunk.length; i += 4) chunk.writeUInt32LE((Math.random() * 2 ** 32) >>> 0, i)
    yield Buffer.from(chunk.subarray(0, Math.min(left, chunk.length)))
  }
  yield Buffer.alloc((512 - (bytes % 512)) % 512)
  yield end
}

function sizeField(value: number): Buffer {
  const field = Buffer.alloc(12)
  field[0] = 0x80
  field.writeBigUInt64BE(BigInt(value), 4)
  return field
}

const rss = (): number => process.memoryUsage.rss()

async function main(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'lakelens-zeros-'))
  const tar = Readable.from(archive(), { objectMode: false })
  const source = kind === 'plain' ? tar : tar.compose(createGzip({ level: kind === 'noise' ? 0 : 9 }))
  const before = rss()
  let peak = before
  const sampling = setInterval(() => (peak = Math.max(peak, rss())), 5)
  const started = performance.now()
  const limits = { maxRatio: Number(limitRatio), maxFileBytes: 64e9, maxUnpackedBytes: 64e9, maxCompressedBytes: 64e9 }
  const outcome = await extractArchive(Readable.from(source), path.join(folder, 'package'), { limits }).then(
    () => 'extracted',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  )
  clearInterval(sampling)
  const left = readdirSync(folder)
  rmSync(folder, { recursive: true })
  console.log(
    JSON.stringify({ outcome, left, ms: Math.round(performance.now() - started), grownMiB: (peak - before) / 2 ** 20 }),
  )
}

void main()
