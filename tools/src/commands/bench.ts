import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { runBench } from '../bench'
import { runColdStart } from '../bench/coldStart'
import { runPythonBench } from '../bench/python'
import { errors } from '../errors'
import { wholeNumber } from '../options'

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
