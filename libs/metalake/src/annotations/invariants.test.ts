import { Readable } from 'node:stream'
import { useDatabase } from '@lakelens/db/testing'
import { isLakeError } from '@lakelens/kernel'
import {
  createAnnotation,
  deleteAnnotations,
  deleteItems,
  importAnnotations,
  listAnnotations,
  reviewAnnotations,
  startAutoTag,
  updateAnnotation,
  type AutoTagInput,
  type Lake,
} from '..'
import { viewerOf } from '../access'
import { useShowingLake, type Filled } from '../analysis/testing/showingLake'
import { dice } from '../query/testing/random'
import { createUpload, receiveUpload } from '../uploads'

const database = useDatabase()
const { fill, finished, lake: systemLake } = useShowingLake(database)
const lake = (): Lake => ({ ...systemLake(), viewer: viewerOf('ANALYST', { keyId: 'k', name: 'ada' }) })
const labels = ['red', 'green', 'blue']
type Dice = ReturnType<typeof dice>

/** What is live of people: no run may change any of it. */
const humanRows = async (itemIds: readonly string[]): Promise<string[]> => {
  const { rows } = await database().query<{ text: string }>(
    `select concat_ws(' ', id, item_id, label, kind, x, y, width, height, review, created_by) as text
     from annotation where item_id = any ($1::bigint[]) and superseded_at is null
       and (source = 'HUMAN' or review in ('ACCEPTED', 'REJECTED', 'EDITED')) order by id`,
    [itemIds],
  )
  return rows.map((row) => row.text)
}

/** Tags that are not what the live annotations add up to, either way round; and labels said twice by one model of one place. */
async function faults(itemIds: readonly string[]): Promise<unknown[]> {
  const summed = `select item_id, label, source, model_version_id, max(job_id) as job_id, count(*)::integer as count, max(confidence) as max_confidence,
      nullif(count(distinct frame), 0)::integer as frames
    from annotation where superseded_at is null and review <> 'REJECTED' and item_id = any ($1::bigint[])
    group by item_id, label, source, model_version_id`
  const kept = `select item_id, label, source, model_version_id, job_id, count, max_confidence, frames
    from item_tag where item_id = any ($1::bigint[])`
  const tags = await database().query(
    `(select 'missing' as what, s.* from (${summed} except ${kept}) as s) union all (select 'extra', e.* from (${kept} except ${summed}) as e)`,
    [itemIds],
  )
  // Of one model version and label at one place there is one live word, whoever judged it.
  const twice = await database().query(
    `select 'twice' as what, item_id, label, round(x::numeric, 3) as x, count(*)::integer as count from annotation
     where superseded_at is null and source = 'MACHINE' and model_version_id is not null and item_id = any ($1::bigint[])
     group by item_id, label, round(x::numeric, 3) having count(*) > 1`,
    [itemIds],
  )
  return [...tags.rows, ...twice.rows]
}

const run = async (filled: Filled, d: Dice) => {
  const input: AutoTagInput = {
    scope: d.chance(0.5) ? { collectionId: filled.id } : { uniqueNames: [d.pick(filled.names)] },
    onExisting: d.pick(['SKIP', 'REPLACE']),
    confidenceThreshold: d.pick([0.3, 0.5, 0.7]),
    ...(d.chance(0.4) && { includeLabels: [d.pick(labels)] }),
    ...(d.chance(0.3) && { classMapping: [{ from: d.pick(labels), to: d.pick(['colour', 'green']) }] }),
  }
  return finished(await startAutoTag(systemLake(), input))
}

const live = async (filled: Filled, d: Dice) =>
  (await listAnnotations(lake(), d.pick(filled.itemIds), { first: 100 })).edges.map(({ node }) => node)

const box = (d: Dice) => ({ x: d.pick([0.1, 0.3, 0.6]), y: 0.1, width: 0.2, height: 0.2 })

async function byHand(filled: Filled, d: Dice): Promise<void> {
  const found = await live(filled, d)
  const one = found.length > 0 ? d.pick(found) : undefined
  const what = d.pick(['create', 'update', 'update', 'delete', 'review', 'review', 'bulk'] as const)
  const decision = d.pick(['ACCEPT', 'REJECT'] as const)
  if (what === 'create' || !one)
    await createAnnotation(lake(), {
      uniqueName: d.pick(filled.names),
      label: d.pick(labels),
      shape: d.chance(0.7) ? { box: box(d) } : null,
    })
  else if (what === 'update')
    await updateAnnotation(lake(), {
      annotationId: one.id,
      ...(d.chance(0.5) ? { label: 'mine' } : { shape: { box: box(d) } }),
    })
  else if (what === 'delete') await deleteAnnotations(lake(), [one.id])
  else if (what === 'review') await reviewAnnotations(lake(), { target: { annotationIds: [one.id] }, decision })
  else if (one.jobId !== null)
    await reviewAnnotations(lake(), { target: { jobFilter: { jobId: one.jobId, labels: [one.label] } }, decision })
}

