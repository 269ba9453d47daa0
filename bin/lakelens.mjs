#!/usr/bin/env node
// Committed, so that the command exists the moment `npm ci` links it; what it runs is built by `prepare`.
import { existsSync } from 'node:fs'

const [major, minor] = process.versions.node.split('.').map(Number)
const program = new URL('../tools/dist/cli.js', import.meta.url)

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`LakeLens needs Node 20.19 or newer; this is ${process.versions.node}.`)
  process.exitCode = 1
} else if (!existsSync(program)) {
  console.error('LakeLens is not built. Run `npm ci` in the repository, or `npm run prepare` after a change.')
  process.exitCode = 1
} else {
  await import(program.href)
}
