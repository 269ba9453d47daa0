import { Router } from 'express'

export type Check = () => Promise<boolean>

/**
 * `/health/live`: the process answers. `/health/ready`: send it work. What is not ready is named, why it is not is for
 * the log alone: these addresses need no key.
 */
export function healthRouter(checks: Readonly<Record<string, Check>>, isClosing: () => boolean): Router {
  const router = Router()
  router.get('/live', (_request, response) => void response.json({ status: 'ok' }))
  router.get('/ready', async (_request, response) => {
    const results = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await passes(check)] as const),
    )
    const ready = !isClosing() && results.every(([, passed]) => passed)
    response
      .status(ready ? 200 : 503)
      .json({ status: ready ? 'ok' : 'unavailable', checks: Object.fromEntries(results) })
  })
  return router
}

const checkMs = 2_000

async function passes(check: Check): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), checkMs)))
  try {
    return await Promise.race([check(), late])
  } catch {
    return false
  } finally {
    clearTimeout(timer)
  }
}
