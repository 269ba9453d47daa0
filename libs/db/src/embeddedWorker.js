'use strict'
// Plain JavaScript, because a worker thread loads its file without the loaders of the thread that starts it: the same file
// runs from source in tests and from `dist`.

const { readFileSync } = require('node:fs')
const { parentPort, workerData } = require('node:worker_threads')
const { PGlite } = require('@electric-sql/pglite')
const { vector } = require('@electric-sql/pglite-pgvector')

/** @typedef {import('./embeddedProtocol').FromWorker} FromWorker */
/** @typedef {import('./embeddedProtocol').ToWorker} ToWorker */
/** @typedef {import('./embeddedProtocol').WorkerInput} WorkerInput */

const query = 'Q'.charCodeAt(0)
const sync = 'S'.charCodeAt(0)

/** @type {(message: FromWorker, transfer?: ArrayBuffer[]) => void} */
const post = (message, transfer) => parentPort?.postMessage(message, transfer)

/** @param {Uint8Array[]} chunks */
function concatenate(chunks) {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0))
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.byteLength
  }
  return whole
}

/**
 * The type byte of the last protocol message. A start-up packet, the only one without a type, counts as none.
 * @param {Uint8Array} bytes whole messages
 */
function lastMessageType(bytes) {
  if (bytes[0] === 0) return 0
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let type = 0
  for (let offset = 0; offset + 5 <= bytes.byteLength; offset += 1 + view.getUint32(offset + 1))
    type = bytes[offset] ?? 0
  return type
}

/**
 * @param {import('@electric-sql/pglite').PGlite} pglite
 * @param {Uint8Array} bytes
 * @param {number} connection
 */
async function execute(pglite, bytes, connection) {
  // The database hands its answer over in pieces of 8 kB that live in its own memory: copied, and sent as one.
  /** @type {Uint8Array[]} */
  const chunks = []
  const collect = (/** @type {Uint8Array} */ data) => void chunks.push(data.slice())
  await pglite.execProtocolRawStream(bytes, { syncToFs: false, onRawData: collect })
  const answer = concatenate(chunks)
  const last = lastMessageType(bytes)
  // PGlite swallows a crash of the WebAssembly instance; that no answer came is the only sign of it.
  if (answer.byteLength === 0 && (last === query || last === sync))
    throw new Error('it crashed while running a statement')
  if (answer.byteLength > 0) post({ type: 'data', connection, bytes: answer }, [answer.buffer])
}

async function main() {
  const input = /** @type {WorkerInput} */ (workerData)
  const pglite = await PGlite.create({
    dataDir: input.folder ?? 'memory://',
    extensions: { vector },
    ...(input.template === undefined ? {} : { loadDataDir: new Blob([readFileSync(input.template)]) }),
  })
  let queue = Promise.resolve()

  /** @param {ToWorker} message */
  async function handle(message) {
    if (message.type === 'data') return execute(pglite, message.bytes, message.connection)
    if (message.type === 'connect') {
      // All connections are this one session: what a broken one left open must not become part of the next one's work.
      if (pglite.isInTransaction()) await pglite.exec('rollback')
      return
    }
    if (message.type === 'dump') {
      const dump = await pglite.dumpDataDir('none')
      const bytes = new Uint8Array(await dump.arrayBuffer())
      return post({ type: 'dump', bytes }, [bytes.buffer])
    }
    await pglite.close()
    post({ type: 'closed' })
  }

  parentPort?.on('message', (/** @type {ToWorker} */ message) => {
    // A rejection here is unhandled, which ends the thread: the owner learns that the database is lost.
    queue = queue.then(() => handle(message))
  })
  post({ type: 'ready' })
}

main().catch((/** @type {unknown} */ error) => {
  post({ type: 'failed', reason: error instanceof Error ? error.message : String(error) })
})
