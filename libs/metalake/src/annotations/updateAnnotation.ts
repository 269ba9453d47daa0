import {
  annotationsByIds,
  changeAnnotation,
  deriveAllTags,
  insertAnnotations,
  itemsByIds,
  lockItems,
  retireAnnotations,
  touchItems,
  type AnnotationRow,
  type Db,
} from '@lakelens/db'
import { isId } from '../ids'
import type { Lake } from '../lake'
import { toAnnotation, type Annotation } from './annotations'
import { errors } from './errors'
import { checkLabel, type Shape } from './shape'
import { readShape, type ShapeInput } from './shapeInput'

export interface AnnotationChange {
  /** Database id. */
  annotationId: string
  label?: string | null | undefined
  shape?: ShapeInput | null | undefined
}

/**
 * Changes label or shape. A person's annotation is changed in place; of a model's it makes a person's, EDITED, and the model's is
 * kept as superseded, so that a later run knows what was corrected and does not say it again.
 */
export async function updateAnnotation(lake: Lake, input: AnnotationChange): Promise<Annotation> {
  lake.viewer.require('run')
  if (input.label == null && input.shape == null) throw errors.CHANGE_EMPTY()
  const label = input.label == null ? null : checkLabel(input.label)
  const notFound = () => errors.ANNOTATION_NOT_FOUND({}, { path: ['annotationId'] })
  const [seen] = isId(input.annotationId) ? await annotationsByIds(lake.db, [input.annotationId]) : []
  const [item] = seen ? await itemsByIds(lake.db, [seen.itemId]) : []
  if (!seen || !item) throw notFound()
  const shape = input.shape == null ? null : readShape(input.shape, item)
  const row = await lake.db.transaction(async (tx) => {
    await lockItems(tx, [item.id])
    // As it is now: another may have changed it, or a run have replaced it, before the item was locked.
    const [current] = await annotationsByIds(tx, [seen.id])
    if (!current) throw notFound()
    const changed = await write(
      tx,
      current,
      { label: label ?? current.label, ...(shape ?? shapeOf(current)) },
      lake.viewer.name,
    )
    if (!changed) throw notFound()
    await deriveAllTags(tx, [item.id])
    await touchItems(tx, [item.id])
    return changed
  })
  return toAnnotation(row)
}

const shapeOf = ({ kind, x, y, width, height, polygons, points, rle }: AnnotationRow): Shape => ({
  kind,
  x,
  y,
  width,
  height,
  polygons,
  points,
  rle,
})

async function write(
  tx: Db,
  current: AnnotationRow,
  change: Shape & { label: string },
  by: string,
): Promise<AnnotationRow | undefined | null> {
  if (current.source === 'HUMAN') return changeAnnotation(tx, current.id, change)
  await retireAnnotations(tx, [current.id])
  const [made] = await insertAnnotations(tx, [
    {
      itemId: current.itemId,
      source: 'HUMAN',
      confidence: null,
      ...change,
      phrase: current.phrase,
      frame: current.frame,
      timestampSeconds: current.timestampSeconds,
      review: 'EDITED',
      createdBy: by,
      jobId: null,
      replaces: current.id,
    },
  ])
  return made
}
