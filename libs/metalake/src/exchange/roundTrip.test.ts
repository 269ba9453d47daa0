import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { parse } from 'csv-parse/sync'
import { useDatabase } from '@lakelens/db/testing'
import { encodeRle } from '@lakelens/vision'
import { createAnnotation, listAnnotations, reviewAnnotations, updateAnnotation, type ShapeInput } from '../annotations'
import { makeItems, makeModelVersion, makeRun } from '../annotations/testing/items'
import { tagsOfItems } from '../items'
import { jobDownloadUrl } from '../jobs'
import { sweepUploads } from '../uploads'
import { systemViewer } from '../access'
import { unpacked } from './testing/archives'
import { useExchangeLake } from './testing/exchangeLake'

const database = useDatabase()
const { lake, root, exported, imported } = useExchangeLake(database)

let count = 0
const points = (...pairs: [number, number][]) => pairs.map(([x, y]) => ({ x, y }))
const square = points([0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75])
const hole = points([0.375, 0.375], [0.5, 0.375], [0.5, 0.5], [0.375, 0.5])
const rle = encodeRle([480 * 10 + 5, 20, 460, 20, 640 * 480 - 480 * 10 - 505])
const shapes: [string, ShapeInput | null][] = [
  ['box', { box: { x: 0.1, y: 0.2, width: 0.3, height: 0.4 } }],
  ['polygon', { polygons: [{ outer: square }] }],
  ['ring', { polygons: [{ outer: square, holes: [hole] }] }],
  ['pair', { polygons: [{ outer: square.slice(1) }, { outer: hole }] }],
  ['mask', { rle }],
  ['points', { points: hole }],
  ['whole, with "quotes", commas\u00e9', null],
]

/** A picture with every shape, one without, a model's finding, and a rejected one. */
async function fill() {
  const name = `c${count++}`
  const made = await makeItems(lake(), name, [{ name: 'a.png' }, { name: 'b.png' }, { name: 'empty.png' }])
  const [a, b] = made.items as [(typeof made.items)[0], (typeof made.items)[0], (typeof made.items)[0]]
  for (const [label, shape] of shapes) await createAnnotation(lake(), { uniqueName: a.uniqueName, label, shape })
  const run = await makeRun(lake(), await makeModelVersion(lake(), `m${name}`), [
    { itemId: b.id, label: 'box', confidence: 0.75, box: { x: 0, y: 0, width: 0.5, height: 0.5 } },
    { itemId: b.id, label: 'cat', confidence: 0.25, box: { x: 0, y: 0, width: 1, height: 1 } },
    { itemId: b.id, label: 'wrong', confidence: 0.9, box: { x: 0, y: 0, width: 1, height: 1 } },
  ])
  await reviewAnnotations(lake(), { target: { annotationIds: [run.ids[2]!] }, decision: 'REJECT' })
  return { ...made, name, a, b, run }
}

const twin = (collection: string) =>
  makeItems(lake(), collection, [{ name: 'a.png' }, { name: 'b.png' }, { name: 'empty.png' }])
const said = async (itemId: string) =>
  (await listAnnotations(lake(), itemId, { first: 100 })).edges.map(({ node }) => ({
    label: node.label,
    source: node.source,
    kind: node.kind,
    box: node.box && Object.values(node.box).map((side) => Math.round(side * 1e5) / 1e5),
    polygons: JSON.stringify(node.polygons, (_key, value: unknown) =>
      typeof value === 'number' ? Math.round(value * 1e5) / 1e5 : value,
    ),
    rle: node.rle,
  }))
