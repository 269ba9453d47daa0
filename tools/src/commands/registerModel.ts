import { reportOf } from '@lakelens/folder-validator'
import { isLakeError } from '@lakelens/kernel'
import { Command } from 'commander'
import { errors } from '../errors'
import { applicationOption, interruptible, openApi, withApiOptions, type ApiOptions } from '../options'
import { formatReport } from '../packageReport'
import { printable } from '../printable'
import { createProgressBoard } from '../progress'
import { registerPackage, type RegisterOutcome } from '../register/registerPackage'

interface Options extends ApiOptions {
  name: string
  application: string
  alias?: string
  description?: string
  license?: string
  prepare: boolean
  json: boolean
}

export const registerCommand = (): Command =>
  withApiOptions(
    new Command('register')
      .description('register a model of your own: a folder, a .tar.gz or a .tar; needs a running server')
      .argument('<path>', 'the package')
      .requiredOption('--name <name>', 'its name; one that exists gets another version')
      .requiredOption('--application <application>', 'auto_tagging, auto_annotation or embedding', applicationOption)
      .option('--alias <alias>', 'name@alias means this version from then on')
      .option('--description <text>', 'what it is, in a sentence')
      .option('--license <spdx>', 'licence of the weights, else what model.yaml says')
      .option('--prepare', 'install the requirements and start the model now, not at the first use', false)
      .option('--json', 'the outcome with its report as JSON', false),
  )
    .addHelpText(
      'after',
      `
A package that fails its checks is registered as a FAILED version with its report; correct it and run the same command
again. \`lakelens validate\` makes the same checks without a server. Packages with inference.py need the role ADMIN.

Exit codes: 0 registered; 1 refused, or failed its checks; 2 wrong usage; 130 interrupted.`,
    )
    .action(async (path: string, options: Options) => {
      await interruptible((signal) => register(path, options, signal))
    })

async function register(path: string, options: Options, signal: AbortSignal): Promise<void> {
  const api = await openApi(options)
  const board = createProgressBoard()
  const bars = {
    packing: board.add('Packing'),
    uploading: board.add('Uploading'),
    checking: board.add('Checking'),
  }
  const { name: modelName, application: of, alias, description, license, prepare } = options
  const asked = { path, modelName, application: of, alias, description, license, prepare, signal }
  let step: keyof typeof bars = 'packing'
  let outcome: RegisterOutcome
  try {
    outcome = await registerPackage(api, {
      ...asked,
      onProgress(at, fraction, note) {
        // The end of a step is told before the next begins.
        if (at !== step) bars[step].stop()
        step = at
        bars[step].update(Math.round((fraction ?? 0) * 100), fraction === null ? 0 : 100, note)
      },
    })
  } catch (error) {
    // What a folder is refused for before it is sent is a report, too.
    if (!isLakeError(error) || !error.code.startsWith('ARCHIVE_')) throw error
    outcome = { modelId: modelName, version: null, status: 'FAILED', validation: reportOf(error, 0) }
  } finally {
    board.stop()
  }
  print(outcome, options.json)
}

function print(outcome: RegisterOutcome, json: boolean): void {
  const { modelId, version, status, validation } = outcome
  const named = version === null ? modelId : `${modelId}:${version}`
  if (json) console.log(JSON.stringify(outcome, null, 2))
  else {
    if (validation) console.log(formatReport(validation, { colours: process.stdout.isTTY }))
    if (status === 'READY') console.log(printable(`${named} is ready. Use it as modelId "${modelId}".`))
  }
  if (status !== 'READY') {
    const failed = validation?.checks.filter((check) => check.outcome === 'FAILED').length ?? 0
    throw errors.MODEL_NOT_REGISTERED({ name: named, failed })
  }
}
