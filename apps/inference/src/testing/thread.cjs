// Starts an inference thread from the TypeScript sources, so that tests need no build: compiles each file as it is required.
const { join } = require('node:path')
const { transformFileSync } = require('@swc/core')

const configFile = join(__dirname, '../../../../.swcrc')
require.extensions['.ts'] = (module, file) => module._compile(transformFileSync(file, { configFile }).code, file)
require('../thread.ts')
