import { readFile } from 'node:fs/promises'
import { checksFile } from './generate'
import { printChecks } from './printChecks'

test('every check is documented: docs/validation-checks.md is what `npm run generate` writes', async () => {
  expect(await readFile(checksFile, 'utf8')).toBe(printChecks())
})
