import { importImages, insertImportImages, itemsCalled, type ImportImage } from '@lakelens/db'
import { errors } from './errors'
import { cocoAnnotation, idOf, isObject, type CocoObject } from './cocoEntry'
import { faultOf, inBatches, readEntry, type Found } from './found'
import type { ImportFile } from './importFile'
import { maxElementBytes, readLists, type JsonElement } from './readJson'

const maxCategories = 100_000

/**
 * Reads a COCO file in two passes: images and categories first, wherever they stand in it, then annotations. Which item each image
 * is is kept in the database, so that memory doesn't grow with the file. A file that is cut fails in the first pass, before
 * anything of it is stored.
 */
export async function* readCoco(file: ImportFile): AsyncGenerator<Found[]> {
  const labels = new Map<string, string>()
  const first = readLists(await file.open('reading images'), ['images', 'categories'])
  for await (const batch of inBatches(sized(first))) {
    for (const { list, value } of batch) if (list === 'categories') addCategory(labels, value)
    yield await noteImages(
      file,
      batch.filter(({ list }) => list === 'images'),
    )
  }
  const second = readLists(await file.open('reading annotations'), ['annotations', 'image_labels'])
  for await (const batch of inBatches(sized(second))) yield await readAnnotations(file, batch, labels)
}

/** A number of an outline takes about eight characters. */
async function* sized(elements: AsyncIterable<JsonElement>): AsyncGenerator<{ entry: JsonElement; size: number }> {
  for await (const entry of elements) yield { entry, size: entry.byteSize / 8 }
}

function addCategory(labels: Map<string, string>, value: unknown): void {
  const id = isObject(value) ? idOf(value['id']) : null
  const name = isObject(value) ? value['name'] : null
  // An annotation that needs it says so.
  if (id === null || typeof name !== 'string') return
  if (labels.size >= maxCategories) throw errors.ANNOTATION_FILE_TOO_LARGE({ what: 'categories', limit: maxCategories })
  // A copy: a slice would hold the whole text, of megabytes, for as long as itself.
  labels.set(id, name.length > 1_000 ? Buffer.from(name.slice(0, 1_000)).toString() : name)
}

interface ImageEntry {
  subject: string
  id: string
  names: string[]
  value: CocoObject
}

/** Looks a stretch of images up, and notes which items they are. */
async function noteImages(
  { lake, job, collectionId, inTransaction }: ImportFile,
  elements: JsonElement[],
): Promise<Found[]> {
  const faults: Found[] = []
  const entries: ImageEntry[] = []
  for (const { index, value } of elements) {
    try {
      entries.push(imageEntry(index, value))
    } catch (error) {
      faults.push(faultOf(`image at ${index + 1}`, error))
    }
  }
  const items = await itemsCalled(lake.db, collectionId, [...new Set(entries.flatMap(({ names }) => names))], {
    stems: false,
  })
  const images: ImportImage[] = []
  for (const { subject, id, names, value } of entries) {
    const item = names.map((name) => items.get(name)).find((found) => found !== undefined)
    if (!item) faults.push(faultOf(subject, errors.ITEM_UNMATCHED({ name: names[0]! })))
    else
      images.push({
        externalId: id,
        itemId: item.id,
        width: sideOf(value['width']),
        height: sideOf(value['height']),
        frame: frameOf(value['frame']),
      })
  }
  await inTransaction((tx) => insertImportImages(tx, job.id, images))
  return faults
}

/** A side that is no count of pixels is as good as none: the item's own counts. */
const sideOf = (value: unknown): number | null =>
  typeof value === 'number' && value >= 1 && value < 1e9 ? value : null
const frameOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < 2 ** 31 ? value : null

function imageEntry(index: number, value: unknown): ImageEntry {
  if (value === undefined) throw errors.ENTRY_TOO_LARGE({ limit: maxElementBytes })
  const id = isObject(value) ? idOf(value['id']) : null
  if (!isObject(value) || id === null) throw errors.ENTRY_INVALID({ reason: 'an image has an `id`' })
  const name = value['video'] ?? value['file_name']
  if (typeof name !== 'string' || name === '' || name.length > 4_096 || /[\u0000\p{Cs}]/u.test(name))
    throw errors.ENTRY_INVALID({ reason: 'an image has a `file_name`' })
  // Files are often named with their folders, as on the machine they come from.
  const base = name.split(/[/\\]/).at(-1)!
  return { subject: `image ${id}`, id, names: base === '' || base === name ? [name] : [name, base], value }
}

async function readAnnotations(
  { lake, job }: ImportFile,
  elements: JsonElement[],
  labels: ReadonlyMap<string, string>,
): Promise<Found[]> {
  const idsOf = ({ value }: JsonElement): string[] => {
    const id = isObject(value) ? idOf(value['image_id']) : null
    return id === null ? [] : [id]
  }
  const images = await importImages(lake.db, job.id, [...new Set(elements.flatMap(idsOf))])
  return elements.map((element): Found => {
    const { list, index, value } = element
    const id = isObject(value) ? idOf(value['id']) : null
    const what = list === 'annotations' ? 'annotation' : 'label'
    const subject = id === null ? `${what} at ${index + 1}` : `${what} ${id}`
    return readEntry(subject, () => {
      if (value === undefined) throw errors.ENTRY_TOO_LARGE({ limit: maxElementBytes })
      const [imageId] = idsOf(element)
      if (!isObject(value) || imageId === undefined) throw errors.ENTRY_INVALID({ reason: 'it has no `image_id`' })
      const image = images.get(imageId)
      if (!image) throw errors.IMAGE_UNMATCHED({ id: imageId })
      return cocoAnnotation(value, image, labels, list === 'image_labels')
    })
  })
}
