import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { runBench } from '../bench'
import { runColdStart } from '../bench/coldStart'
import { runLakeBench } from '../bench/lake'
import { runPythonBench } from '../bench/python'
import { errors } from '../errors'
import { interruptible, wholeNumber } from '../options'
import { createProgressBoard, type Progress } from '../progress'

interface Options {
  pictures?: string
  rounds: number
}

const fromEnvironment = (name: string): string | undefined => process.env[name] || undefined

const pythonCommand = (): Command =>
  new Command('python')
    .description('measure what a warm model with inference.py costs a picture beside its own work')
    .option('--picture <file>', 'what to measure with (default: one that is drawn)')
    .option('--rounds <n>', 'pictures measured of each', wholeNumber(1, 10_000), 200)
    .addHelpText('after', '\nNeeds python3; uses the sandbox that the inference service would.')
    .action(({ picture, rounds }: { picture?: string; rounds: number }) =>
      runPythonBench({ picture, rounds, print: (line) => console.log(line) }),
    )

const coldStartCommand = (): Command =>
  new Command('cold-start')
    .description('measure the first picture of a registered graph after the inference service has just started')
    .option('--picture <file>', 'what to measure with (default: the first of coco/images of LAKELENS_TEST_MEDIA)')
    .option('--rounds <n>', 'how often each is measured, in turns', wholeNumber(1, 100), 5)
    .addHelpText('after', '\nLAKELENS_MODELS_DIR must hold yolov8n.onnx and label_list.yaml.')
    .action(({ picture, rounds }: { picture?: string; rounds: number }) =>
      runColdStart({
        modelsDir: modelsFolder(),
        picture: picture ?? firstPicture(picturesFolder()),
        rounds,
        print: (line) => console.log(line),
      }),
    )

const lakeCommand = (): Command =>
  new Command('lake')
    .description('measure lists and a run over a made-up lake against the bare database')
    .option('--items <n>', 'pictures of the lake', wholeNumber(1_000, 10_000_000), 1_000_000)
    .option(
      '--small <n>',
      'pictures of the lake that memory is compared with; 0: no runs',
      wholeNumber(0, 1_000_000),
      10_000,
    )
    .option('--rounds <n>', 'how often each list is asked for, in turns', wholeNumber(1, 1_000), 30)
    .addHelpText(
      'after',
      `
DATABASE_URL names a real Postgres where databases may be created: each lake gets one, lakelens_bench_<n>, which is kept for
the next time. Drop them when you are done. A million pictures take some 5 GB, and a quarter of an hour the first time.`,
    )
    .action((options: { items: number; small: number; rounds: number }) =>
      interruptible((signal) => benchLake(options, signal)),
    )

async function benchLake(
  { items, small, rounds }: { items: number; small: number; rounds: number },
  signal: AbortSignal,
): Promise<void> {
  const databaseUrl = fromEnvironment('DATABASE_URL')
  if (databaseUrl === undefined) throw errors.SEED_NEEDS_POSTGRES()
  const board = createProgressBoard()
  let bar: Progress | undefined
  try {
    await runLakeBench({
      databaseUrl,
      items,
      smallItems: small,
      rounds,
      signal,
      print: (line) => console.log(line),
      onProgress(what, done, total) {
        bar ??= board.add('Lake')
        bar.update(done, total, what)
      },
    })
  } finally {
    board.stop()
  }
}

const firstPicture = (folder: string): string => join(folder, readdirSync(folder).sort()[0] ?? '')

function picturesFolder(): string {
  const media = fromEnvironment('LAKELENS_TEST_MEDIA')
  if (media) return join(media, 'coco', 'images')
  throw errors.OPTION_INVALID({ option: '--pictures', reason: 'name pictures, or set LAKELENS_TEST_MEDIA.' })
}

function modelsFolder(): string {
  const folder = fromEnvironment('LAKELENS_MODELS_DIR')
  if (folder) return folder
  throw errors.OPTION_INVALID({
    option: 'LAKELENS_MODELS_DIR',
    reason: 'set it to a folder with the weights to measure.',
  })
}

export const benchCommand = (): Command =>
  new Command('bench')
    .enablePositionalOptions()
    .addCommand(coldStartCommand())
    .addCommand(lakeCommand())
    .addCommand(pythonCommand())
    .description('measure autoTag and embeddings against a bare loop over the same pictures, in the same run')
    .option('--pictures <folder>', 'what to measure with (default: coco/images of LAKELENS_TEST_MEDIA)')
    .option('--rounds <n>', 'how often each is measured, in turns', wholeNumber(1, 100), 5)
    .addHelpText(
      'after',
      `
Starts a gateway of its own on free ports, with a temporary folder. LAKELENS_MODELS_DIR must hold yolov8n and mobilenetv2;
DATABASE_URL measures with that Postgres (it gets collections of its own there), else the embedded database is used.`,
    )
    .action((options: Options) =>
      runBench({
        modelsDir: modelsFolder(),
        pictures: options.pictures ?? picturesFolder(),
        rounds: options.rounds,
        databaseUrl: fromEnvironment('DATABASE_URL'),
        print: (line) => console.log(line),
      }),
    )
