import { createWriteStream } from 'node:fs'
import { errors } from '../errors'

/** Writes refusals as they come, one JSON object a line: a million of them take no memory. */
export function openReport(file: string): { write(entry: object): void; close(): Promise<void> } {
  const out = createWriteStream(file)
  let failure: Error | undefined
  out.on('error', (error) => (failure = error))
  return {
    write: (entry) => void out.write(`${JSON.stringify(entry)}\n`),
    close: () =>
      new Promise((resolve, reject) => {
        const done = (): void =>
          failure ? reject(errors.OPTION_INVALID({ option: '--report', reason: failure.message })) : resolve()
        if (failure) done()
        else out.end(done).once('error', done)
      }),
  }
}
