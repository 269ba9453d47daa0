import { EnvironmentError, isLakeError, messageOf } from '@lakelens/kernel'
import { Command, CommanderError } from 'commander'
import { benchCommand } from './commands/bench'
import { demoCommand } from './commands/demo'
import { importCommand } from './commands/import'
import { keysCommand } from './commands/keys'
import { migrateCommand } from './commands/migrate'
import { modelsCommand } from './commands/models'
import { seedCommand } from './commands/seed'
import { startCommand } from './commands/start'
import { validateCommand } from './commands/validate'
import { Interrupted } from './options'
import { describeError } from './printable'

/** The whole command line. Errors are thrown: `run` turns them into messages and exit codes. */
export function createProgram(): Command {
  const program = new Command('lakelens')
    .description('LakeLens: tags, boxes and vectors for a lake of pictures, over GraphQL.')
    // An option behind a sub-command is the sub-command's: `bench python --rounds 5`.
    .enablePositionalOptions()
    .showHelpAfterError('(add --help for the options)')
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 wrong usage or environment, 130 interrupted.')
  for (const command of [
    startCommand(),
    demoCommand(),
    importCommand(),
    validateCommand(),
    modelsCommand(),
    keysCommand(),
    migrateCommand(),
    benchCommand(),
    seedCommand(),
  ]) {
    program.addCommand(command)
  }
  for (const command of allCommands(program)) command.exitOverride()
  return program
}

const allCommands = (command: Command): Command[] => [command, ...command.commands.flatMap(allCommands)]

/** Runs one command line and returns its exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(argv)
    return 0
  } catch (error) {
    return report(error)
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2 // commander has printed it
  if (error instanceof Interrupted) {
    console.error(error.message)
    return error.exitCode
  }
  if (error instanceof EnvironmentError) {
    console.error(error.message)
    return 2
  }
  const faults = error instanceof AggregateError ? error.errors : [error]
  if (faults.every(isLakeError)) {
    for (const fault of faults) console.error(describeError(fault))
    return 1
  }
  // Not foreseen, so a fault of ours: whoever reports it needs the stack.
  console.error(error instanceof Error ? (error.stack ?? messageOf(error)) : error)
  return 1
}
