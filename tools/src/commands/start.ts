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
      const { runGateway } = await import('@lakelens/gateway')
      await runGateway(process.env)
    })
