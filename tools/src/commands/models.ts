import { defineErrors, isLakeError, parseEnvironment, type LakeError } from '@lakelens/kernel'
import {
  fetchModelFile,
  listModelFiles,
  modelSettings,
  modelVariables,
  verifyModelFiles,
  type ModelFile,
  type ModelSettings,
} from '@lakelens/metalake'
import { Command } from 'commander'
import { interruptible } from '../options'
import { printable, table } from '../printable'
import { createProgressBoard } from '../progress'
import { registerCommand } from './registerModel'

const errors = defineErrors('cli-models', {
  MODEL_FILES_WRONG: [
    'MODEL_UNAVAILABLE',
    (d: { wrong: number; seen: number }) =>
      `${d.wrong} of ${d.seen} model files are not what they should be. Each is named above with its reason.`,
  ],
})

/** `lakelens models`: files alone, with no server and no database; only `register` speaks to the API. */
export const modelsCommand = (): Command =>
  new Command('models')
    .description('list, fetch and verify the files of models, and register your own')
    .addCommand(listCommand())
    .addCommand(fetchCommand())
    .addCommand(verifyCommand())
    .addCommand(registerCommand())

const readSettings = (): ModelSettings => modelSettings(parseEnvironment(modelVariables, process.env))

const listCommand = (): Command =>
  new Command('list')
    .description(
      'every model: application, licence, where its file was found, size, and whether its address was ever fetched from',
    )
    .option('--json', 'one JSON array instead of a table', false)
    .action(async ({ json }: { json: boolean }) => {
      const settings = readSettings()
      const files = await listModelFiles(settings)
      if (json)
        return console.log(
          JSON.stringify(
            files.map(({ fault, ...file }) => ({ ...file, fault: fault?.message ?? null })),
            null,
            2,
          ),
        )
      console.log(table(['name', 'application', 'licence', 'found in', 'size', 'address'], files.map(cells)))
      for (const { fault } of files) if (fault) console.log(`\n${printable(fault.message)}`)
      const { AUTO_TAGGING, EMBEDDING } = settings.defaults
      console.log()
      console.log(printable(`Defaults: ${AUTO_TAGGING} for tagging, ${EMBEDDING} for embeddings.`))
    })

const places = {
  MODELS_DIR: 'LAKELENS_MODELS_DIR',
  DATA: 'LAKELENS_DATA/models',
  BUNDLED: 'LakeLens itself',
} as const satisfies Record<NonNullable<ModelFile['place']>, string>

const cells = (file: ModelFile): string[] => [
  file.name,
  file.application,
  file.license ?? 'not stated',
  file.place === null ? '-' : places[file.place],
  megabytes(file.byteSize),
  file.addressVerified === null ? 'none' : file.addressVerified ? 'verified' : 'unverified',
]

const megabytes = (bytes: number | null): string => (bytes === null ? '?' : `${(bytes / 1e6).toFixed(1)} MB`)

const fetchCommand = (): Command =>
  new Command('fetch')
    .description("fetch publishers' files into LAKELENS_DATA/models, going on where an earlier fetch stopped")
    .argument('<names...>', 'as `lakelens models list` shows them')
    .action((names: string[]) => interruptible((signal) => fetchAll(readSettings(), names, signal)))

/** To the end: one that can't be had doesn't keep the others from being fetched. The last failure is the command's. */
async function fetchAll(settings: ModelSettings, names: readonly string[], signal: AbortSignal): Promise<void> {
  const failures: LakeError[] = []
  for (const name of names) {
    try {
      await fetchOne(settings, name, signal)
    } catch (error) {
      if (!isLakeError(error)) throw error
      failures.push(error)
    }
  }
  const last = failures.pop()
  for (const failure of failures) console.error(`${printable(failure.message)} [${failure.code}]`)
  if (last) throw last
}

async function fetchOne(settings: ModelSettings, name: string, signal: AbortSignal): Promise<void> {
  const model = (await listModelFiles(settings)).find((file) => file.name.toLowerCase() === name.toLowerCase())
  if (model)
    console.log(
      printable(
        `${model.name}: licence ${model.license ?? 'not stated'}; ${model.place ? 'its file is here' : (model.address ?? 'no address')}`,
      ),
    )
  const board = createProgressBoard()
  const progress = board.add(name)
  try {
    const { path, fetched } = await fetchModelFile(settings, name, {
      signal,
      // In kilobytes: the bar shows the numbers as they are.
      onProgress: ({ receivedBytes, totalBytes }) =>
        progress.update(kilobytes(receivedBytes), kilobytes(totalBytes ?? receivedBytes), 'kB'),
    })
    progress.stop()
    board.stop()
    console.log(printable(fetched ? `fetched to ${path}` : `verified at ${path}`))
  } finally {
    progress.stop()
    board.stop()
  }
}

const kilobytes = (bytes: number): number => Math.round(bytes / 1000)

const verifyCommand = (): Command =>
  new Command('verify')
    .description('compute the digest of every model file that is here; fails when one is not what it should be')
    .action(() => interruptible((signal) => verify(readSettings(), signal)))

async function verify(settings: ModelSettings, signal: AbortSignal): Promise<void> {
  let seen = 0
  let wrong = 0
  for await (const { name, path, sha256, fault } of verifyModelFiles(settings, signal)) {
    seen++
    if (fault) wrong++
    console.log(printable(fault ? `WRONG ${name}: ${fault.message}` : `ok ${sha256} ${name} ${path}`))
  }
  if (wrong > 0) throw errors.MODEL_FILES_WRONG({ wrong, seen })
  if (seen === 0) console.log('No model file is here. Fetch one with `lakelens models fetch <name>`.')
}
