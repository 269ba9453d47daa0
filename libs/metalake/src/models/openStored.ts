import {
  failInstalledVersion,
  holdVersion,
  noteInstallLog,
  noteVectorDimension,
  type Db,
  type ModelVersionWithContent,
} from '@lakelens/db'
import type { ModelFacts } from '@lakelens/inference-client'
import { isLakeError } from '@lakelens/kernel'
import type { Lake } from '../lake'
import { errors } from './errors'
import { modelRef } from './modelRef'

/** For people: what is waited for when a version is opened. */
export const openingStage = ({
  runtime,
  installLog,
}: Pick<ModelVersionWithContent, 'runtime' | 'installLog'>): string =>
  runtime === 'PYTHON' && installLog === null ? 'installing requirements and starting the model' : 'opening the model'

/** Opens a version that is on record, and keeps what its first use tells of it. */
export async function openStored(
  lake: Lake,
  version: ModelVersionWithContent,
  signal: AbortSignal,
): Promise<{ version: ModelVersionWithContent; facts: ModelFacts }> {
  const facts = await loadStored(lake, version, signal)
  if (facts.installLog !== null && version.installLog === null)
    await noteInstallLog(lake.db, version.id, facts.installLog)
  if (facts.vectorDimension !== null && version.vectorDimension === null && version.application === 'EMBEDDING')
    await noteVectorDimension(lake.db, version.id, facts.vectorDimension)
  return {
    version: {
      ...version,
      installLog: version.installLog ?? facts.installLog,
      vectorDimension: version.vectorDimension ?? facts.vectorDimension,
    },
    facts,
  }
}

/** Requirements that can't be installed fail the version, with the log; an index that is away doesn't. */
async function loadStored(lake: Lake, version: ModelVersionWithContent, signal: AbortSignal): Promise<ModelFacts> {
  try {
    return await lake.backend.loadModel(await modelRef(lake, version), { signal })
  } catch (error) {
    if (isInstallFailure(error)) await failInstalledVersion(lake.db, version.id, installLogOf(error))
    throw error
  }
}

/** The requirements of a package are at fault, and would be tomorrow. */
export const isInstallFailure = (error: unknown): boolean =>
  isLakeError(error) && error.code === 'MODEL_INSTALL_FAILED' && error.facts['retryable'] !== true

/** What an install said before it failed; null where the error carries no log. */
export function installLogOf(error: unknown): string | null {
  const log = isLakeError(error) ? error.facts['installLog'] : null
  return typeof log === 'string' && log !== '' ? log : null
}

/**
 * For the transaction that notes that a job will use the version: throws when it was put away meanwhile, and keeps it from being
 * put away until the job is noted.
 */
export const stillReady =
  ({ id, modelName, version }: Pick<ModelVersionWithContent, 'id' | 'modelName' | 'version'>) =>
  async (tx: Db): Promise<void> => {
    // Worth another look: a bare name may mean another version by now, and one asked for by number is then refused by its state.
    if ((await holdVersion(tx, id)) !== 'READY')
      throw errors.MODEL_PUT_AWAY({ modelId: modelName, version, retryable: true })
  }
