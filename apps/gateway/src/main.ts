import { EnvironmentError, isLakeError, messageOf } from '@lakelens/kernel'
import { runGateway } from './runGateway'

runGateway(process.env).catch((error: unknown) => {
  // Foreseen faults are for whoever starts it: a stack says nothing to them.
  const foreseen = error instanceof EnvironmentError || isLakeError(error)
  process.stderr.write(`${foreseen || !(error instanceof Error) ? messageOf(error) : error.stack}\n`)
  process.exit(1)
})
