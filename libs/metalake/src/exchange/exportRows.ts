import {
  exportedAnnotations,
  exportedItems,
  type AnnotationRow,
  type ExchangeItem,
  type ExportPosition,
} from '@lakelens/db'
import { selectionOf } from '../items/selection'
import type { Lake } from '../lake'
import type { ExportPayload } from './request'

export type ExportedAnnotation = AnnotationRow & { modelName: string | null }

/** An item (`annotation` null), followed by its annotations by frame. */
export interface ExportRow {
  item: ExchangeItem
  annotation: ExportedAnnotation | null
}

/** Items read at once, and annotations: the longest shapes make a page of some ten megabytes. */
const itemPage = 500
const annotationPage = 500

/** Everything that is exported, in order, in constant memory. Deletions meanwhile leave gaps; additions are not seen. */
export async function* exportRows(
  lake: Lake,
  { selection, upTo, ...filter }: ExportPayload,
  onItems: (count: number) => void,
  signal: AbortSignal,
): AsyncGenerator<ExportRow> {
  const items = selectionOf(selection)
  for (let after = '0'; ;) {
    signal.throwIfAborted()
    const page = await exportedItems(lake.db, items, { after, upTo, limit: itemPage })
    yield* itemRows(lake, page, filter, signal)
    onItems(page.length)
    if (page.length < itemPage) return
    after = page.at(-1)!.id
  }
}

async function* itemRows(
  lake: Lake,
  items: readonly ExchangeItem[],
  filter: Omit<ExportPayload, 'selection' | 'upTo'>,
  signal: AbortSignal,
): AsyncGenerator<ExportRow> {
  const waiting = [...items]
  const annotations = annotationRows(
    lake,
    items.map((item) => item.id),
    filter,
    signal,
  )
  let item: ExchangeItem | undefined
  for await (const annotation of annotations) {
    while (item?.id !== annotation.itemId) {
      item = waiting.shift()
      if (!item) throw new Error(`annotation ${annotation.id} is of no item asked for`)
      yield { item, annotation: null }
    }
    yield { item, annotation }
  }
  for (const rest of waiting) yield { item: rest, annotation: null }
}

async function* annotationRows(
  lake: Lake,
  itemIds: readonly string[],
  filter: Omit<ExportPayload, 'selection' | 'upTo'>,
  signal: AbortSignal,
): AsyncGenerator<ExportedAnnotation> {
  for (let after: ExportPosition | null = null; ;) {
    signal.throwIfAborted()
    // Those of the items behind it need not be sorted again.
    const { itemId } = after ?? { itemId: null }
    const rest: readonly string[] = itemId === null ? itemIds : itemIds.slice(itemIds.indexOf(itemId))
    const page: ExportedAnnotation[] = await exportedAnnotations(lake.db, rest, filter, {
      after,
      limit: annotationPage,
    })
    yield* page
    const last = page.at(-1)
    if (!last || page.length < annotationPage) return
    after = { itemId: last.itemId, frame: last.frame ?? -1, id: last.id }
  }
}
