import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { LakeError } from '@lakelens/kernel'
import { shippedModelsFolder } from '@lakelens/metalake'
import { createApi, type Api, type UserError } from '../api'
import { followJob } from '../followJob'
import { importFolder } from '../import/importFolder'
import { countFiles } from '../import/walk'
import { printable, table } from '../printable'
import { createProgressBoard, type ProgressBoard } from '../progress'
import { together } from '../together'
import { accuracyLines, readFreshAccuracy, readTruth, scoreBoxes } from './accuracy'
import { findOrStartGateway } from './gateway'
import { explainMissing, missingModels } from './missingModels'
import { renderPage, type DemoPicture, type MeasuredDemo } from './page'
import { readResults, type DemoModels } from './results'

export interface DemoOptions {
  url?: string
  key?: string
  /** The repository's `examples`. */
  examples: string
  collection: string
  out: string
  /** End when the page is written, also when the gateway is our own. */
  once: boolean
  signal: AbortSignal
}

/** What is shown: which pictures, and what with. */
interface Show extends DemoOptions {
  pictures: string
  models: DemoModels
  /** What is in the pictures, where that is known. */
  truth: string | null
  /** Why it isn't the default models that are shown. */
  notice: string[]
}

// The longer side of what the detector sees, and the product's own default.
const inputSide = 640
const confidence = 0.5

/** Sample pictures in; tags, boxes and vectors out; the gateway left running. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const gateway = await findOrStartGateway(options)
  try {
    const page = await show(createApi(gateway.address), options, gateway.missing)
    printAddresses(gateway.address.url, page, gateway.close !== undefined && !options.once)
    if (gateway.close && !options.once) await untilAborted(options.signal)
  } catch (error) {
    // A gateway that has been left running is ended by Ctrl-C: that is its ordinary end.
    if (!(error instanceof Ended)) throw error
  } finally {
    await gateway.close?.()
  }
}

class Ended extends Error {}

/** The default models on photographs; where those can't be had, the models that come with LakeLens on what they know. */
async function show(api: Api, options: DemoOptions, missing: LakeError[]): Promise<string> {
  if (missing.length > 0) return analyse(api, withOwnModels(options, missing))
  const models = { tagger: 'default', embedder: 'default' }
  try {
    return await analyse(api, {
      ...options,
      pictures: join(options.examples, 'pictures'),
      models,
      truth: null,
      notice: [],
    })
  } catch (error) {
    // Of a gateway that somebody else runs it is the jobs that tell.
    const lacking = missingModels(error)
    if (!lacking) throw error
    return analyse(api, withOwnModels(options, lacking))
  }
}

function withOwnModels(options: DemoOptions, missing: LakeError[]): Show {
  const notice = explainMissing(missing)
  console.log(`${notice.map(printable).join('\n')}\n`)
  return {
    ...options,
    pictures: join(options.examples, 'shapes', 'pictures'),
    collection: `${options.collection}-shapes`,
    models: { tagger: 'shapes-detector', embedder: 'shapes-embedder' },
    truth: join(options.examples, 'shapes', 'groundtruth.json'),
    notice,
  }
}

async function analyse(api: Api, options: Show): Promise<string> {
  const board = createProgressBoard()
  let collectionId: string
  try {
    collectionId = await importPictures(api, options, board)
    await runJobs(api, collectionId, options, board)
  } finally {
    board.stop()
  }
  const results = await readResults(api, collectionId, options.models, options.signal)
  console.log(`\n${resultTable(results.pictures)}\n`)
  const measured = options.truth === null ? null : await measure(results.pictures, options.truth)
  if (measured) console.log(`${measured.lines.join('\n')}\n`)
  const folder = resolve(options.out)
  const page = join(folder, 'index.html')
  await mkdir(folder, { recursive: true })
  // Renamed into place: a browser that reloads meanwhile never sees half a page.
  await writeFile(`${page}.new`, renderPage({ ...results, gateway: api.url, notice: options.notice, measured }))
  await rename(`${page}.new`, page)
  return page
}

async function measure(pictures: DemoPicture[], truth: string): Promise<MeasuredDemo> {
  const accuracy = scoreBoxes(pictures, await readTruth(truth))
  const fresh = await readFreshAccuracy(join(shippedModelsFolder, 'accuracy.json'), inputSide)
  return { lines: accuracyLines(accuracy, fresh, confidence), missed: accuracy.missed }
}

async function importPictures(api: Api, options: Show, board: ProgressBoard): Promise<string> {
  const { pictures: folder, collection, signal } = options
  const total = await countFiles(folder, false)
  const bar = board.add('Importing')
  const { collectionId } = await importFolder(api, {
    folder,
    collection,
    signal,
    recursive: false,
    concurrency: 4,
    onProgress: ({ seen }) => bar.update(seen, total),
  })
  bar.stop()
  return collectionId
}

type Started = { job: { id: string }; userErrors: UserError[] }

/** Both at once: the worker shares its time between them. */
async function runJobs(api: Api, collectionId: string, { models, signal }: Show, board: ProgressBoard): Promise<void> {
  const run = (label: string, modelId: string, document: string) => async (either: AbortSignal) => {
    const bar = board.add(label)
    const { job } = await api.mutate<Started>(document, { collectionId, modelId }, either)
    await followJob(api, job.id, bar, either)
  }
  await together(signal, [
    run(
      'Tagging',
      models.tagger,
      `mutation Tag($collectionId: ID!, $modelId: String!) {
         autoTag(input: {
           scope: { collectionId: $collectionId }, modelId: $modelId, confidenceThreshold: ${confidence},
           inputResolution: { width: ${inputSide}, height: ${inputSide} }
         }) { job { id } userErrors { code message path } }
       }`,
    ),
    run(
      'Embedding',
      models.embedder,
      `mutation Embed($collectionId: ID!, $modelId: String!) {
         embeddings(input: { scope: { collectionId: $collectionId }, modelId: $modelId }) {
           job { id } userErrors { code message path }
         }
       }`,
    ),
  ])
}

function resultTable(pictures: DemoPicture[]): string {
  const rows = pictures.map(({ name, tags, neighbour }) => [
    name,
    tags
      .map(
        ({ label, count, maxConfidence }) =>
          `${label}${count > 1 ? ` ×${count}` : ''}${maxConfidence === null ? '' : ` ${maxConfidence.toFixed(2)}`}`,
      )
      .join(', ') || '(nothing found)',
    neighbour ? `${neighbour.name} ${neighbour.score.toFixed(3)}` : '',
  ])
  return table(['picture', 'tags', 'nearest neighbour'], rows)
}

function printAddresses(url: string, page: string, stays: boolean): void {
  console.log(`The pictures with their boxes: ${pathToFileURL(page).href}`)
  console.log(`GraphQL and Sandbox:           ${url}/graphql`)
  console.log(`GraphiQL (works offline):      ${url}/graphiql`)
  if (stays) console.log('\nThe gateway is running. Ctrl-C ends it; the pictures stay for the next `npm start`.')
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(new Ended())
    if (signal.aborted) end()
    // A listener alone keeps no process alive; the gateway's servers do.
    else signal.addEventListener('abort', end, { once: true })
  })
}
