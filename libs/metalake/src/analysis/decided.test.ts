import { useDatabase } from '@lakelens/db/testing'
import {
  deleteAnnotations,
  listAnnotations,
  reviewAnnotations,
  startAutoTag,
  tagsOfItems,
  updateAnnotation,
  type AutoTagInput,
  type Job,
} from '..'
import { useShowingLake, type Filled } from './testing/showingLake'

const database = useDatabase()
const { fill, finished, lake } = useShowingLake(database)

const run = async ({ id }: Pick<Filled, 'id'>, input: Partial<AutoTagInput> = {}): Promise<Job> =>
  finished(await startAutoTag(lake(), { scope: { collectionId: id }, onExisting: 'REPLACE', ...input }))

const nodes = async (itemId: string) =>
  (await listAnnotations(lake(), itemId, { first: 100 })).edges.map(({ node }) => node)
const live = async (itemId: string): Promise<string[]> =>
  (await nodes(itemId))
    .map(({ source, label, review, box }) => `${source} ${label} ${review}${box ? ` at ${box.x.toFixed(2)}` : ''}`)
    .sort()

const first = ({ itemIds }: Filled): string => itemIds[0] as string
const box = (x: number) => ({ x, y: 0.1, width: 0.2, height: 0.2 })

const oldest = async (itemId: string, label: string): Promise<string> =>
  (await nodes(itemId)).filter((node) => node.label === label)[0]?.id ?? ''

const review = async (itemId: string, decision: 'ACCEPT' | 'REJECT', label: string): Promise<void> => {
  const target = { annotationIds: [await oldest(itemId, label)] }
  expect(await reviewAnnotations(lake(), { target, decision })).toMatchObject({ changedCount: 1 })
}

test('what a person rejected stays rejected, run after run, and is no tag', async () => {
  const filled = await fill(1, () => ({
    boxes: [
      { label: 'red', confidence: 0.9, box: box(0.1) },
      { label: 'green', confidence: 0.8, box: box(0.5) },
    ],
  }))
  await run(filled)
  await review(first(filled), 'REJECT', 'red')
  await run(filled)
  await run(filled, { confidenceThreshold: 0.4 })
  await run(filled, { includeLabels: ['red'] })
  expect(await live(first(filled))).toEqual(['MACHINE green PENDING at 0.50', 'MACHINE red REJECTED at 0.10'])
  expect((await tagsOfItems(lake(), filled.itemIds))[0]?.map(({ label }) => label)).toEqual(['green'])
})

test('what a person accepted is not doubled', async () => {
  const filled = await fill(1, () => ({ boxes: [{ label: 'red', confidence: 0.9, box: box(0.1) }] }))
  await run(filled)
  await review(first(filled), 'ACCEPT', 'red')
  await run(filled)
  expect(await live(first(filled))).toEqual(['MACHINE red ACCEPTED at 0.10'])
  expect((await tagsOfItems(lake(), filled.itemIds))[0]).toMatchObject([{ label: 'red', count: 1 }])
})

test('what a person corrected is not said again in the words they corrected', async () => {
  const filled = await fill(1, () => ({ boxes: [{ label: 'red', confidence: 0.9, box: box(0.1) }] }))
  await run(filled)
  await updateAnnotation(lake(), { annotationId: await oldest(first(filled), 'red'), label: 'crimson' })
  await run(filled)
  expect(await live(first(filled))).toEqual(['HUMAN crimson EDITED at 0.10'])
})

test('one decision is about one object: its neighbour stays, and so do other labels and places', async () => {
  const filled = await fill(1, () => ({
    boxes: [
      // IoU of the two: 0.14 / 0.26, about 0.54.
      { label: 'red', confidence: 0.9, box: box(0.1) },
      { label: 'red', confidence: 0.8, box: box(0.16) },
      { label: 'red', confidence: 0.7, box: box(0.6) },
      { label: 'blue', confidence: 0.7, box: box(0.1) },
    ],
  }))
  await run(filled)
  await review(first(filled), 'ACCEPT', 'red')
  await run(filled)
  expect(await live(first(filled))).toEqual([
    'MACHINE blue PENDING at 0.10',
    'MACHINE red ACCEPTED at 0.10',
    'MACHINE red PENDING at 0.16',
    'MACHINE red PENDING at 0.60',
  ])
})

test('a correction that was made is not undone by what the model says elsewhere; deleting it lets the model speak again', async () => {
  const filled = await fill(1, () => ({ boxes: [{ label: 'red', confidence: 0.9, box: box(0.1) }] }))
  await run(filled)
  await updateAnnotation(lake(), { annotationId: await oldest(first(filled), 'red'), shape: { box: box(0.3) } })
  await run(filled)
  expect(await live(first(filled))).toEqual(['HUMAN red EDITED at 0.30'])
  await deleteAnnotations(lake(), [await oldest(first(filled), 'red')])
  await run(filled)
  expect(await live(first(filled))).toEqual(['MACHINE red PENDING at 0.10'])
})

test('a label of the whole picture that was rejected stays so; a box of that label is another matter', async () => {
  const filled = await fill(1, () => ({
    boxes: [
      { label: 'red', confidence: 0.9, isWhole: true },
      { label: 'red', confidence: 0.8, box: box(0.1) },
    ],
  }))
  await run(filled)
  const whole = (await nodes(first(filled))).find((node) => node.kind === 'LABEL')
  await reviewAnnotations(lake(), { target: { annotationIds: [whole?.id ?? ''] }, decision: 'REJECT' })
  await run(filled)
  expect(await live(first(filled))).toEqual(['MACHINE red PENDING at 0.10', 'MACHINE red REJECTED'])
})

test('a decision about one item says nothing of another', async () => {
  const filled = await fill(3, () => ({ boxes: [{ label: 'red', confidence: 0.9, box: box(0.1) }] }))
  await run(filled)
  await review(first(filled), 'REJECT', 'red')
  await run(filled)
  expect(await live(filled.itemIds[1] as string)).toEqual(['MACHINE red PENDING at 0.10'])
})

test('an item whose every detection was decided is done all the same', async () => {
  const filled = await fill(1, () => ({ boxes: [{ label: 'red', confidence: 0.9, box: box(0.1) }] }))
  await run(filled)
  await review(first(filled), 'REJECT', 'red')
  await run(filled)
  expect((await run(filled, { onExisting: 'SKIP' })).counts).toMatchObject({ succeeded: 0, skipped: 1 })
})

test('of a video, a decision is about its frame', async () => {
  const film = { contentType: 'VIDEO', mediaType: 'video/mp4' } as const
  const shown = () => ({ boxes: [{ label: 'red', confidence: 0.9, box: box(0.1) }] })
  const filled = await fill(1, shown, () => film)
  await run(filled)
  await review(first(filled), 'REJECT', 'red')
  await run(filled)
  const said = (await nodes(first(filled))).map(({ frame, review: word }) => [frame, word]).sort()
  expect(said).toEqual([
    [15, 'PENDING'],
    [25, 'PENDING'],
    [5, 'REJECTED'],
  ])
  expect((await tagsOfItems(lake(), filled.itemIds))[0]).toMatchObject([{ label: 'red', count: 2, frames: 2 }])
})
