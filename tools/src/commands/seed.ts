import { join } from 'node:path'
import { migrate, openDatabase } from '@lakelens/db'
import { silentLogger } from '@lakelens/kernel'
import { createDiskBlobStore } from '@lakelens/media'
import { Command } from 'commander'
import { errors } from '../errors'
import { interruptible, wholeNumber } from '../options'
import { createProgressBoard } from '../progress'
import { seedLake } from '../seed/seedLake'
import { dataFolder } from '../settings'

interface Options {
  items: number
  videos: number
  collections?: number
  seed: number
}

export const seedCommand = (): Command =>
  new Command('seed')
    .description('fill the Postgres of DATABASE_URL with a made-up lake, to try queries and runs at any size')
    .option('--items <n>', 'pictures', wholeNumber(0, 10_000_000), 100_000)
    .option('--videos <n>', 'videos (needs ffmpeg)', wholeNumber(0, 1_000_000), 0)
    .option('--collections <n>', 'collections of pictures (default: one to 3,000 pictures)', wholeNumber(1, 10_000))
    .option('--seed <n>', 'the same lake for the same number', wholeNumber(1, 1_000_000), 7)
    .addHelpText(
      'after',
      `
Items have boxes of the 80 labels of COCO as often as words of a language (and a rare one, axolotl), by people and by a model,
some reviewed; tags, nested metadata, dates over two years. Their bytes are a handful of tiny pictures, stored in LAKELENS_DATA,
so that runs work. Not for a lake that people use: its collections are called "seed-7 …" and can be deleted like any other.`,
    )
    .action((options: Options) => interruptible((signal) => runSeed(options, signal)))

async function runSeed(options: Options, signal: AbortSignal): Promise<void> {
  const url = process.env['DATABASE_URL']
  if (!url) throw errors.SEED_NEEDS_POSTGRES()
  const dataDir = dataFolder()
  const db = await openDatabase({ url, dataDir, log: silentLogger() })
  const board = createProgressBoard()
  try {
    await migrate(db)
    const bar = board.add('Seeding')
    const total = options.items + options.videos
    const seeded = await seedLake(db, createDiskBlobStore(join(dataDir, 'media')), {
      ...options,
      signal,
      onProgress: (items) => bar.update(items, total),
    })
    board.stop()
    console.log(
      `${seeded.items} items with ${seeded.annotations} annotations in ${seeded.collections} collections, ${seeded.seconds.toFixed(1)} s.`,
    )
  } finally {
    board.stop()
    await db.close()
  }
}
