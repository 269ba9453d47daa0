import { isLakeError } from '@lakelens/kernel'

/** What is wrong with the model of a run is told where the run names it: `path: ["modelId"]`. */
export async function atModelId<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw isLakeError(error) && error.path === undefined ? error.at('modelId') : error
  }
}
