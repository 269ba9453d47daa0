import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Example {
  name: string
  document: string
  /** JSON, as GraphiQL's variables editor shows it. */
  variables: string | null
}

/** From `src` and `dist` alike. */
export const examplesFolder = join(__dirname, '..', '..', '..', 'examples', 'operations')

/** The operations of `examples/operations`, by file name; `<name>.json` beside one holds its variables. */
export async function readExamples(folder = examplesFolder): Promise<Example[]> {
  const files = (await readdir(folder)).sort()
  return Promise.all(
    files
      .filter((file) => file.endsWith('.graphql'))
      .map(async (file) => {
        const name = file.slice(0, -'.graphql'.length)
        const variables = files.includes(`${name}.json`) ? await readFile(join(folder, `${name}.json`), 'utf8') : null
        return { name, document: await readFile(join(folder, file), 'utf8'), variables }
      }),
  )
}
