import { useDatabase } from '@lakelens/db/testing'
import { LakeError } from '@lakelens/kernel'
import { listAnnotations, startAutoTag, startWorker, tagsOfItems, type AutoTagInput, type Job } from '..'
import { digestOf } from './request'
import { useShowingLake, type Filled } from './testing/showingLake'

const database = useDatabase()
const { backend, fill, finished, lake } = useShowingLake(database)

const three = () => ({
  boxes: [
    { label: 'red', confidence: 0.9 },
    { label: 'green', confidence: 0.8 },
    { label: 'blue', confidence: 0.4 },
  ],
})

const run = async ({ id }: Pick<Filled, 'id'>, input: Partial<AutoTagInput> = {}): Promise<Job> =>
  finished(await startAutoTag(lake(), { scope: { collectionId: id }, ...input }))

const live = async (itemId: string): Promise<string[]> =>
  (await listAnnotations(lake(), itemId, { first: 100 })).edges
    .map(({ node }) => `${node.label} ${Math.round((node.confidence ?? 0) * 100) / 100}`)
    .sort()

const first = ({ itemIds }: Filled): string => itemIds[0] as string

test('a plain run is done under the digest that plain runs always had', async () => {
  const filled = await fill(2)
  const job = await run(filled)
  const before = {
    effectiveResolution: { width: 320, height: 320 },
    confidenceThreshold: 0.5,
    nmsIou: 0.7,
    maxDetections: 300,
  }
  const { rows } = await database().query<{ parameters_digest: string }>(
    `select distinct parameters_digest from item_result where job_id = $1`,
    [job.id],
  )
  expect(rows).toEqual([{ parameters_digest: digestOf(before) }])
  // Golden: whoever changes this makes every lake there is tag itself anew.
  expect(digestOf(before)).toBe('c3f4e8602180f19b1cce3fffd0ec7137dfc55a8733b1cd608f703fc67678a032')
  // Saying what holds anyway changes nothing.
  const same = await run(filled, {
    includeLabels: ['red', 'green', 'blue'],
    classThresholds: [{ label: 'red', confidenceThreshold: 0.5 }],
    classMapping: [{ from: 'blue', to: 'blue' }],
    nmsIou: 0.7,
    maxDetections: 300,
    videoSampling: { everyNthFrame: 7 },
  })
  expect(same.counts).toMatchObject({ succeeded: 0, skipped: 2 })
})

test('a mark of before labels were kept is skipped, and replaced by whatever comes', async () => {
  const filled = await fill(1, three)
  await run(filled, { confidenceThreshold: 0.3 })
  await database().query(`delete from result_labels`)
  expect((await run(filled, { confidenceThreshold: 0.3 })).counts).toMatchObject({ skipped: 1 })
  await database().query(`delete from result_labels`)
  await run(filled, { includeLabels: ['red'] })
  expect((await run(filled, { confidenceThreshold: 0.3 })).counts).toMatchObject({ succeeded: 1 })
})

test('runs over different labels stand side by side; one over all of them replaces both', async () => {
  const filled = await fill(3, three)
  await run(filled, { includeLabels: ['Red'] })
  await run(filled, { includeLabels: ['green'] })
  expect(await live(first(filled))).toEqual(['green 0.8', 'red 0.9'])
  expect((await run(filled, { includeLabels: ['red'] })).counts).toMatchObject({ skipped: 3 })
  expect((await run(filled, { includeLabels: ['green'] })).counts).toMatchObject({ skipped: 3 })

  await run(filled, { confidenceThreshold: 0.85 })
  expect(await live(first(filled))).toEqual(['red 0.9'])
  expect((await run(filled, { includeLabels: ['red'] })).counts).toMatchObject({ succeeded: 3 })
})

test('a run over one label leaves what a plain run said of the others', async () => {
  const filled = await fill(1, three)
  await run(filled, { confidenceThreshold: 0.3 })
  await run(filled, { includeLabels: ['red'], confidenceThreshold: 0.95 })
  expect(await live(first(filled))).toEqual(['blue 0.4', 'green 0.8'])
  // What of it was replaced is not done any more.
  expect((await run(filled, { confidenceThreshold: 0.3 })).counts).toMatchObject({ succeeded: 1 })
  expect(await live(first(filled))).toEqual(['blue 0.4', 'green 0.8', 'red 0.9'])
})

