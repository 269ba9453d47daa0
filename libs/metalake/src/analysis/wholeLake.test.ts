import { insertItems, planItems, touchBlob, type NewItemRow, type PlanLimits, type PlannedItems } from '@lakelens/db'
import { useDatabase } from '@lakelens/db/testing'
import { createCollection, planAutoTag, startAutoTag, type AutoTagInput, type Job } from '..'
import { selectionOf } from '../items/selection'
import { useShowingLake } from './testing/showingLake'

const database = useDatabase()
const { backend, finished, lake } = useShowingLake(database)
const images = { metalake: { contentType: 'IMAGE' } }

let rare: string[]
const count = 3_000

/** 3,000 pictures of one content, of which every 500th has a tag, and a film among them. */
beforeAll(async () => {
  const content = Buffer.from(JSON.stringify({ boxes: [{ label: 'red', confidence: 0.6 }], vector: [] }))
  const { digest, byteSize } = await lake().blobs.put(content, { maxBytes: 1000 })
  await touchBlob(lake().db, { digest, byteSize })
  const { id } = await createCollection(lake(), { name: 'many', contentType: 'IMAGE' })
  const films = await createCollection(lake(), { name: 'films', contentType: 'VIDEO' })
  const row = (n: number): NewItemRow => ({
    collectionId: id,
    uniqueName: `many_${n}.png`,
    name: `${n}.png`,
    contentType: 'IMAGE',
    mediaType: 'image/png',
    digest,
    byteSize,
    width: 10,
    height: 10,
    thumbnailDigest: null,
    tags: n % 500 === 0 ? ['rare'] : [],
  })
  const film: NewItemRow = {
    ...row(1),
    collectionId: films.id,
    uniqueName: 'films_1.mp4',
    name: '1.mp4',
    contentType: 'VIDEO',
    mediaType: 'video/mp4',
    tags: ['rare'],
  }
  const rows = Array.from({ length: count }, (_, n) => row(n))
  const items = await insertItems(lake().db, [...rows.slice(0, 1500), film, ...rows.slice(1500)], 'test')
  rare = items.filter(({ tags, contentType }) => tags.length > 0 && contentType === 'IMAGE').map((item) => item.id)
  expect(rare).toHaveLength(6)
})

const run = async (input: Omit<AutoTagInput, 'scope'> = {}): Promise<Job> =>
  finished(await startAutoTag(lake(), { scope: images, ...input }))

/** Every step of a plan, as the worker makes them. */
async function stepsOf(query: string | null, limits: PlanLimits) {
  const selection = selectionOf({ collectionId: null, itemIds: null, contentType: 'IMAGE', query, filter: null })
  const keys = { modelVersionId: '0', parametersDigest: 'a', videoDigest: 'b' }
  const steps = []
  for (let after: string | null = '0'; after !== null;) {
    const range = { after, upTo: '1000000000', again: false }
    const step: PlannedItems = await planItems(lake().db, selection, keys, range, limits)
    steps.push(step)
    after = step.next
  }
  return steps
}

test('a plan is made in steps over a bounded number of items, however few of them match', async () => {
  const seldom = await stepsOf('metadata.Tags=rare', { window: 700, todo: 512 })
  expect(seldom.map((step) => step.todo.length)).toEqual([2, 1, 2, 1, 0])
  expect(seldom.flatMap((step) => step.todo.map((item) => item.id))).toEqual(rare)

  const often = await stepsOf(null, { window: 4096, todo: 512 })
  expect(often.map((step) => step.todo.length)).toEqual([512, 512, 512, 512, 512, 440])
  expect(new Set(often.flatMap((step) => step.todo.map((item) => item.id))).size).toBe(count)

  const few = await stepsOf('metadata.Tags=rare', { window: null, todo: 4 })
  expect(few.map((step) => step.todo.map((item) => item.id))).toEqual([rare.slice(0, 4), rare.slice(4)])

  for (const query of [
    'NOT metadata.Tags=rare',
    'metadata.name~9 AND item.width=10',
    'annotation.label=red',
    'item.type=video',
  ]) {
    const ids = async (limits: PlanLimits) =>
      (await stepsOf(query, limits)).flatMap((step) => step.todo.map((item) => item.id))
    expect(await ids({ window: 900, todo: 512 })).toEqual(await ids({ window: null, todo: 4096 }))
  }

  // Exactly as many as a step takes: another has to look whether there is more.
  expect((await stepsOf(null, { window: 1500, todo: 1500 })).map((step) => step.todo.length)).toEqual([1500, 1500, 0])
})

test('a rare condition over the whole lake finds every one of its items once, and no film', async () => {
  const job = await run({ query: 'metadata.Tags=rare' })
  expect(job).toMatchObject({
    status: 'COMPLETED',
    counts: { total: 6, succeeded: 6, skipped: 0, failed: 0 },
    contentType: 'IMAGE',
    collectionId: null,
    query: 'metadata.Tags=rare',
  })
  expect([...backend.seen].sort()).toEqual([...rare].sort())
  expect((await run({ query: 'metadata.Tags=rare' })).counts).toMatchObject({ total: 6, succeeded: 0, skipped: 6 })
})

test('what a run would do over the whole lake is counted exactly before and after', async () => {
  const filter = { annotationTypes: ['RAW'] } as const
  expect(await planAutoTag(lake(), { scope: images, filter })).toMatchObject({ matched: count - 6, alreadyDone: 0 })
  const job = await run({ filter })
  expect(job.counts).toMatchObject({ total: count - 6, succeeded: count - 6 })
  // The items a run has tagged match its own condition no more, and it went over each of them once.
  expect(new Set(backend.seen).size).toBe(count - 6)
  expect(await planAutoTag(lake(), { scope: images, filter })).toMatchObject({ matched: 0 })
  expect(await planAutoTag(lake(), { scope: images })).toMatchObject({
    matched: count,
    alreadyDone: count,
    toProcess: 0,
  })
}, 60_000)
