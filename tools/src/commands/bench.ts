import { join } from 'node:path'
import { Command } from 'commander'
import { runBench } from '../bench'
import { errors } from '../errors'
import { wholeNumber } from '../options'

interface Options {
  pictures?: string
  rounds: number
}

const fromEnvironment = (name: string): string | undefined => process.env[name] || undefined

export const benchCommand = (): Command =>
  new Command('bench')
    .description('measure autoTag and embeddings against a bare loop over the same pictures, in the same run')
    .option('--pictures <folder>', 'what to measure with (default: coco/images of LAKELENS_TEST_MEDIA)')
    .option('--rounds <n>', 'how often each is measured, in turns', wholeNumber(1, 100), 5)
    .addHelpText(
      'after',
      `
Starts a gateway of its own on free ports, with a temporary folder. LAKELENS_MODELS_DIR must hold yolov8n and mobilenetv2;
DATABASE_URL measures with that Postgres (it gets collections of its own there), else the embedded database is used.`,
    )
    .action(async (options: Options) => {
      const media = fromEnvironment('LAKELENS_TEST_MEDIA')
      const pictures = options.pictures ?? (media && join(media, 'coco', 'images'))
      if (!pictures)
        throw errors.OPTION_INVALID({
          option: '--pictures',
          reason: 'name a folder of pictures, or set LAKELENS_TEST_MEDIA.',
        })
      const modelsDir = fromEnvironment('LAKELENS_MODELS_DIR')
      if (!modelsDir)
        throw errors.OPTION_INVALID({
          option: 'LAKELENS_MODELS_DIR',
          reason: 'set it to a folder with the weights to measure.',
        })
      await runBench({
        modelsDir,
        pictures,
        rounds: options.rounds,
        databaseUrl: fromEnvironment('DATABASE_URL'),
        print: (line) => console.log(line),
      })
    })
