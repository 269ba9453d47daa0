import { join } from 'node:path'
import type { InspectOptions } from '../inspectModel'

/** `inspectModel`'s process run from source, so that tests need no build. */
export const inspectFromSource: NonNullable<InspectOptions['entry']> = {
  file: join(__dirname, '..', 'inspectProcess.ts'),
  execArgv: ['--conditions=@lakelens/source', '--require', join(__dirname, '../../../../tools/register.cjs')],
}
