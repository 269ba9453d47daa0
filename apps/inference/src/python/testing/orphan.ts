import { silentLogger } from '@lakelens/kernel'
import { confinedRunner } from '../confined'
import { findInterpreter } from '../interpreter'
import { startProcess } from '../process'
import { findSandbox } from '../sandbox'
import { testSettings } from './settings'

async function main(root: string, useSandbox: boolean): Promise<void> {
  const settings = testSettings({ useSandbox })
  const interpreter = await findInterpreter(settings)
  if ('missing' in interpreter) throw new Error(interpreter.missing)
  const sandbox = await findSandbox(settings, interpreter)
  const python = { input: 'npy', timeoutMs: 60_000, memoryMiB: 128, concurrency: 1 } as const
  const process = await startProcess({
    sandbox,
    confined: confinedRunner({ sandbox, interpreter, root, environment: null }, python),
    memoryMiB: 128,
    startWithinMs: 20_000,
    answerWithinMs: 60_000,
    log: silentLogger(),
  })
  // It never answers: what is in hand must not keep it alive either.
  process.ask('x', new Uint8Array()).catch(() => undefined)
  globalThis.process.stdout.write(`${sandbox.kind}\n`)
}

void main(process.argv[2]!, process.argv[3] === 'sandboxed')
