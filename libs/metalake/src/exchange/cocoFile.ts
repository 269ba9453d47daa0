import path from 'node:path'
import { Readable } from 'node:stream'
import type { ExchangeItem } from '@lakelens/db'
import { decodeRle, encodeRle, maskArea, polygonsArea, rasterise } from '@lakelens/vision'
import type { ExportedAnnotation, ExportRow } from './exportRows'
import type { LeftOut, WrittenCounts } from './leftOut'
import { PartFile } from './partFile'

/** A tenth of a thousandth of a pixel. */
const round = (pixels: number): number => Math.round(pixels * 1e4) / 1e4
const framePattern = (frame: number): string => String(frame).padStart(6, '0')

/**
 * A COCO file: images, annotations, categories, ids from 1. Labels of the whole have no place in COCO: they stand in a list of
 * their own, `image_labels`, which other programs pass over. Images and annotations come by item, so each list is written into the
 * scratch folder first; nothing but the names of the labels is held in memory.
 */
export async function writeCoco(
  rows: AsyncIterable<ExportRow>,
  into: string,
  named: (item: ExchangeItem) => string,
  left: LeftOut,
  counts: WrittenCounts,
): Promise<Readable> {
  const parts = {
    images: await PartFile.open(path.join(into, 'images')),
    annotations: await PartFile.open(path.join(into, 'annotations')),
    labels: await PartFile.open(path.join(into, 'labels')),
  }
  const categories = new Map<string, number>()
  const categoryOf = (label: string): number => {
    if (!categories.has(label)) categories.set(label, categories.size + 1)
    return categories.get(label)!
  }
  const ids = { image: 0, annotation: 0, label: 0 }
  let pictured = { itemId: '', frame: null as number | null }
  try {
    for await (const { item, annotation } of rows) {
      const frame = annotation?.frame ?? null
      if (!annotation) counts.items++
      if (item.width === null || item.height === null) {
        if (annotation) left.add('the size of the item is not known')
        continue
      }
      // A picture is in the list with or without annotations; of a video only the frames that have some.
      if (annotation || item.contentType !== 'VIDEO') {
        if (pictured.itemId !== item.id || pictured.frame !== frame) {
          pictured = { itemId: item.id, frame }
          await parts.images.add(imageEntry(++ids.image, item, named(item), annotation))
        }
      }
      if (!annotation) continue
      counts.annotations++
      const entry = { image_id: ids.image, category_id: categoryOf(annotation.label), ...extras(annotation) }
      if (annotation.kind === 'LABEL') await parts.labels.add({ id: ++ids.label, ...entry })
      else
        await parts.annotations.add({
          id: ++ids.annotation,
          ...entry,
          ...geometry(annotation, item.width, item.height),
        })
    }
  } finally {
    for (const part of Object.values(parts)) await part.close()
  }
  return Readable.from(joined(parts, categories), { objectMode: false })
}

async function* joined(
  parts: Record<'images' | 'annotations' | 'labels', PartFile>,
  categories: ReadonlyMap<string, number>,
): AsyncGenerator<Buffer | string> {
  yield '{"info":{"description":"Exported from LakeLens"},\n"images":[\n'
  yield* parts.images.content()
  yield '],\n"annotations":[\n'
  yield* parts.annotations.content()
  yield '],\n"image_labels":[\n'
  yield* parts.labels.content()
  yield `],\n"categories":${JSON.stringify([...categories].map(([name, id]) => ({ id, name })))}}\n`
}

function imageEntry(id: number, item: ExchangeItem, name: string, annotation: ExportedAnnotation | null) {
  const size = { width: item.width, height: item.height }
  if (item.contentType !== 'VIDEO') return { id, file_name: name, ...size }
  const { frame, timestampSeconds } = annotation ?? { frame: null, timestampSeconds: null }
  if (frame === null) return { id, file_name: name, ...size, video: name }
  return {
    id,
    file_name: `${name}/${framePattern(frame)}.jpg`,
    ...size,
    video: name,
    frame,
    timestamp: timestampSeconds,
  }
}

/** Beyond COCO. `score` is where COCO's own result files have it. */
function extras(annotation: ExportedAnnotation): Record<string, unknown> {
  return {
    ...(annotation.confidence !== null && { score: annotation.confidence }),
    source: annotation.source,
    review: annotation.review,
    ...(annotation.modelName !== null && { model: annotation.modelName }),
    ...(annotation.frame !== null && { frame: annotation.frame }),
    ...(annotation.phrase !== null && { phrase: annotation.phrase }),
  }
}

function geometry(annotation: ExportedAnnotation, width: number, height: number): Record<string, unknown> {
  const { kind, polygons, points, rle } = annotation
  const [x, y, w, h] = [annotation.x ?? 0, annotation.y ?? 0, annotation.width ?? 0, annotation.height ?? 0]
  const bbox = [x * width, y * height, w * width, h * height].map(round)
  const common = { bbox, iscrowd: 0 }
  const size = { width, height }
  const toPixels = ([px, py]: readonly [number, number]): [number, number] => [px * width, py * height]
  if (kind === 'MASK' && rle !== null)
    return { ...common, area: maskArea(decodeRle(rle, size)), segmentation: { size: [height, width], counts: rle } }
  if (kind === 'POLYGON' && polygons !== null) {
    const drawn = polygons.map(({ outer, holes }) => ({
      outer: outer.map(toPixels),
      holes: holes.map((hole) => hole.map(toPixels)),
    }))
    if (drawn.every(({ holes }) => holes.length === 0))
      return {
        ...common,
        area: round(polygonsArea(drawn)),
        segmentation: drawn.map(({ outer }) => outer.flat().map(round)),
      }
    // COCO's polygons have no holes; its masks do.
    const mask = rasterise(drawn, size)
    return {
      ...common,
      area: maskArea(mask),
      segmentation: { size: [height, width], counts: encodeRle(mask.counts) },
    }
  }
  if (kind === 'POINTS' && points !== null)
    return {
      ...common,
      area: round(w * width * h * height),
      segmentation: [],
      kind: 'POINTS',
      keypoints: points.flatMap((point) => [...toPixels(point).map(round), 2]),
      num_keypoints: points.length,
    }
  return { ...common, area: round(w * width * h * height), segmentation: [] }
}