describe('COCO', () => {
  test('a file has images, annotations with pixels, areas and segmentations, and categories; ids from 1', async () => {
    const { collectionId, run } = await fill()
    const { job, file } = await exported({ scope: { collectionId }, format: 'COCO' })
    expect(job).toMatchObject({
      status: 'COMPLETED',
      type: 'EXPORT',
      progress: 100,
      counts: { total: 9, succeeded: 9, skipped: 0, failed: 0 },
      notes: [],
    })
    const coco = JSON.parse(file.toString())
    const size = { width: 640, height: 480 }
    expect(coco.images).toEqual([
      { id: 1, file_name: 'a.png', ...size },
      { id: 2, file_name: 'b.png', ...size },
      { id: 3, file_name: 'empty.png', ...size },
    ])
    expect(coco.categories).toEqual(
      ['box', 'polygon', 'ring', 'pair', 'mask', 'points', shapes[6]![0], 'cat'].map((name, n) => ({
        id: n + 1,
        name,
      })),
    )
    expect(coco.annotations.map(({ id }: { id: number }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(coco.annotations[0]).toEqual({
      id: 1,
      image_id: 1,
      category_id: 1,
      source: 'HUMAN',
      review: 'PENDING',
      bbox: [64, 96, 192, 192],
      area: 192 * 192,
      segmentation: [],
      iscrowd: 0,
    })
    expect(coco.annotations[1]).toMatchObject({
      bbox: [160, 120, 320, 240],
      area: 320 * 240,
      segmentation: [[160, 120, 480, 120, 480, 360, 160, 360]],
    })
    // COCO's polygons have no holes: a ring is a mask.
    expect(coco.annotations[2]).toMatchObject({ area: 320 * 240 - 80 * 60, segmentation: { size: [480, 640] } })
    expect(coco.annotations[4]).toMatchObject({ area: 40, segmentation: { size: [480, 640], counts: rle } })
    expect(coco.annotations[5]).toMatchObject({ num_keypoints: 4, keypoints: expect.arrayContaining([240, 180, 2]) })
    expect(coco.image_labels).toEqual([{ id: 1, image_id: 1, category_id: 7, source: 'HUMAN', review: 'PENDING' }])
    expect(coco.annotations[6]).toMatchObject({
      image_id: 2,
      score: 0.75,
      source: 'MACHINE',
      model: expect.stringMatching(/^mc\d+:1$/),
    })
    expect(JSON.stringify(coco)).not.toContain('wrong')
    expect(run.ids).toHaveLength(3)
  })

  test('what was exported comes back in another collection, and a second time adds nothing', async () => {
    const { collectionId, a, b } = await fill()
    const { file } = await exported({ scope: { collectionId }, format: 'COCO' })
    const other = await twin(`c${count++}`)
    const first = await imported(file, { collectionId: other.collectionId })
    expect(first).toMatchObject({
      failures: [],
      job: { status: 'COMPLETED', type: 'IMPORT', counts: { total: 9, succeeded: 9, skipped: 0, failed: 0 } },
    })
    const before = await said(a.id)
    const after = await said(other.items[0]!.id)
    const ring = (all: typeof after) => all.find(({ label }) => label === 'ring')
    expect(ring(after)).toMatchObject({ kind: 'MASK', box: ring(before)!.box })
    const rest = (all: typeof after) =>
      all.filter(({ label }) => label !== 'ring').sort((x, y) => (x.label < y.label ? -1 : 1))
    expect(rest(after)).toEqual(rest(before))
    expect((await tagsOfItems(lake(), [other.items[0]!.id]))[0]).toHaveLength(7)
    // By people, where nothing else is said.
    expect((await said(other.items[1]!.id)).map(({ source }) => source)).toEqual(['HUMAN', 'HUMAN'])
    const again = await imported(file, { collectionId: other.collectionId })
    expect(again.job.counts).toMatchObject({ succeeded: 0, skipped: 9, failed: 0 })
    // And into where it comes from: the hole alone is another shape there, and what a model said is nobody's.
    const home = await imported(file, { collectionId })
    expect(home.job.counts).toMatchObject({ succeeded: 3, skipped: 6 })
    expect(await said(b.id)).toHaveLength(5)
  })

  test('scores are kept for machines, and what a person rejected or corrected is not said again', async () => {
    const { collectionId, b, run } = await fill()
    const { file } = await exported({ scope: { collectionId }, format: 'COCO', types: ['MACHINE'] })
    const other = await twin(`c${count++}`)
    const first = await imported(file, { collectionId: other.collectionId, type: 'MACHINE' })
    expect(first.job.counts).toMatchObject({ succeeded: 2 })
    const [item] = (await listAnnotations(lake(), other.items[1]!.id, { first: 10 })).edges
    expect(item!.node).toMatchObject({ source: 'MACHINE', confidence: 0.75, createdBy: 'ada', jobId: first.job.id })
    await updateAnnotation(lake(), { annotationId: item!.node.id, label: 'lynx' })
    const again = await imported(file, { collectionId: other.collectionId, type: 'MACHINE' })
    expect(again.job.counts).toMatchObject({ succeeded: 0, skipped: 2 })
    await reviewAnnotations(lake(), { target: { annotationIds: [run.ids[0]!] }, decision: 'REJECT' })
    expect((await imported(file, { collectionId, type: 'MACHINE' })).job.counts).toMatchObject({
      succeeded: 0,
      skipped: 2,
    })
    expect((await tagsOfItems(lake(), [b.id]))[0]!.map(({ label }) => label)).toEqual(['cat'])
  })

  test('frames of a video are images of their own, and come back at their frames', async () => {
    const make = (name: string) =>
      makeItems(lake(), name, [
        { name: 'v.mp4', contentType: 'VIDEO' },
        { name: 'w.mp4', contentType: 'VIDEO' },
      ])
    const { collectionId, items } = await make(`c${count++}`)
    const box = { box: { x: 0, y: 0, width: 0.5, height: 0.5 } }
    for (const [label, frame] of [
      ['car', 50],
      ['bus', 3],
      ['car', 3],
      ['whole', null],
    ] as const)
      await createAnnotation(lake(), {
        uniqueName: items[0]!.uniqueName,
        label,
        frame,
        shape: frame === null ? null : box,
      })
    const { file } = await exported({ scope: { collectionId }, format: 'COCO' })
    const coco = JSON.parse(file.toString())
    expect(
      coco.images.map(({ file_name, frame }: { file_name: string; frame?: number }) => [file_name, frame]),
    ).toEqual([
      ['v.mp4', undefined],
      ['v.mp4/000003.jpg', 3],
      ['v.mp4/000050.jpg', 50],
    ])
    expect(coco.annotations.map((one: { image_id: number; frame: number }) => [one.image_id, one.frame])).toEqual([
      [2, 3],
      [2, 3],
      [3, 50],
    ])
    const other = await make(`c${count++}`)
    expect((await imported(file, { collectionId: other.collectionId })).job.counts).toMatchObject({ succeeded: 4 })
    const back = (await listAnnotations(lake(), other.items[0]!.id, { first: 10 })).edges.map(({ node }) => [
      node.label,
      node.frame,
      node.timestampSeconds,
    ])
    expect(back.sort()).toEqual([
      ['bus', 3, 0.12],
      ['car', 3, 0.12],
      ['car', 50, 2],
      ['whole', null, null],
    ])
    const yolo = await exported({ scope: { collectionId }, format: 'YOLO' })
    expect(Object.keys(await unpacked(yolo.file))).toEqual(['data.yaml', 'labels/v_000003.txt', 'labels/v_000050.txt'])
    const third = await make(`c${count++}`)
    expect((await imported(yolo.file, { collectionId: third.collectionId, format: 'YOLO' })).job.counts).toMatchObject({
      succeeded: 3,
      failed: 0,
    })
  })
})

describe('YOLO', () => {
  test('boxes and outlines go there and back; what YOLO has no form for is counted', async () => {
    const { collectionId } = await fill()
    const { job, file } = await exported({ scope: { collectionId }, format: 'YOLO' })
    expect(job.counts).toMatchObject({ succeeded: 7, skipped: 2 })
    expect(job.notes).toEqual([
      'Left out: 1, for YOLO has no points without a box.',
      'Left out: 1, for YOLO has no labels of the whole item.',
      'Changed: 2; outlines of several parts or with holes were written as their boxes.',
      'Changed: 1; masks were written as their boxes.',
    ])
    const files = await unpacked(file)
    expect(Object.keys(files)).toEqual(['data.yaml', 'labels/a.txt', 'labels/b.txt', 'labels/empty.txt'])
    expect(files['labels/a.txt']!.split('\n').slice(0, 2)).toEqual([
      '0 0.250000 0.400000 0.300000 0.400000',
      '1 0.250000 0.250000 0.750000 0.250000 0.750000 0.750000 0.250000 0.750000',
    ])
    expect(files['labels/empty.txt']).toBe('')
    expect(files['data.yaml']).toContain('nc: 6')
    // Whole numbers, not texts: YOLOv5 refuses the others.
    expect(files['data.yaml']).toMatch(/^ {2}0: /m)
    const other = await twin(`c${count++}`)
    const back = await imported(file, { collectionId: other.collectionId, format: 'YOLO' })
    expect(back).toMatchObject({ failures: [], job: { status: 'COMPLETED', counts: { succeeded: 7 } } })
    expect((await said(other.items[0]!.id)).map(({ label, kind }) => `${label} ${kind}`)).toEqual([
      'box BOX',
      'polygon POLYGON',
      'ring BOX',
      'pair BOX',
      'mask BOX',
    ])
    const again = await exported({ scope: { collectionId: other.collectionId }, format: 'YOLO' })
    expect(await unpacked(again.file)).toEqual(files)
  })

  test('names that would be one file, or none, or another folder, are told apart', async () => {
    const names = ['a.png', 'a.jpg', 'A.webp', '..', 'CON:?.png', `${'ü'.repeat(100)}.png`]
    const { collectionId, items } = await makeItems(
      lake(),
      `c${count++}`,
      names.map((name) => ({ name })),
    )
    for (const { uniqueName } of items)
      await createAnnotation(lake(), { uniqueName, label: 'x', shape: { box: { x: 0, y: 0, width: 1, height: 1 } } })
    const files = Object.keys(await unpacked((await exported({ scope: { collectionId }, format: 'YOLO' })).file))
    expect(files.slice(0, 6)).toEqual([
      'data.yaml',
      'labels/A.webp.txt',
      'labels/CON__.txt',
      'labels/_.txt',
      'labels/a.jpg.txt',
      'labels/a.txt',
    ])
    expect(files).toHaveLength(7)
    for (const file of files) expect(Buffer.byteLength(path.basename(file))).toBeLessThan(200)
  })
})

describe('CSV', () => {
  test('everything goes there and back, whatever the labels hold', async () => {
    const { collectionId, name, a, b } = await fill()
    const { job, file } = await exported({ scope: { collectionId }, format: 'CSV' })
    expect(job.counts).toMatchObject({ succeeded: 9, skipped: 0 })
    const rows = parse(file, { columns: true }) as Record<string, string>[]
    expect(rows).toHaveLength(9)
    expect(rows[8]).toMatchObject({
      unique_name: `${name}_b.png`,
      label: 'cat',
      confidence: '0.25',
      model: `m${name}:1`,
    })
    const other = await twin(`c${count++}`)
    const renamed = file.toString().replaceAll(`${name}_`, '')
    const back = await imported(renamed, { collectionId: other.collectionId, format: 'CSV' })
    expect(back).toMatchObject({ failures: [], job: { counts: { succeeded: 9 } } })
    expect(await said(other.items[0]!.id)).toEqual(await said(a.id))
    expect((await imported(file, { collectionId, format: 'CSV' })).job.counts).toMatchObject({
      succeeded: 2,
      skipped: 7,
    })
    expect(await said(b.id)).toHaveLength(5)
  })
})

describe('an export', () => {
  test('is narrowed by confidence, by whom, and by review', async () => {
    const { collectionId } = await fill()
    const labels = async (over: object): Promise<number> =>
      (
        parse((await exported({ scope: { collectionId }, format: 'CSV', ...over })).file, {
          columns: true,
        }) as unknown[]
      ).length
    expect(await labels({ minConfidence: 0.5 })).toBe(8)
    expect(await labels({ types: ['MACHINE'], minConfidence: 0.5 })).toBe(1)
    expect(await labels({ types: ['HUMAN'] })).toBe(7)
    expect(await labels({ review: ['REJECTED'] })).toBe(1)
    expect(await labels({ review: ['PENDING', 'REJECTED'], types: ['MACHINE'] })).toBe(3)
  })

  test('of many items and annotations is whole: pages of both end anywhere', async () => {
    const { collectionId, items } = await makeItems(
      lake(),
      `c${count++}`,
      Array.from({ length: 1_003 }, (_, n) => ({ name: `${n}.png` })),
    )
    const many = items.flatMap(({ id }, n) =>
      Array.from({ length: n === 7 ? 1_600 : n % 3 }, (_, k) => ({
        itemId: id,
        label: `label ${k % 5}`,
        confidence: 0.5,
        box: { x: 0, y: 0, width: 0.5, height: (k + 1) / 2_000 },
      })),
    )
    await makeRun(lake(), await makeModelVersion(lake(), `m${count++}`), many)
    const { job, file } = await exported({ scope: { collectionId }, format: 'COCO' })
    const coco = JSON.parse(file.toString())
    expect(job.counts.succeeded).toBe(many.length)
    expect(coco.images).toHaveLength(1_003)
    expect(coco.annotations).toHaveLength(many.length)
    expect(
      new Set(coco.annotations.map((one: { image_id: number; area: number }) => `${one.image_id} ${one.area}`)).size,
    ).toBe(many.length)
  })

  test('over the whole lake names items by their unique names', async () => {
    const { a, name } = await fill()
    const { file } = await exported({ scope: { uniqueNames: [a.uniqueName] }, format: 'COCO' })
    expect(JSON.parse(file.toString()).images).toEqual([{ id: 1, file_name: `${name}_a.png`, width: 640, height: 480 }])
  })

  test('is fetched by a signed address, for 7 days; then the file is collected', async () => {
    const { collectionId, name } = await fill()
    const { job } = await exported({ scope: { collectionId }, format: 'COCO' })
    const url = new URL((await jobDownloadUrl(lake(), job))!)
    expect(url.pathname).toBe(`/media/${job.output!.digest}`)
    expect(url.searchParams.get('name')).toBe(`${name}-coco.json`)
    const days = (job.output!.expiresAt.getTime() - Date.now()) / 86_400_000
    expect(Math.abs(days - 7)).toBeLessThan(0.01)
    const sweeper = { ...lake(), viewer: systemViewer() }
    await database().query("update blob set touched_at = now() - interval '2 days' where digest = $1", [
      job.output!.digest,
    ])
    await sweepUploads(sweeper)
    expect(await lake().blobs.stat(job.output!.digest)).not.toBeNull()
    await database().query("update job set output_expires_at = now() - interval '1 second' where id = $1", [job.id])
    await sweepUploads(sweeper)
    // Its grace time begins when the job forgets it.
    expect(await lake().blobs.stat(job.output!.digest)).not.toBeNull()
    await database().query("update blob set touched_at = now() - interval '2 days' where digest = $1", [
      job.output!.digest,
    ])
    await sweepUploads(sweeper)
    expect(await lake().blobs.stat(job.output!.digest)).toBeNull()
    const { rows } = await database().query('select output_digest from job where id = $1', [job.id])
    expect(rows).toEqual([{ output_digest: null }])
  })

  test('leaves nothing in the scratch folder', async () => {
    const scratch = path.join(root(), 'scratch')
    for (const folder of await readdir(scratch)) expect(await readdir(path.join(scratch, folder))).toEqual([])
  })
})
