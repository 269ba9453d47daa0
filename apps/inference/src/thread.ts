import { parentPort } from 'node:worker_threads'
import { isLakeError, messageOf } from '@lakelens/kernel'
import { createSessions } from './sessions'
import { type ErrorRecord, type ThreadReplies, type ThreadReply, type ThreadRequest, endThread } from './threadProtocol'

const sessions = createSessions()

function perform(request: ThreadRequest): Promise<ThreadReplies[keyof ThreadReplies]> {
  switch (request.kind) {
    case 'warmUp':
      return sessions.warmUp() as Promise<undefined>
    case 'open':
      return sessions.open(request.model)
    case 'close':
      return sessions.close(request.key) as Promise<undefined>
    case 'run':
      return sessions.run(request.run)
  }
}

const errorRecord = (error: unknown): ErrorRecord =>
  isLakeError(error)
    ? { code: error.code, category: error.category, message: error.message, facts: error.facts }
    : { code: 'INTERNAL', category: 'INTERNAL', message: messageOf(error), facts: {} }

async function answer(request: ThreadRequest): Promise<void> {
  let reply: ThreadReply
  try {
    reply = { id: request.id, value: await perform(request) }
  } catch (error) {
    reply = { id: request.id, error: errorRecord(error) }
  }
  parentPort?.postMessage(reply)
}

// Strictly in the order asked: a model is open before it is run, and idle before it is closed.
let last = Promise.resolve()
parentPort?.on('message', (request: ThreadRequest | typeof endThread) => {
  last = last.then(() => (request === endThread ? parentPort?.close() : answer(request)))
})
