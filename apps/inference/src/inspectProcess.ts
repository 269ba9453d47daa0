import { isLakeError, messageOf } from '@lakelens/kernel'
import type { InspectReply } from './inspectModel'
import { createSessions } from './sessions'
import type { OpenModel } from './threadProtocol'

// The process of `inspectModel`: takes one model, answers once, and is ended by whoever asked.
async function inspect(model: OpenModel): Promise<InspectReply> {
  try {
    return { opened: await createSessions().open(model) }
  } catch (error) {
    if (!isLakeError(error))
      return { error: { code: 'INTERNAL', category: 'INTERNAL', message: messageOf(error), facts: {} } }
    const { code, category, message, facts } = error
    return { error: { code, category, message, facts } }
  }
}

process.once('message', (model: OpenModel) => void inspect(model).then((reply) => process.send?.(reply)))
process.once('disconnect', () => process.exit())
