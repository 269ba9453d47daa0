// Runs all generators and fails when that changes a file: what is committed was not what they write. Compares contents before
// and after, so that it also answers right while other work is uncommitted.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

function snapshot() {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  const names = [...new Set(listed.split('\0'))].filter(
    (name) => name && existsSync(join(root, name)) && statSync(join(root, name)).isFile(),
  )
  return new Map(
    names.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(root, name)))
        .digest('hex'),
    ]),
  )
}

const before = snapshot()
execFileSync('npm', ['run', '--silent', 'generate'], { cwd: root, stdio: 'inherit' })
const after = snapshot()

const changed = [...new Set([...before.keys(), ...after.keys()])]
  .filter((name) => before.get(name) !== after.get(name))
  .sort()
if (changed.length > 0) {
  execFileSync('git', ['--no-pager', 'diff', '--', ...changed], { cwd: root, stdio: 'inherit' })
  console.error(`\nNot fresh: ${changed.join(', ')}\nRun "npm run generate" and commit what it writes.`)
  process.exitCode = 1
} else {
  console.log('generated files are fresh')
}
