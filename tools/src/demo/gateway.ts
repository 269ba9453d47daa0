import { createLogger, type LakeError } from '@lakelens/kernel'
import { errors } from '../errors'
import { obtainModels } from './obtainModels'
import { apiAddress, defaultUrl, type ApiAddress } from '../settings'

export interface DemoGateway {
  address: ApiAddress
  /** Set when this process runs it. */
  close: (() => Promise<void>) | undefined
  /** Why default models can't be had; empty also where another process runs it, which will say so itself. */
  missing: LakeError[]
}

/** The gateway named by option or environment; else the one that listens where `npm start` would; else one of our own. */
export async function findOrStartGateway(options: {
  url?: string
  key?: string
  signal: AbortSignal
}): Promise<DemoGateway> {
  const named = options.url ?? process.env['LAKELENS_URL']
  if (named) {
    const address = await apiAddress(options)
    if (!(await answers(address.url)))
      throw errors.API_UNREACHABLE({ url: address.url, reason: 'no answer from /health/live' })
    return { address, close: undefined, missing: [] }
  }
  const usual = process.env['PORT'] ? `http://127.0.0.1:${process.env['PORT']}` : defaultUrl
  if (await answers(usual)) {
    return { address: await apiAddress({ ...options, url: usual }), close: undefined, missing: [] }
  }

  const { greeting, loadConfig, startGateway } = await import('@lakelens/gateway')
  const config = loadConfig(process.env)
  const missing = await obtainModels(config.models, options.signal)
  // The log shares the terminal with the progress bars, and what fails is told by the jobs: it is shown when asked for.
  const isLogged = Boolean(process.env['LAKELENS_LOG_LEVEL'])
  const log = createLogger('gateway', isLogged ? config.logLevel : 'fatal')
  const onInferenceLine = (line: string): void => {
    if (isLogged || !/"level":(10|20|30|40),/.test(line)) process.stderr.write(`${line}\n`)
  }
  const onLost = (error: Error): void => {
    console.error(error.message)
    process.exit(1)
  }
  const gateway = await startGateway(config, log, { onInferenceLine, onLost })
  console.log(`${greeting(config, gateway)}\n`)
  try {
    return { address: await apiAddress({ ...options, url: gateway.url }), close: () => gateway.close(), missing }
  } catch (error) {
    await gateway.close()
    throw error
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(2_000) })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false
  }
}
