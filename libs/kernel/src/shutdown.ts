import type { Logger } from './logger'

/** Something that must end before the process may. */
export interface Closeable {
  close(): Promise<void>
}

/**
 * Closes `app` on SIGINT or SIGTERM and exits; a second signal, or `graceMs` without an end, exits at once.
 * Exit codes follow the shell: 0 after a clean end, 128 + signal when cut short.
 */
export function closeOnSignals(app: Closeable, log: Logger, graceMs = 15_000): void {
  let closing = false
  const onSignal = (signal: NodeJS.Signals): void => {
    const code = 128 + (signal === 'SIGINT' ? 2 : 15)
    if (closing) process.exit(code)
    closing = true
    log.info({ signal }, 'closing')
    setTimeout(() => {
      log.error({ graceMs }, 'did not close in time')
      process.exit(code)
    }, graceMs).unref()
    app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'failed to close')
        process.exit(1)
      },
    )
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
}

/**
 * Ends this process when its parent is gone: the parent holds the other end of standard input, which the system closes
 * however the parent died (also `kill -9`, where no handler runs).
 */
export function endWithParent(onOrphaned: () => void): void {
  process.stdin.resume()
  process.stdin.once('end', onOrphaned)
  process.stdin.once('error', onOrphaned)
}
