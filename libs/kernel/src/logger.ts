import { pino, type Logger } from 'pino'

export type { Logger }

/** Structured log lines on standard error: standard output belongs to what a command prints. */
export function createLogger(name: string, level = 'info'): Logger {
  return pino(
    {
      name,
      level,
      base: { name, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['headers.authorization', 'secret', 'url.query'],
    },
    pino.destination({ fd: 2, sync: true }),
  )
}

/** For tests and for commands that print for people. */
export const silentLogger = (): Logger => pino({ level: 'silent' })