test('two jobs with label sets that meet on an item leave one result a label', async () => {
  const filled = await fill(1, three)
  let meeting: Promise<Job> | undefined
  backend.beforeAnswer = async () => {
    backend.beforeAnswer = () => Promise.resolve()
    meeting = run(filled, { includeLabels: ['green', 'blue'], confidenceThreshold: 0.3 })
    await meeting
  }
  const job = await run(filled, { includeLabels: ['red', 'green'], confidenceThreshold: 0.2 })
  expect((await meeting)?.counts).toMatchObject({ succeeded: 1 })
  expect(job.counts).toMatchObject({ succeeded: 1 })
  expect(await live(first(filled))).toEqual(['blue 0.4', 'green 0.8', 'red 0.9'])
  const { rows } = await database().query(
    `select job_id from item_result where item_id = $1 and superseded_at is null`,
    [first(filled)],
  )
  expect(rows).toEqual([{ job_id: job.id }])
})

test('many jobs over the same items at once leave one result a label, and marks that tell the truth', async () => {
  const filled = await fill(40, three)
  const another = startWorker(lake(), { slots: 3 })
  const sets = [['red'], ['green', 'blue'], ['red', 'green'], ['blue'], ['red', 'green', 'blue'], ['green']]
  try {
    const jobs = await Promise.all(
      sets.map((includeLabels, n) =>
        startAutoTag(lake(), {
          scope: { collectionId: filled.id },
          includeLabels,
          confidenceThreshold: 0.1 + n / 100,
        }),
      ),
    )
    for (const job of jobs)
      expect(await finished(job)).toMatchObject({ status: 'COMPLETED', counts: { succeeded: 40 } })
  } finally {
    await another.close()
  }
  const live = `select item_id, lower(label) as label, count(*)::integer as rows from annotation
    where item_id = any ($1) and superseded_at is null group by 1, 2`
  const { rows: doubled } = await database().query(`select * from (${live}) as said where rows > 1`, [filled.itemIds])
  expect(doubled).toEqual([])
  // Every live mark stands for live annotations of each of its labels, all of its own job.
  const { rows: wrong } = await database().query(
    `select r.item_id, r.job_id, l.label from item_result r
     join result_labels on result_labels.parameters_digest = r.parameters_digest and result_labels.model_version_id = r.model_version_id
     cross join lateral unnest(labels) as l (label)
     where r.item_id = any ($1) and r.superseded_at is null and not exists (
       select from annotation a where a.item_id = r.item_id and a.label = l.label and a.job_id = r.job_id and a.superseded_at is null)`,
    [filled.itemIds],
  )
  expect(wrong).toEqual([])
  const { rows } = await database().query<{ marks: number }>(
    `select count(distinct item_id)::integer as marks from item_result where item_id = any ($1) and superseded_at is null`,
    [filled.itemIds],
  )
  expect(rows[0]?.marks).toBe(40)
})

test('thresholds of single labels, both ways', async () => {
  const filled = await fill(1, three)
  await run(filled, {
    classThresholds: [
      { label: 'blue', confidenceThreshold: 0.3 },
      { label: 'red', confidenceThreshold: 0.95 },
    ],
  })
  expect(await live(first(filled))).toEqual(['blue 0.4', 'green 0.8'])
})

test('what is not wanted takes no place of the limit', async () => {
  const crowd = Array.from({ length: 20 }, () => ({ label: 'red', confidence: 0.9 }))
  const filled = await fill(1, () => ({ boxes: [...crowd, { label: 'blue', confidence: 0.6 }] }))
  await run(filled, { includeLabels: ['blue'], maxDetections: 5 })
  expect(await live(first(filled))).toEqual(['blue 0.6'])
  expect(backend.options.at(-1)).toMatchObject({ labels: ['blue'], maxDetections: 5 })
})

