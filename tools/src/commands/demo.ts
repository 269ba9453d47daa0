import { resolve } from 'node:path'
import { Command } from 'commander'
import { runDemo } from '../demo/runDemo'
import { interruptible, withApiOptions, type ApiOptions } from '../options'

interface Options extends ApiOptions {
  collection: string
  out: string
  once: boolean
}

// From `tools/dist/commands`, and from `tools/src/commands` in tests, the repository is three folders up.
const examples = resolve(__dirname, '../../../examples')

export const demoCommand = (): Command =>
  withApiOptions(
    new Command('demo')
      .description('import sample pictures, tag and embed them, and show what came out')
      .option('--collection <name>', 'the collection they are put in', 'demo')
      .option('--out <folder>', 'where the page is written', 'demo-output')
      .option('--once', 'end when the page is written, instead of leaving the gateway running', false),
  )
    .addHelpText(
      'after',
      `
Speaks to the API at --url, else to a gateway that listens on PORT (4000), else starts one with the same settings as
\`lakelens start\` and leaves it running. Models come from LAKELENS_MODELS_DIR, else from their publishers; where they
can't be had, the small ones that come with LakeLens are shown on drawn pictures, in <collection>-shapes.`,
    )
    .action(async (options: Options) => {
      await interruptible((signal) => runDemo({ ...options, examples, signal }))
    })