async function imported(filled: Filled, d: Dice): Promise<void> {
  const rows = Array.from({ length: 6 }, (_, n) => `${d.pick(filled.names)},${d.pick(labels)},0.${n + 1},0.1,0.1,0.1`)
  const bytes = Buffer.from(`unique_name,label,x,y,width,height\n${rows.join('\n')}\n`)
  const { id } = await createUpload(lake(), { fileName: 'f.csv', byteSize: bytes.length, purpose: 'ANNOTATIONS' })
  await receiveUpload(lake(), id, Readable.from([bytes], { objectMode: false }))
  const type = d.pick(['HUMAN', 'MACHINE'] as const)
  await finished(await importAnnotations(lake(), { uploadId: id, collectionId: filled.id, format: 'CSV', type }))
}

/** Somebody was faster, or the item is gone: every answer of that kind is fine. */
const unlessGone = (work: Promise<unknown>): Promise<unknown> =>
  work.catch((error: unknown) => {
    if (!isLakeError(error) || !['NOT_FOUND', 'CONFLICT'].includes(error.category)) throw error
  })

const pictures = (n: number, d: Dice) =>
  fill(n, () => ({
    boxes: labels
      .filter(() => d.chance(0.8))
      .map((label, index) => ({
        label,
        confidence: d.pick([0.4, 0.6, 0.8]),
        box: { x: 0.1 + index * 0.25, y: 0.1, width: 0.2, height: 0.2 },
      })),
  }))

test('whatever people, runs and imports do one after the other: tags add up, and no run changes what a person said', async () => {
  const d = dice(Number(process.env['SEED'] ?? 11))
  const filled = await pictures(4, d)
  for (let step = 0; step < 40; step++) {
    if (d.chance(0.35)) {
      const before = await humanRows(filled.itemIds)
      expect((await run(filled, d)).status).toBe('COMPLETED')
      expect(await humanRows(filled.itemIds)).toEqual(before)
    } else if (d.chance(0.12)) await imported(filled, d)
    else await byHand(filled, d)
    expect(await faults(filled.itemIds)).toEqual([])
  }
}, 60_000)

test('at once, too, while items are deleted', async () => {
  const d = dice(Number(process.env['SEED'] ?? 12))
  const filled = await pictures(8, d)
  const work: Promise<unknown>[] = []
  for (let step = 0; step < 70; step++) {
    const next = d.chance(0.15) ? run(filled, d) : d.chance(0.1) ? imported(filled, d) : byHand(filled, d)
    work.push(unlessGone(next))
    if (step === 30 || step === 50)
      work.push(
        deleteItems(systemLake(), { scope: { uniqueNames: [filled.names[step / 10]!] } }).then(({ job }) =>
          finished(job!),
        ),
      )
    if (work.length >= 8) await Promise.all(work.splice(0))
  }
  await Promise.all(work)
  expect(await faults(filled.itemIds)).toEqual([])
}, 60_000)

test('deleting what a person made of a model’s makes the item one to do again, and the model may say it again', async () => {
  const filled = await fill(1, () => ({ boxes: [{ label: 'red', confidence: 0.9 }] }))
  const again = () =>
    startAutoTag(systemLake(), { scope: { collectionId: filled.id }, onExisting: 'SKIP' }).then((job) => finished(job))
  const only = async () =>
    (await listAnnotations(lake(), filled.itemIds[0]!, { first: 2 })).edges.map(({ node }) => node)
  await again()
  await updateAnnotation(lake(), { annotationId: (await only())[0]!.id, label: 'crimson' })
  expect((await again()).counts).toMatchObject({ succeeded: 0, skipped: 1 })
  await deleteAnnotations(lake(), [(await only())[0]!.id])
  expect(await only()).toEqual([])
  expect((await again()).counts).toMatchObject({ succeeded: 1, skipped: 0 })
  expect(await only()).toMatchObject([{ source: 'MACHINE', label: 'red', review: 'PENDING' }])
})
