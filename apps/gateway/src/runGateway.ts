import { closeOnSignals, createLogger } from '@lakelens/kernel'
import { loadConfig } from './config'
import { startGateway } from './gateway'
import { greeting } from './greeting'

const closeWithinMs = 10_000

/** The gateway as a program: it greets on standard output, runs until a signal, and ends the process when its database is lost. */
export async function runGateway(environment: NodeJS.ProcessEnv): Promise<void> {
  const config = loadConfig(environment)
  const log = createLogger('gateway', config.logLevel)
  const onLost = (error: Error): void => {
    log.fatal({ err: error }, 'the database is lost')
    process.exit(1)
  }
  const gateway = await startGateway(config, log, { onLost })
  closeOnSignals(gateway, log, closeWithinMs)
  process.stdout.write(`${greeting(config, gateway)}\n`)
  if (config.readyLine) process.stdout.write(`${JSON.stringify({ ready: gateway.url })}\n`)
}
