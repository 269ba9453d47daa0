import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { text } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import { extract, pack } from 'tar-stream'
import { mediaDir, readMediaJson } from './realMedia'

/** One annotation, for comparing: its picture, label, and numbers in pixels. */
export interface Drawn {
  picture: string
  label: string
  pixels: number[]
}

export interface CocoFile {
  images: { id: number; file_name: string; width: number; height: number }[]
  annotations: { id: number; image_id: number; category_id: number; bbox?: number[]; segmentation?: number[][] }[]
  categories: { id: number; name: string }[]
}

interface GroundTruth {
  labels: string[]
  images: Record<string, { width: number; height: number; boxes: { label: string; xyxy: number[] }[] }>
}
const groundTruth = (): GroundTruth => readMediaJson<GroundTruth>('coco/groundtruth.json')
export const pictureSizes = (): Record<string, { width: number; height: number }> => groundTruth().images

function cocoOf(drawn: readonly (Drawn & { isOutline: boolean })[]): CocoFile {
  const sizes = pictureSizes()
  const pictures = Object.keys(sizes)
  const labels = [...new Set(drawn.map(({ label }) => label))]
  return {
    annotations: drawn.map(({ picture, label, pixels, isOutline }, index) => ({
      id: index + 1,
      image_id: pictures.indexOf(picture) + 1,
      category_id: labels.indexOf(label) + 1,
      ...(isOutline ? { segmentation: [pixels] } : { bbox: pixels }),
    })),
    images: pictures.map((file_name, index) => ({ id: index + 1, file_name, ...sizes[file_name]! })),
    categories: labels.map((name, index) => ({ id: index + 1, name })),
  }
}

/** The boxes of the ground truth as a COCO file. */
export function groundTruthCoco(): CocoFile {
  return cocoOf(
    Object.entries(groundTruth().images).flatMap(([picture, { boxes }]) =>
      boxes.map(({ label, xyxy: [x1, y1, x2, y2] }) => ({
        picture,
        label,
        pixels: [x1!, y1!, x2! - x1!, y2! - y1!],
        isOutline: false,
      })),
    ),
  )
}

/** The outlines of a hundred of the pictures as a COCO file; classes are COCO's 91 categories, by number. */
export function outlinesCoco(): CocoFile {
  const folder = join(mediaDir(), 'coco', 'instance_labels')
  return cocoOf(
    readdirSync(folder).flatMap((file) => {
      const picture = file.replace(/\.txt$/, '.jpg')
      const { width, height } = pictureSizes()[picture]!
      return lines(readFileSync(join(folder, file), 'utf8')).map(([category, ...numbers]) => ({
        picture,
        label: `category ${category}`,
        pixels: numbers.map((number, index) => Number(number) * (index % 2 ? height : width)),
        isOutline: true,
      }))
    }),
  )
}

const lines = (content: string): string[][] =>
  content
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().split(/\s+/))

/** What a COCO file says, for comparing. */
export function drawnInCoco({ images, annotations, categories }: CocoFile): Drawn[] {
  const pictures = new Map(images.map(({ id, file_name }) => [id, file_name]))
  const labels = new Map(categories.map(({ id, name }) => [id, name]))
  return annotations.map(({ image_id, category_id, bbox, segmentation }) => ({
    picture: pictures.get(image_id) ?? '',
    label: labels.get(category_id) ?? '',
    pixels: segmentation?.length ? openRing(segmentation.flat()) : (bbox ?? []),
  }))
}

/** An outline that says its first point again is the one that doesn't. */
const openRing = (ring: number[]): number[] =>
  ring.length > 6 && ring[0] === ring.at(-2) && ring[1] === ring.at(-1) ? ring.slice(0, -2) : ring

/** What the label files of a set say, for comparing; `names` by class number. */
export function drawnInYolo(files: Readonly<Record<string, string>>, names: readonly string[]): Drawn[] {
  const sizes = pictureSizes()
  return Object.entries(files).flatMap(([file, content]) => {
    const picture = `${basename(file, '.txt')}.jpg`
    const { width, height } = sizes[picture]!
    return lines(content).map(([category, ...numbers]) => ({
      picture,
      label: names[Number(category)] ?? '',
      pixels: numbers.map((number, index) => Number(number) * (index % 2 ? height : width)),
    }))
  })
}

/** The label files of the 128 pictures and the names of their 80 classes. */
export function yoloSet(): { files: Record<string, string>; names: string[] } {
  const folder = join(mediaDir(), 'coco', 'labels')
  const files = Object.fromEntries(
    readdirSync(folder).map((file) => [`labels/${file}`, readFileSync(join(folder, file), 'utf8')]),
  )
  return { files, names: groundTruth().labels }
}

/** An uncompressed tar of a few files, in a folder that is gone after `work`. */
export async function withTar<T>(
  files: Readonly<Record<string, string>>,
  work: (file: string) => Promise<T>,
): Promise<T> {
  const tar = pack()
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content)
  tar.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of tar) chunks.push(chunk as Buffer)
  return withFile('labels.tar', Buffer.concat(chunks), work)
}

export async function withFile<T>(
  name: string,
  content: string | Buffer,
  work: (file: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'lakelens-exchange-'))
  try {
    const file = join(folder, name)
    writeFileSync(file, content)
    return await work(file)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The files of a .tar.gz, as text. */
export async function readTarGz(file: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  const tar = extract()
  tar.on('entry', (header, stream, next) => {
    text(stream as unknown as Readable).then((content) => {
      files[header.name] = content
      next()
    }, next)
  })
  const ended = new Promise((resolve, reject) => tar.on('finish', resolve).on('error', reject))
  createReadStream(file).pipe(createGunzip()).pipe(tar)
  await ended
  return files
}

/** Pairs each of `expected` with one of `actual`: same picture, label and count of numbers; how far apart the farthest numbers are. */
export function farthestApart(
  expected: readonly Drawn[],
  actual: readonly Drawn[],
): { unmatched: number; pixels: number } {
  const keyOf = ({ picture, label, pixels }: Drawn): string => `${picture} ${label} ${pixels.length}`
  const free = new Map<string, Drawn[]>()
  for (const one of actual) free.set(keyOf(one), [...(free.get(keyOf(one)) ?? []), one])
  const apart = (a: Drawn, b: Drawn): number => Math.max(...a.pixels.map((value, n) => Math.abs(value - b.pixels[n]!)))
  let [unmatched, pixels] = [0, 0]
  for (const one of expected) {
    const candidates = (free.get(keyOf(one)) ?? []).sort((a, b) => apart(one, a) - apart(one, b))
    const best = candidates.shift()
    if (best) pixels = Math.max(pixels, apart(one, best))
    else unmatched++
  }
  return { unmatched, pixels }
}
