import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { printErrors } from './errorList'

/** `docs/errors.md` is of all programs together, so it is written where all of them may be imported. */
if (require.main === module) {
  void writeFile(join(__dirname, '..', '..', 'docs', 'errors.md'), printErrors())
}
