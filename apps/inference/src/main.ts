import { closeOnSignals, createLogger, endWithParent, messageOf } from '@lakelens/kernel'
import { type InferenceConfig, loadConfig } from './config'
import { type InferenceService, startInference } from './server'

async function main(): Promise<void> {
  const config = loadConfig(process.env)
  const log = createLogger('inference', config.logLevel)
  // Decoding and model files share libuv's threads. They are counted at their first use, which is in startInference.
  process.env['UV_THREADPOOL_SIZE'] ??= String(Math.max(4, config.threads * 2 + 2))
  const service = await startInference(config, log).catch((error: unknown) => refuse(config, error))
  const close = (): Promise<void> => service.close()
  closeOnSignals({ close }, log)
  if (config.endWithParent) endWithParent(() => void close().finally(() => process.exit(0)))
  process.stdout.write(`${JSON.stringify({ listening: service.address })}\n`)
}

function refuse({ host, port }: InferenceConfig, error: unknown): InferenceService {
  if (!messageOf(error).includes('EADDRINUSE')) throw error
  process.stderr.write(
    `Port ${port} of ${host} is taken. Set INFERENCE_PORT to a free one, or INFERENCE_URL to an inference service that already runs there.\n`,
  )
  process.exit(2)
}

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exit(1)
})
