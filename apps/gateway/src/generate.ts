import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { printLakeSchema } from './graphql/schema'

const root = join(__dirname, '..', '..', '..')

/** Files that are generated and committed, by path. */
export const generated = (): Record<string, string> => ({
  [join(root, 'libs', 'schemas', 'schema.graphql')]: printLakeSchema(),
})

if (require.main === module) {
  void Promise.all(Object.entries(generated()).map(([path, text]) => writeFile(path, text)))
}