test('labels are renamed, merged and dropped; tags have the new names', async () => {
  const box = { x: 0.1, y: 0.1, width: 0.3, height: 0.3 }
  const filled = await fill(1, () => ({
    boxes: [
      { label: 'red', confidence: 0.9, box },
      { label: 'green', confidence: 0.8, box },
      { label: 'blue', confidence: 0.7, box },
    ],
  }))
  const job = await run(filled, {
    classMapping: [
      { from: 'red', to: 'colour' },
      { from: 'green', to: 'colour' },
      { from: 'blue', to: null },
    ],
  })
  expect(await live(first(filled))).toEqual(['colour 0.9'])
  expect((await tagsOfItems(lake(), filled.itemIds))[0]).toMatchObject([{ label: 'colour', count: 1 }])
  expect(job.parameters).toMatchObject({
    classMapping: [{ to: 'colour' }, { to: 'colour' }, { from: 'blue', to: null }],
  })
  // Another name, another result.
  await run(filled)
  expect(await live(first(filled))).toEqual(['blue 0.7', 'colour 0.9', 'green 0.8', 'red 0.9'])
})

test('a job says what it ran with', async () => {
  const filled = await fill(1)
  const job = await run(filled, { nmsIou: 0.4, maxDetections: 9, excludeLabels: ['blue'], videoSampling: { fps: 2 } })
  expect(job.parameters).toMatchObject({
    nmsIou: 0.4,
    maxDetections: 9,
    excludeLabels: ['blue'],
    videoSampling: { fps: 2 },
    confidenceThreshold: 0.5,
    effectiveResolution: { width: 320, height: 320 },
    modelVersion: 1,
  })
  expect(backend.options.at(-1)).toMatchObject({ nmsIou: 0.4, maxDetections: 9, labels: ['red', 'green'] })
})

test.each<[Partial<AutoTagInput>, string, string]>([
  [{ includeLabels: ['rde'] }, 'LABELS_UNKNOWN', 'includeLabels.0'],
  [{ classMapping: [{ from: 'pink', to: 'x' }] }, 'LABELS_UNKNOWN', 'classMapping.0.from'],
  [{ excludeLabels: ['red', 'green', 'blue'] }, 'LABELS_NONE_LEFT', ''],
  [{ nmsIou: 1.1 }, 'PARAMETER_INVALID', 'nmsIou'],
  [{ maxDetections: 0 }, 'PARAMETER_INVALID', 'maxDetections'],
  [{ maxDetections: 1001 }, 'PARAMETER_INVALID', 'maxDetections'],
  [{ maxDetections: 1.5 }, 'PARAMETER_INVALID', 'maxDetections'],
  [{ videoSampling: { fps: 0 } }, 'SAMPLING_INVALID', 'videoSampling.fps'],
  [{ videoSampling: {} }, 'SAMPLING_INVALID', 'videoSampling'],
  [{ videoSampling: { fps: 1, frameCount: 2 } }, 'SAMPLING_INVALID', 'videoSampling'],
])('%j is refused before anything is queued', async (input, code, path) => {
  const { id } = await fill(1)
  const error: unknown = await startAutoTag(lake(), { scope: { collectionId: id }, ...input }).catch((e: unknown) => e)
  expect(error).toBeInstanceOf(LakeError)
  expect([(error as LakeError).code, (error as LakeError).path?.join('.') ?? '']).toEqual([code, path])
})

test('labels that are found wrong only when the model is opened fail the job with the same words', async () => {
  const { id } = await fill(1)
  const job = await startAutoTag(lake(), { scope: { collectionId: id } })
  await finished(job)
  // As if the model had changed its labels between asking and preparing.
  const { rows } = await database().query<{ id: string }>(
    `insert into job (kind, name, key, payload, parameters, created_by)
     select kind, name, 'changed', jsonb_set(payload, '{options,includeLabels}', '["gone"]'), parameters, created_by from job where id = $1 returning id`,
    [job.id],
  )
  await database().query(`insert into job_page (job_id, stage, upper_bound) values ($1, 'PREPARE', 0)`, [rows[0]?.id])
  const failed = await finished({ ...job, id: rows[0]?.id ?? '' })
  expect(failed).toMatchObject({ status: 'FAILED', error: { code: 'LABELS_UNKNOWN' } })
})
