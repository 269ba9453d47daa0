import { closeOnSignals, createLogger } from '@lakelens/kernel'
import { Command } from 'commander'

export const startCommand = (): Command =>
  new Command('start')
    .description('run the gateway and, unless INFERENCE_URL names others, an inference process beside it')
    .addHelpText(
      'after',
      `
Settings come from the environment: PORT (4000), HOST (127.0.0.1), LAKELENS_DATA (.lakelens), DATABASE_URL (none: an
embedded database), LAKELENS_MODELS_DIR, LAKELENS_AUTH, ...; README.md lists them all. Ctrl-C ends everything.`,
    )
    .action(async () => {
      const { greeting, loadConfig, startGateway } = await import('@lakelens/gateway')
      const config = loadConfig(process.env)
      const log = createLogger('gateway', config.logLevel)
      const onLost = (error: Error): void => {
        log.fatal({ err: error }, 'the database is lost')
        process.exit(1)
      }
      const gateway = await startGateway(config, log, { onLost })
      closeOnSignals(gateway, log, 10_000)
      console.log(greeting(config, gateway))
      if (config.readyLine) console.log(JSON.stringify({ ready: gateway.url }))
    })
