import type { LakeError } from '@lakelens/kernel'
import { fetchModelFile, type ModelSettings } from '@lakelens/metalake'
import { createProgressBoard } from '../progress'
import { together } from '../together'
import { missingModels } from './missingModels'

const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6)

/**
 * Has the files of both default models on this machine, with their progress shown. Before anything is started: without
 * internet this is what fails, and it should do so at once. Returns why they can't be had; empty when they are here.
 */
export async function obtainModels(settings: ModelSettings, signal: AbortSignal): Promise<LakeError[]> {
  const names = [...new Set([settings.defaults.AUTO_TAGGING, settings.defaults.EMBEDDING])]
  const board = createProgressBoard()
  try {
    await together(
      signal,
      names.map((name) => async (either) => {
        const bar = board.add(name)
        await fetchModelFile(settings, name, {
          signal: either,
          onProgress: ({ receivedBytes, totalBytes }) =>
            bar.update(megabytes(receivedBytes), megabytes(totalBytes ?? receivedBytes), 'MB'),
        })
        bar.stop()
      }),
    )
    return []
  } catch (error) {
    const missing = missingModels(error)
    if (!missing) throw error
    return missing
  } finally {
    board.stop()
  }
}
