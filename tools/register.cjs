// Runs TypeScript sources without a build, for tests that need a process of their own:
// node --conditions=@lakelens/source --require tools/register.cjs some.ts
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { transformSync } = require('@swc/core')

const options = JSON.parse(readFileSync(join(__dirname, '..', '.swcrc'), 'utf8'))

require.extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), { ...options, swcrc: false, filename })
  module._compile(code, filename)
}
