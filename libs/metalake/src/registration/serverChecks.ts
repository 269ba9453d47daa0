import type { Check, OpenedPackage, ValidPackage } from '@lakelens/folder-validator'
import { isLakeError } from '@lakelens/kernel'
import type { Lake } from '../lake'
import { requireLicense } from '../models/license'
import { ownCheck } from './report'

/** What a package is judged by beside its own files: who sends it, what this server allows, and what it can run. */
export async function serverChecks(
  lake: Lake,
  request: { modelName: string; role: string; license: string | null; keep: boolean },
  opened: OpenedPackage,
  valid: ValidPackage | null,
): Promise<Check[]> {
  const checks: Check[] = []
  if (opened.files.some((file) => file.path === 'code/inference.py')) {
    if (request.keep) checks.push(permission(request.role))
    checks.push(await sandbox(lake))
  }
  if (valid) checks.push(license(lake, request.modelName, request.license ?? valid.license))
  return checks
}

const permission = (role: string): Check =>
  role === 'ADMIN'
    ? ownCheck('python.permission', 'PASSED')
    : ownCheck('python.permission', 'FAILED', {
        message: `A package with inference.py is a program, and whoever asked has the role ${role}.`,
        file: 'code/inference.py',
        hint: 'Ask an ADMIN to register it, or export the model to ONNX: that anybody who may run models may register.',
      })

/** A warning only: another inference service may run it tomorrow, and running it where it must not be is refused then. */
async function sandbox(lake: Lake): Promise<Check> {
  try {
    const { runsPython, sandboxDetail } = await lake.backend.describe()
    if (runsPython) return ownCheck('python.sandbox', 'PASSED', { message: sandboxDetail || null })
    return ownCheck('python.sandbox', 'WARNING', {
      message: `The inference service does not run it as it is set up: ${sandboxDetail || 'it found no Python'}`,
      hint: 'It can be registered; running it is refused until that is mended. See `system { platforms }`.',
    })
  } catch (error) {
    if (!isLakeError(error)) throw error
    return ownCheck('python.sandbox', 'SKIPPED', { message: error.message })
  }
}

function license(lake: Lake, modelName: string, stated: string | null): Check {
  try {
    requireLicense(lake.models, modelName, stated)
    return ownCheck('license.denied', 'PASSED', { message: stated ?? 'none is stated' })
  } catch (error) {
    if (!isLakeError(error)) throw error
    return ownCheck('license.denied', 'FAILED', {
      message: error.message,
      hint: 'State the licence in `license:` of model.yaml, or when registering, if it is another.',
    })
  }
}
