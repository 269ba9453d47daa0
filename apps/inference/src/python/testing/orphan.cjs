// A program that starts a model's process from the TypeScript sources and then does nothing, to be killed by a test.
const { join } = require('node:path')
const { transformFileSync } = require('@swc/core')

const configFile = join(__dirname, '../../../../../.swcrc')
require.extensions['.ts'] = (module, file) => module._compile(transformFileSync(file, { configFile }).code, file)
require('./orphan.ts')
