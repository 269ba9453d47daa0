import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { messageOf } from '@lakelens/kernel'
import type { FromWorker, ToWorker, WorkerInput } from './embeddedProtocol'
import { EmbeddedStream } from './embeddedStream'
import { databaseErrors } from './errors'

/** The embedded database in its thread, off the caller's event loop: a statement that takes a second blocks nothing else. */
export interface EmbeddedThread {
  /** A connection as the driver wants it: the wire protocol over messages instead of a socket. */
  connect(): EmbeddedStream
  /** The whole database as a tar archive. */
  dump(): Promise<Uint8Array>
  close(): Promise<void>
  /** For tests: breaks the connection, and kills the thread. */
  dropConnection(error: Error): void
  terminate(): void
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  // Who waits gets the rejection; when nobody waits any more, it is no crash.
  promise.catch(() => undefined)
  return { promise, resolve, reject }
}

/** `onLost` is called once when the thread dies unasked; every statement from then on rejects with the same error. */
export async function startEmbeddedThread(input: WorkerInput, onLost: (error: Error) => void): Promise<EmbeddedThread> {
  // `execArgv: []`: loaders and inspectors of this process are not the thread's.
  const worker = new Worker(join(__dirname, 'embeddedWorker.js'), { workerData: input, execArgv: [] })
  const send = (message: ToWorker, transfer: ArrayBuffer[] = []): void => worker.postMessage(message, transfer)
  const ready = deferred<void>()
  const closed = deferred<void>()
  const dumped = deferred<Uint8Array>()
  let state: 'starting' | 'running' | 'closing' = 'starting'
  let lost: Error | undefined
  let connections = 0
  let current: EmbeddedStream | undefined

  const end = (reason: string): void => {
    if (lost) return
    lost = databaseErrors.DATABASE_LOST({ reason })
    ready.reject(new Error(reason))
    dumped.reject(lost)
    closed.resolve()
    if (state === 'running') {
      current?.destroy(lost)
      onLost(lost)
    }
  }
  worker.on('error', (error) => end(messageOf(error)))
  worker.on('exit', (code) => end(`its thread ended with code ${code}`))
  worker.on('message', (message: FromWorker) => {
    if (message.type === 'data') {
      if (message.connection === connections) current?.receive(message.bytes)
    } else if (message.type === 'ready') ready.resolve()
    else if (message.type === 'failed') ready.reject(new Error(message.reason))
    else if (message.type === 'dump') dumped.resolve(message.bytes)
    else closed.resolve()
  })

  try {
    await ready.promise
    state = 'running'
  } catch (error) {
    await worker.terminate()
    throw error
  }
  return {
    connect() {
      const connection = ++connections
      current = new EmbeddedStream({
        lost: () => lost,
        connect: () => send({ type: 'connect' }),
        send: (bytes) => send({ type: 'data', connection, bytes }, [bytes.buffer]),
      })
      return current
    },
    dump() {
      send({ type: 'dump' })
      return dumped.promise
    },
    dropConnection: (error) => void current?.destroy(error),
    terminate: () => void worker.terminate(),
    async close() {
      state = 'closing'
      if (!lost) send({ type: 'close' })
      await closed.promise
      await worker.terminate()
    },
  }
}
