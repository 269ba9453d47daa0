import { deriveAllTags, insertAnnotations, itemsByUniqueNames, lockItems, touchItems } from '@lakelens/db'
import { errors as metalake } from '../errors'
import type { Lake } from '../lake'
import { toAnnotation, type Annotation } from './annotations'
import { checkLabel, placeInTime } from './shape'
import { readShape, type ShapeInput } from './shapeInput'

export interface NewAnnotationInput {
  uniqueName: string
  label: string
  /** None: a label of the item as a whole. */
  shape?: ShapeInput | null | undefined
  /** Of a video: 0 is the first. */
  frame?: number | null | undefined
}

/** A person's annotation. It is one of the item's tags at once. */
export async function createAnnotation(lake: Lake, input: NewAnnotationInput): Promise<Annotation> {
  lake.viewer.require('run')
  const label = checkLabel(input.label)
  const [item] = await itemsByUniqueNames(lake.db, [input.uniqueName])
  const unknown = () => metalake.ITEMS_UNKNOWN({ uniqueNames: [input.uniqueName] }, { path: ['uniqueName'] })
  if (!item) throw unknown()
  const shape = readShape(input.shape, item)
  const time = placeInTime(input.frame ?? null, item)
  const row = await lake.db.transaction(async (tx) => {
    if ((await lockItems(tx, [item.id])).length === 0) throw unknown()
    const [made] = await insertAnnotations(tx, [
      {
        itemId: item.id,
        label,
        source: 'HUMAN',
        confidence: null,
        ...shape,
        ...time,
        review: 'PENDING',
        createdBy: lake.viewer.name,
        jobId: null,
      },
    ])
    await deriveAllTags(tx, [item.id])
    await touchItems(tx, [item.id])
    return made!
  })
  return toAnnotation(row)
}
