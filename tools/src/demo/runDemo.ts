import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createApi, type Api, type UserError } from '../api'
import { followJob } from '../followJob'
import { importFolder } from '../import/importFolder'
import { countFiles } from '../import/walk'
import { table } from '../printable'
import { createProgressBoard, type ProgressBoard } from '../progress'
import { together } from '../together'
import { findOrStartGateway } from './gateway'
import { renderPage, type DemoPicture } from './page'
import { readResults } from './results'

export interface DemoOptions {
  url?: string
  key?: string
  pictures: string
  collection: string
  out: string
  /** End when the page is written, also when the gateway is our own. */
  once: boolean
  signal: AbortSignal
}

/** Sample pictures in; tags, boxes and vectors out; the gateway left running. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const gateway = await findOrStartGateway(options)
  try {
    const page = await analyse(createApi(gateway.address), options)
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

async function analyse(api: Api, options: DemoOptions): Promise<string> {
  const board = createProgressBoard()
  let collectionId: string
  try {
    collectionId = await importPictures(api, options, board)
    await runJobs(api, collectionId, options.signal, board)
  } finally {
    board.stop()
  }
  const results = await readResults(api, collectionId, options.signal)
  console.log(`\n${resultTable(results.pictures)}\n`)
  const folder = resolve(options.out)
  const page = join(folder, 'index.html')
  await mkdir(folder, { recursive: true })
  // Renamed into place: a browser that reloads meanwhile never sees half a page.
  await writeFile(`${page}.new`, renderPage({ ...results, gateway: api.url }))
  await rename(`${page}.new`, page)
  return page
}

async function importPictures(api: Api, options: DemoOptions, board: ProgressBoard): Promise<string> {
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
async function runJobs(api: Api, collectionId: string, signal: AbortSignal, board: ProgressBoard): Promise<void> {
  const run = (label: string, document: string) => async (either: AbortSignal) => {
    const bar = board.add(label)
    const { job } = await api.mutate<Started>(document, { collectionId }, either)
    await followJob(api, job.id, bar, either)
  }
  await together(signal, [
    run(
      'Tagging',
      `mutation Tag($collectionId: ID!) {
         autoTag(input: { scope: { collectionId: $collectionId }, inputResolution: { width: 640, height: 640 } }) {
           job { id } userErrors { code message path }
         }
       }`,
    ),
    run(
      'Embedding',
      `mutation Embed($collectionId: ID!) {
         embeddings(input: { scope: { collectionId: $collectionId } }) { job { id } userErrors { code message path } }
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
