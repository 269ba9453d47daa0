import { aliasesOfModels as aliasRows, usageOfModels as usageRows } from '@lakelens/db'
import { isId } from '../ids'
import { analysisKinds } from '../jobs/kinds'
import type { Lake } from '../lake'

export interface ModelAlias {
  name: string
  version: number
}

export interface ModelUsage {
  jobs: number
  items: number
  lastUsedAt: Date | null
}

/** One entry an id, in the order asked; aliases by name. */
export async function aliasesOfModels(lake: Lake, ids: readonly string[]): Promise<ModelAlias[][]> {
  lake.viewer.require('read')
  const rows = await aliasRows(lake.db, ids.filter(isId))
  return ids.map((id) => rows.filter((row) => row.modelId === id).map(({ name, version }) => ({ name, version })))
}

/** One entry an id, in the order asked: what runs with any version of it have done. */
export async function usageOfModels(lake: Lake, ids: readonly string[]): Promise<ModelUsage[]> {
  lake.viewer.require('read')
  const rows = new Map((await usageRows(lake.db, ids.filter(isId), analysisKinds)).map((row) => [row.modelId, row]))
  return ids.map((id) => {
    const row = rows.get(id)
    return row ? { jobs: row.jobs, items: row.items, lastUsedAt: row.lastUsedAt } : unused
  })
}

export const unused: ModelUsage = { jobs: 0, items: 0, lastUsedAt: null }
