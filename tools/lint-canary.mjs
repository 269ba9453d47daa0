// Proves that lint enforces what eslint.config.mjs says: plants one bad file per rule and expects it to be refused by that
// rule's name. Needed because the import rule passes everything, with exit code 0, when no project graph is cached.
import { execFileSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ESLint } from 'eslint'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const boundaries = '@nx/enforce-module-boundaries'
const environment = ['no-restricted-properties', 'no-restricted-imports']
const importing = (name) => `import * as planted from '${name}'\nexport const use = planted\n`

/** [what is proven, project, source, the rules that must refuse it, a part of the message]; no rules: must pass. */
const plants = [
  ['what is allowed passes', 'libs/jobs', importing('@lakelens/db'), []],
  ['pure may not import storage', 'libs/schemas', importing('@lakelens/db'), [boundaries], 'layer:pure'],
  [
    'not even its types',
    'libs/schemas',
    `import type { Db } from '@lakelens/db'\nexport type Use = Db\n`,
    [boundaries],
    'layer:pure',
  ],
  ['not even later', 'libs/schemas', `export const use = () => import('@lakelens/db')\n`, [boundaries], 'layer:pure'],
  ['storage may not import an adapter', 'libs/db', importing('@lakelens/media'), [boundaries], 'layer:storage'],
  ['adapters may not import each other', 'libs/jobs', importing('@lakelens/media'), [boundaries], 'layer:adapter'],
  ['the domain may not import an app', 'libs/metalake', importing('@lakelens/inference'), [boundaries], 'layer:domain'],
  ...['pg', 'graphql', 'type-graphql', '@grpc/grpc-js', '@electric-sql/pglite'].map((name) => [
    `the domain may not import ${name}`,
    'libs/metalake',
    importing(name),
    [boundaries],
    name,
  ]),
  ['the domain may not import a cloud', 'libs/metalake', importing('@aws-sdk/client-s3'), [boundaries], ''],
  // Tools import every app, so that the cycle is what lint names.
  ['an app may not import tools', 'apps/gateway', importing('@lakelens/tools'), [boundaries], ''],
  ['no database in the inference process', 'apps/inference', importing('@lakelens/db'), [boundaries], 'runs:inference'],
  [
    'no GraphQL in the inference process',
    'apps/inference',
    importing('@lakelens/schemas'),
    [boundaries],
    'runs:inference',
  ],
  [
    'what runs anywhere takes nothing of the gateway',
    'libs/vision',
    importing('@lakelens/schemas'),
    [boundaries],
    'runs:anywhere',
  ],
  ['no way around by a path', 'libs/kernel', importing('../../db/src/db'), [boundaries], ''],
  ['no package that is not declared', 'libs/kernel', importing('express'), [boundaries], ''],
  ['the environment is not read', 'libs/media', 'export const use = process.env.HOME\n', environment, 'config.ts'],
  [
    'nor imported',
    'libs/media',
    `import { env } from 'node:process'\nexport const use = env\n`,
    environment,
    'config.ts',
  ],
  ['named exports only', 'libs/media', 'export default 1\n', ['no-restricted-syntax'], 'Named exports'],
  [
    'promises are awaited',
    'libs/media',
    'export function use(): void {\n  Promise.resolve()\n}\n',
    ['@typescript-eslint/no-floating-promises'],
    '',
  ],
]

const pathOf = (project, index) => join(root, project, 'src', `lintCanary${index}.ts`)

function plant() {
  plants.forEach(([, project, source], index) => {
    const path = pathOf(project, index)
    if (existsSync(path)) throw new Error(`${path} is in the way; delete it`)
    writeFileSync(path, source)
  })
}

function remove() {
  plants.forEach(([, project], index) => rmSync(pathOf(project, index), { force: true }))
}

/** What is wrong with the answer to one plant, if anything. */
function judge([, , , rules, part], { messages }) {
  const said = messages.map(({ ruleId, message }) => `${ruleId}: ${message}`).join('\n    ') || 'nothing'
  if (rules.length === 0) return messages.length === 0 ? undefined : `was refused\n    ${said}`
  const isRefused = messages.some(({ ruleId, message }) => rules.includes(ruleId) && message.includes(part))
  return isRefused ? undefined : `expected ${rules.join(' or ')}${part && ` naming ${part}`}, lint said\n    ${said}`
}

execFileSync(join(root, 'node_modules', '.bin', 'nx'), ['show', 'projects'], {
  cwd: root,
  stdio: ['ignore', 'ignore', 'inherit'],
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => (remove(), process.exit(1)))
let results
try {
  plant()
  results = await new ESLint({ cwd: root }).lintFiles(plants.map(([, project], index) => pathOf(project, index)))
} finally {
  remove()
}
const faults = plants.flatMap((row, index) => {
  const result = results.find(({ filePath }) => filePath === pathOf(row[1], index))
  const fault = result ? judge(row, result) : 'was not linted'
  return fault ? [`${row[0]} (${row[1]}): ${fault}`] : []
})
for (const fault of faults) console.error(`canary: ${fault}`)
console.log(`lint canary: ${plants.length - faults.length} of ${plants.length} rules hold`)
process.exitCode = faults.length > 0 ? 1 : 0
