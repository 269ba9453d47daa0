import { relative } from 'node:path'
import { Command, Option } from 'commander'
import { importFolder, type ImportSummary, type Refusal } from '../import/importFolder'
import { readMetadataFiles } from '../import/metadataFile'
import { openReport } from '../import/report'
import { countFiles } from '../import/walk'
import { interruptible, Interrupted, openApi, wholeNumber, withApiOptions, type ApiOptions } from '../options'
import { printable } from '../printable'
import { createProgressBoard } from '../progress'

interface Options extends ApiOptions {
  collection: string
  type?: 'image' | 'video'
  recursive: boolean
  metadata: string[]
  tag: string[]
  concurrency: number
  report?: string
}

const listedRefusals = 50
const collect = (text: string, before: string[]): string[] => [...before, text]

export const importCommand = (): Command =>
  withApiOptions(
    new Command('import')
      .description('upload the pictures or videos of a folder into a collection')
      .argument('<folder>', 'the folder')
      .requiredOption('--collection <name>', 'the collection; made when there is none of that name')
      .addOption(
        new Option('--type <type>', 'what a new collection holds; by the first files unless given').choices([
          'image',
          'video',
        ]),
      )
      .option(
        '--metadata <file>',
        'JSON for the new items: an object, or a list of {"file", "metadata"}; repeatable',
        collect,
        [],
      )
      .option('--tag <tag>', 'a custom tag for the new items; repeatable', collect, [])
      .option('--recursive', 'with its sub-folders: a/b.jpg becomes the item a_b.jpg', false)
      .option('--concurrency <n>', 'uploads at once', wholeNumber(1, 32), 4)
      .option('--report <file>', 'write every refused file and the summary to this file, one JSON object a line'),
  )
    .addHelpText(
      'after',
      `
Every file is tried, whatever its name: the server decides by the bytes what it is. A collection holds
pictures or videos, and refuses the other kind file by file. Names that begin with a dot are
skipped. What the collection holds already under the same name with the same bytes isn't sent again, so an interrupted
import goes on when the same command is run again.

Exit codes: 0 the folder is in, but for the refused files listed at the end; 1 it stopped before the end;
2 wrong usage; 130 interrupted.`,
    )
    .action(async (folder: string, options: Options) => {
      await interruptible((signal) => runImport(folder, options, signal))
    })

async function runImport(folder: string, options: Options, signal: AbortSignal): Promise<void> {
  const metadata = await readMetadataFiles(options.metadata)
  const total = await countFiles(folder, options.recursive)
  const api = await openApi(options)
  const board = createProgressBoard()
  const bar = board.add('Importing')
  const report = options.report === undefined ? undefined : openReport(options.report)
  const refusals: Refusal[] = []
  let latest: ImportSummary | undefined
  try {
    const summary = await importFolder(api, {
      ...options,
      type: options.type === undefined ? undefined : options.type === 'video' ? 'VIDEO' : 'IMAGE',
      metadata,
      tags: options.tag,
      folder,
      signal,
      onProgress(progress) {
        latest = { ...progress }
        bar.update(progress.seen, total, progress.refused > 0 ? `${progress.refused} refused` : '')
      },
      onRefusal(refusal) {
        if (refusals.length < listedRefusals) refusals.push(refusal)
        report?.write({ refused: refusal })
      },
    })
    board.stop()
    report?.write({ summary })
    print(options, folder, summary, refusals)
    printUnused(metadata.unused())
  } catch (error) {
    board.stop()
    if (error instanceof Interrupted || latest) {
      const held = latest ? latest.added + latest.present : 0
      console.error(`${held} of ${total} files are in ${options.collection}. Run the same command again to go on.`)
    }
    throw error
  } finally {
    await report?.close()
  }
}

function printUnused(names: readonly string[]): void {
  if (names.length === 0) return
  const listed = names.slice(0, 5).join(', ')
  console.log(printable(`Metadata of ${names.length} without a new file: ${listed}${names.length > 5 ? ', …' : ''}`))
}

function print(options: Options, folder: string, summary: ImportSummary, refusals: Refusal[]): void {
  const { added, present, refused, dotFiles, others } = summary
  console.log(printable(`${options.collection}: ${added} added, ${present} there already, ${refused} refused.`))
  if (dotFiles > 0) console.log(`Skipped ${dotFiles} name${dotFiles === 1 ? '' : 's'} beginning with a dot.`)
  if (others > 0)
    console.log(
      `Skipped ${others} that ${others === 1 ? 'is not a file' : 'are not files'} (sub-folders need --recursive).`,
    )
  for (const refusal of refusals)
    console.log(printable(`  ${relative(folder, refusal.file)}: ${refusal.message} [${refusal.code}]`))
  if (refused > refusals.length) console.log(`  and ${refused - refusals.length} more; --report FILE lists them all.`)
}
