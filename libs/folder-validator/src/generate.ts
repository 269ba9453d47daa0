import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { printChecks } from './printChecks'

/** Generated and committed. */
export const checksFile = join(__dirname, '..', '..', '..', 'docs', 'validation-checks.md')

if (require.main === module) void writeFile(checksFile, printChecks())
