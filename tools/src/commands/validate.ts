import {
  extractArchive,
  openFolder,
  reportOf,
  validatePackage,
  type OpenedPackage,
  type OpenGraph,
  type Report,
  type ValidateOptions,
} from '@lakelens/folder-validator'
import { defineErrors, isLakeError } from '@lakelens/kernel'
import { Command } from 'commander'
import { createReadStream } from 'node:fs'
import { mkdtemp, realpath, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { applicationOption, interruptible } from '../options'
import { formatReport } from '../packageReport'
import { createProgressBoard } from '../progress'

const errors = defineErrors('cli-validate', {
  PACKAGE_NOT_USABLE: [
    'MODEL_PACKAGE_INVALID',
    (d: { path: string; failed: number }) =>
      `${d.path} fails ${d.failed === 1 ? 'one check' : `${d.failed} checks`}. Correct what is marked above and try again.`,
  ],
})

interface Options {
  application: ValidateOptions['application']
  json: boolean
}

/** Opens the graph with the runtime that will run it. Loaded when it is needed: most of it is no concern of a command line. */
const openGraphHere =
  (signal: AbortSignal): OpenGraph =>
  async (file, model) =>
    (await import('@lakelens/inference')).inspectModel(file, model, { signal })

/** `lakelens validate`: what registering would say, without a server. `openGraph` is given by tests, which run from source. */
export function validateCommand(openGraph: (signal: AbortSignal) => OpenGraph = openGraphHere): Command {
  const command = new Command('validate')
    .description('check a model package of your own, as registering it would; needs no running server')
    .argument('<path>', 'the package: a folder, a .tar.gz or a .tar')
    .requiredOption('--application <application>', 'auto_tagging, auto_annotation or embedding', applicationOption)
    .option('--json', 'the report as JSON', false)
    .addHelpText(
      'after',
      `
inference.py is read and never run; an ONNX graph is opened and answers a grey picture, in a process of its own.

Exit codes: 0 the package is good; 1 a check failed; 2 wrong usage; 130 interrupted.`,
    )
    .action(async (given: string, { application, json }: Options) => {
      const isFolder = await kindOf(given, command)
      const report = await interruptible((signal) => validate(given, isFolder, { application, signal }, openGraph))
      console.log(json ? JSON.stringify(report, null, 2) : formatReport(report, { colours: process.stdout.isTTY }))
      const failed = report.checks.filter(({ outcome }) => outcome === 'FAILED').length
      if (!report.ok) throw errors.PACKAGE_NOT_USABLE({ path: given, failed })
    })
  return command
}

async function kindOf(given: string, command: Command): Promise<boolean> {
  try {
    const stats = await stat(given)
    if (stats.isDirectory() || stats.isFile()) return stats.isDirectory()
  } catch (error) {
    return command.error(`${given} can't be read (${(error as NodeJS.ErrnoException).code}).`, { exitCode: 2 })
  }
  return command.error(`${given} is neither a folder nor a file.`, { exitCode: 2 })
}

async function validate(
  given: string,
  isFolder: boolean,
  options: { application: ValidateOptions['application']; signal: AbortSignal },
  openGraph: (signal: AbortSignal) => OpenGraph,
): Promise<Report> {
  const { signal } = options
  // Resolved: on some systems the folder for temporary files is a link.
  const scratch = await mkdtemp(path.join(await realpath(tmpdir()), 'lakelens-validate-'))
  const started = performance.now()
  try {
    const opened = isFolder ? await openFolder(given, { signal }) : await unpack(given, scratch, signal)
    return (await validatePackage(opened, { ...options, openGraph: openGraph(signal) })).report
  } catch (error) {
    if (isLakeError(error) && error.code.startsWith('ARCHIVE_')) return reportOf(error, performance.now() - started)
    throw error
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function unpack(given: string, scratch: string, signal: AbortSignal): Promise<OpenedPackage> {
  const { size } = await stat(given)
  const board = createProgressBoard()
  const progress = board.add('Unpacking')
  const kilobytes = (bytes: number): number => Math.round(bytes / 1000)
  try {
    return await extractArchive(createReadStream(given, { highWaterMark: 256 * 1024 }), path.join(scratch, 'package'), {
      signal,
      // A small one is unpacked before anybody could read of it.
      onProgress: ({ readBytes }) => size > 50e6 && progress.update(kilobytes(readBytes), kilobytes(size), 'kB'),
    })
  } finally {
    progress.stop()
    board.stop()
  }
}
