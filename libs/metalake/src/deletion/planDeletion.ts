import { countDeletion } from '@lakelens/db'
import { selectionOf, type StoredSelection } from '../items/selection'
import type { Lake } from '../lake'

/** What a deletion would take away, counted now. */
export interface DeletionPlan {
  items: number
  /** Live annotations of these items, of people and of models. */
  annotations: number
  vectors: number
  /** Of their files, each distinct content once. */
  bytes: number
  warnings: string[]
}

export async function planDeletion(lake: Lake, selection: StoredSelection): Promise<DeletionPlan> {
  const { shared, ...counted } = await countDeletion(lake.db, selectionOf(selection))
  const warnings: string[] = []
  if (counted.items === 0) warnings.push('No item matches.')
  if (shared > 0)
    warnings.push(
      `${shared} of the files ${shared === 1 ? 'belongs' : 'belong'} to other items too and ${shared === 1 ? 'stays' : 'stay'}.`,
    )
  return { ...counted, warnings }
}
