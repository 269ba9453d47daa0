import { fetchModelFile, type ModelSettings } from '@lakelens/metalake'
import { createProgressBoard } from '../progress'
import { together } from '../together'

const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6)

/**
 * Has the files of both default models on this machine, with their progress shown. Before anything is started: without
 * internet this is what fails, and it should do so at once.
 */
export async function obtainModels(settings: ModelSettings, signal: AbortSignal): Promise<void> {
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
  } finally {
    board.stop()
  }
}
