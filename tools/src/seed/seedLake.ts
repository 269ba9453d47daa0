import {
  analyzeLake,
  insertSeedCollections,
  insertSeedItems,
  insertSeedMachine,
  type Database,
  type SeedFile,
  type SeedPlan,
  type Shared,
} from '@lakelens/db'
import type { BlobStore } from '@lakelens/media'
import { coco80, storeBlob } from '@lakelens/metalake'
import { errors } from '../errors'
import { makePictures, makeVideo, type MadeFile } from './files'
import { places, rareLabel, subjects, tags } from './words'

export interface SeedOptions {
  /** Pictures. */
  items: number
  videos: number
  /** Undefined: one to three thousand items, three hundred at most. */
  collections?: number | undefined
  /** 1 to 1,000,000: the same lake for the same one. */
  seed: number
  signal: AbortSignal
  onProgress?(items: number): void
}

export interface SeededLake {
  items: number
  annotations: number
  collections: number
  seconds: number
}

/** Items of one statement: a transaction of a second or two, whatever the lake's size. */
const batch = 5_000
/** The last day of every made-up lake: fixed, so that queries by date find the same at any time. */
const until = '2026-11-01T00:00:00Z'
const days = 730
const maxFileBytes = 1 << 20

/** Frequencies by rank as words and objects have them: the k-th is k times rarer than the first. */
export function zipf(values: readonly string[]): Shared {
  const weights = values.map((_, rank) => 1 / (rank + 1))
  return { values, ends: endsOf(weights) }
}

function endsOf(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let sum = 0
  return weights.slice(0, -1).map((weight) => (sum += weight) / total)
}

/** Writes a made-up lake straight into the database. What it writes is of any size in the memory of one statement. */
export async function seedLake(db: Database, blobs: BlobStore, options: SeedOptions): Promise<SeededLake> {
  const began = performance.now()
  const plan = await prepare(db, blobs, options)
  const written = { items: 0, annotations: 0 }
  for (const { kind, first, last } of [
    { kind: 'IMAGE' as const, first: 1, last: options.items },
    { kind: 'VIDEO' as const, first: options.items + 1, last: options.items + options.videos },
  ]) {
    for (let from = first; from <= last; from += batch) {
      options.signal.throwIfAborted()
      const added = await insertSeedItems(db, plan, { kind, from, to: Math.min(last, from + batch - 1) })
      written.items += added.items
      written.annotations += added.annotations
      options.onProgress?.(written.items)
    }
  }
  await analyzeLake(db)
  const collections = plan.collections.IMAGE.values.length + plan.collections.VIDEO.values.length
  return { ...written, collections, seconds: (performance.now() - began) / 1000 }
}

async function prepare(db: Database, blobs: BlobStore, options: SeedOptions): Promise<SeedPlan> {
  const { items, videos, seed, signal } = options
  const labels: Shared = {
    values: [...coco80, rareLabel],
    ends: [...zipf(coco80).ends.map((end) => end * 0.9999), 0.9999],
  }
  const store = (made: readonly MadeFile[]) => Promise.all(made.map((file) => storeFile(db, blobs, file)))
  const pictures = await store(await makePictures(seed))
  const films = videos > 0 ? await store([await makeVideo(signal)]) : []
  const description = Buffer.from('The model of a made-up lake: there is nothing to run.\n')
  const blob = await storeBlob({ db, blobs }, description, { maxBytes: maxFileBytes })
  const names = collectionNames(seed, options.collections ?? Math.min(300, Math.ceil(items / 3_000)), 'pictures')
  const videoNames = collectionNames(seed, videos === 0 ? 0 : Math.min(20, Math.ceil(videos / 500)), 'videos')
  return db.transaction(async (tx) => {
    const ids = await insertSeedCollections(tx, items === 0 ? [] : names, 'IMAGE')
    const videoIds = await insertSeedCollections(tx, videoNames, 'VIDEO')
    if (ids === null || videoIds === null) throw errors.SEED_EXISTS({ seed })
    return {
      seed,
      items: items + videos,
      until,
      days,
      collections: { IMAGE: zipf(ids), VIDEO: zipf(videoIds) },
      files: { IMAGE: pictures, VIDEO: films },
      labels,
      tags: zipf(tags),
      places,
      machine: await insertSeedMachine(tx, labels.values, { sha256: blob.digest, byteSize: blob.byteSize }),
    }
  })
}

async function storeFile(db: Database, blobs: BlobStore, { bytes, ...facts }: MadeFile): Promise<SeedFile> {
  return { ...(await storeBlob({ db, blobs }, bytes, { maxBytes: maxFileBytes })), ...facts }
}

const collectionNames = (seed: number, count: number, what: string): string[] =>
  Array.from({ length: count }, (_, index) => {
    const subject = subjects[index % subjects.length] ?? subjects[0]
    return `seed-${seed} ${subject} ${what} ${String(index + 1).padStart(3, '0')}`
  })
