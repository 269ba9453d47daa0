import { InvalidArgumentError, type Command } from 'commander'
import { createApi, type Api } from './api'
import { apiAddress, defaultUrl } from './settings'

export interface ApiOptions {
  url?: string
  key?: string
}

/** Gives a command the two options every command that speaks to the API has. */
export const withApiOptions = (command: Command): Command =>
  command
    .option('--url <address>', `the API (default: LAKELENS_URL, else ${defaultUrl})`)
    .option(
      '--key <key.secret>',
      'API key and secret (default: LAKELENS_KEY, else LAKELENS_DATA/admin-key for a local API)',
    )

export const openApi = async (options: ApiOptions): Promise<Api> => createApi(await apiAddress(options))

/** A whole number in a range, as an option's argument. */
export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`)
    }
    return value
  }

const applications: Readonly<Record<string, 'AUTO_TAGGING' | 'AUTO_ANNOTATION' | 'EMBEDDING'>> = {
  auto_tagging: 'AUTO_TAGGING',
  autotagging: 'AUTO_TAGGING',
  auto_annotation: 'AUTO_ANNOTATION',
  embedding: 'EMBEDDING',
}

/** What a model is for, as an option's argument: `auto_tagging`, `autotagging`, ..., in any case, with `-` or `_`. */
export function applicationOption(text: string): 'AUTO_TAGGING' | 'AUTO_ANNOTATION' | 'EMBEDDING' {
  const found = applications[text.toLowerCase().replace(/-/g, '_')]
  if (found === undefined) throw new InvalidArgumentError('Expected auto_tagging, auto_annotation or embedding.')
  return found
}

/** Thrown by whatever was interrupted; the command ends with the shell's code for it. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  constructor(readonly exitCode: number) {
    super('Interrupted.')
  }
}

/**
 * Runs `work` with a signal that the first Ctrl-C aborts; a second one ends the process at once, for work that doesn't
 * listen.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const onSignal = (signal: NodeJS.Signals): void => {
    const code = signal === 'SIGINT' ? 130 : 143
    if (controller.signal.aborted) process.exit(code)
    controller.abort(new Interrupted(code))
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  try {
    return await work(controller.signal)
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}
