import { closeOnSignals, createLogger, EnvironmentError, isLakeError, messageOf } from '@lakelens/kernel'
import { loadConfig } from './config'
import { startGateway } from './gateway'
import { greeting } from './greeting'

async function main(): Promise<void> {
  const config = loadConfig(process.env)
  const log = createLogger('gateway', config.logLevel)
  const onLost = (error: Error): void => {
    log.fatal({ err: error }, 'the database is lost')
    process.exit(1)
  }
  const gateway = await startGateway(config, log, { onLost })
  closeOnSignals(gateway, log, 10_000)
  process.stdout.write(`${greeting(config, gateway)}\n`)
  if (config.readyLine) process.stdout.write(`${JSON.stringify({ ready: gateway.url })}\n`)
}

main().catch((error: unknown) => {
  // Foreseen faults are for whoever starts it: a stack says nothing to them.
  const foreseen = error instanceof EnvironmentError || isLakeError(error)
  process.stderr.write(`${foreseen || !(error instanceof Error) ? messageOf(error) : error.stack}\n`)
  process.exit(1)
})
