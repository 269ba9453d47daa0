// An inference thread that ends the first `crashes` times any thread is given a picture, as one would whose memory ran out.
const { parentPort, workerData } = require('node:worker_threads')

const crashes = new Int32Array(workerData)
parentPort.on('message', ({ kind }) => {
  if (kind === 'run' && Atomics.sub(crashes, 0, 1) > 0) process.exit(3)
})
require('./thread.cjs')
