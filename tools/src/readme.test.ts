import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { printLakeSchema } from '@lakelens/gateway'
import { buildSchema, parse, print, validate, type DocumentNode } from 'graphql'
import { createProgram } from './program'

const root = resolve(__dirname, '../..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const readme = read('README.md')

/** Every operation of the GraphQL blocks, each on its own: they are to be tried one by one. */
const operations = [...readme.matchAll(/```graphql\n([\s\S]*?)```/g)]
  .flatMap((block) => parse(block[1] as string).definitions)
  .map((definition) => print(definition))

test('there are queries to try', () => expect(operations.length).toBeGreaterThanOrEqual(6))

test.each(operations)('the schema takes operation %#', (text) => {
  const document: DocumentNode = parse(text)
  expect(validate(buildSchema(printLakeSchema()), document).map(({ message }) => message)).toEqual([])
})

test('every variable of the environment is explained', () => {
  const sources = ['apps/gateway/src/config.ts', 'apps/inference/src/config.ts', 'libs/metalake/src/models/settings.ts']
  const variables = new Set(
    sources
      .flatMap((file) => read(file).match(/^ {2}(PORT|HOST|(LAKELENS|INFERENCE|DATABASE|MEDIA)_[A-Z_]+)(?=:)/gm) ?? [])
      .map((name) => name.trim()),
  )
  // Between processes of ours only.
  for (const name of ['INFERENCE_HOST', 'LAKELENS_END_WITH_PARENT', 'LAKELENS_READY_LINE']) variables.delete(name)
  expect(variables).toContain('LAKELENS_PUBLIC_URL')
  expect([...variables].filter((name) => !readme.includes(`\`${name}\``))).toEqual([])
})

test('every command has help, and those the documents name exist', () => {
  const commands = createProgram().commands
  for (const command of commands) expect(command.description()).not.toBe('')
  const names = new Set(commands.map((command) => command.name()))
  const named = ['README.md', 'docs/runbook.md'].flatMap((file) =>
    [...read(file).matchAll(/npx lakelens (\w+)/g)].map((match) => match[1] as string),
  )
  expect(named.filter((name) => !names.has(name))).toEqual([])
})

test.each(['README.md', 'docs/architecture.md', 'docs/runbook.md'])('links of %s lead somewhere', (file) => {
  const links = [...read(file).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1] as string)
  expect(links.filter((link) => !existsSync(resolve(root, file, '..', link)))).toEqual([])
})

test('scripts that are named exist', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const named = ['README.md', 'docs/runbook.md'].flatMap((file) =>
    [...read(file).matchAll(/npm run ([\w:]+)/g)].map((match) => match[1] as string),
  )
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([])
})
