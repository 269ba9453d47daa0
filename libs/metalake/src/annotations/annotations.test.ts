import { doneItems, type NewDetection } from '@lakelens/db'
import { useDatabase } from '@lakelens/db/testing'
import { isLakeError } from '@lakelens/kernel'
import { encodeRle } from '@lakelens/vision'
import { viewerOf } from '../access'
import { annotationTypesOfItems, getItem, tagsOfItems } from '../items'
import { useTestLake } from '../uploads/uploadsTestLake'
import {
  annotationsByIds,
  createAnnotation,
  deleteAnnotations,
  listAnnotations,
  reviewAnnotations,
  updateAnnotation,
  type AnnotationQuery,
  type NewAnnotationInput,
} from '.'
import { makeItems, makeModelVersion, makeRun } from './testing/items'

const { lake: systemLake } = useTestLake(useDatabase())
const lake = () => ({ ...systemLake(), viewer: viewerOf('ANALYST', { keyId: 'k', name: 'ada' }) })

let count = 0
const anItem = async (over: Parameters<typeof makeItems>[2][number] = { name: 'a.png' }) =>
  (await makeItems(lake(), `c${count++}`, [over])).items[0]!
const aVideo = () => anItem({ name: 'a.mp4', contentType: 'VIDEO' })
const box = (x: number, y: number, width: number, height: number) => ({ box: { x, y, width, height } })
const found = (itemId: string, label: string, confidence = 0.5): NewDetection => ({
  itemId,
  label,
  confidence,
  box: { x: 0.1, y: 0.1, width: 0.2, height: 0.2 },
})
const tagsOf = async (itemId: string) =>
  (await tagsOfItems(lake(), [itemId]))[0]!.map(({ label, source, count: n }) => `${label} ${source} ${n}`)
const listed = async (itemId: string) =>
  (await listAnnotations(lake(), itemId, { first: 100 })).edges.map(({ node }) => node)
const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'nothing was refused',
    (error: unknown) => (isLakeError(error) ? `${error.code} ${error.path?.join('.') ?? ''}`.trim() : String(error)),
  )

describe('createAnnotation', () => {
  test('every shape is stored as it was drawn, with the box around it, who made it, and a tag at once', async () => {
    const { id, uniqueName, updatedAt } = await anItem()
    const create = (input: Partial<NewAnnotationInput>) =>
      createAnnotation(lake(), { uniqueName, label: 'cat', ...input })
    const hole = [
      { x: 0.3, y: 0.3 },
      { x: 0.4, y: 0.3 },
      { x: 0.4, y: 0.4 },
    ]
    const outer = [
      { x: 0.1, y: 0.2 },
      { x: 0.9, y: 0.2 },
      { x: 0.9, y: 1 },
    ]
    // Two columns of three pixels at the top left of 640 × 480.
    const rle = encodeRle([0, 3, 477, 3, 640 * 480 - 483])
    expect(await create({ label: ' cat ' })).toMatchObject({ kind: 'LABEL', box: null, createdBy: 'ada', label: 'cat' })
    expect(await create({ shape: box(0.1, 0.2, 0.3, 0.4) })).toMatchObject({
      kind: 'BOX',
      source: 'HUMAN',
      confidence: null,
      review: 'PENDING',
      box: { x: 0.1, y: 0.2, width: 0.3, height: 0.4 },
    })
    expect(await create({ shape: { polygons: [{ outer, holes: [hole] }] } })).toMatchObject({
      kind: 'POLYGON',
      polygons: [
        {
          outer: [
            [0.1, 0.2],
            [0.9, 0.2],
            [0.9, 1],
          ],
          holes: [
            [
              [0.3, 0.3],
              [0.4, 0.3],
              [0.4, 0.4],
            ],
          ],
        },
      ],
      box: { x: 0.1, y: 0.2, width: 0.8, height: 0.8 },
    })
    expect(await create({ shape: { points: [{ x: 0, y: 1 }] } })).toMatchObject({ kind: 'POINTS', points: [[0, 1]] })
    expect(await create({ shape: { rle } })).toMatchObject({
      kind: 'MASK',
      rle,
      box: { x: 0, y: 0, width: 2 / 640, height: 3 / 480 },
    })
    expect(await tagsOf(id)).toEqual(['cat HUMAN 5'])
    expect((await listed(id)).map(({ kind }) => kind)).toEqual(['LABEL', 'BOX', 'POLYGON', 'POINTS', 'MASK'])
    expect((await getItem(lake(), uniqueName))!.updatedAt.getTime()).toBeGreaterThan(updatedAt.getTime())
  })

  test('on a video it is at a frame and its time, and the tag says in how many', async () => {
    const { id, uniqueName } = await aVideo()
    const at = (frame: number | null) => createAnnotation(lake(), { uniqueName, label: 'car', frame })
    expect(await at(50)).toMatchObject({ frame: 50, timestampSeconds: 2 })
    await at(50)
    await at(99)
    await at(null)
    expect((await tagsOfItems(lake(), [id]))[0]).toMatchObject([{ label: 'car', count: 4, frames: 2 }])
    expect(await code(at(100))).toBe('FRAME_INVALID frame')
    expect(await code(at(-1))).toBe('FRAME_INVALID frame')
    expect(await code(at(0.5))).toBe('FRAME_INVALID frame')
  })

  const triangle = [
    { x: 0, y: 0 },
    { x: 1, y: 0 },
    { x: 1, y: 1 },
  ]
  test.each<[string, Partial<NewAnnotationInput>, string]>([
    ['no label', { label: '  ' }, 'LABEL_INVALID label'],
    ['a long label', { label: 'x'.repeat(201) }, 'LABEL_INVALID label'],
    ['a label with a line break', { label: 'a\nb' }, 'LABEL_INVALID label'],
    ['half a character', { label: 'a\ud800' }, 'LABEL_INVALID label'],
    ['an unknown item', { uniqueName: 'nobody' }, 'ITEMS_UNKNOWN uniqueName'],
    ['a frame of a picture', { frame: 0 }, 'FRAME_INVALID frame'],
    ['a box without area', { shape: box(0.1, 0.1, 0, 0.5) }, 'SHAPE_INVALID shape.box'],
    ['a negative box', { shape: box(0.5, 0.5, -0.2, 0.2) }, 'SHAPE_INVALID shape.box'],
    ['a box that leaves the picture', { shape: box(0.5, 0.5, 0.6, 0.2) }, 'SHAPE_INVALID shape.box'],
    ['a box of no numbers', { shape: box(NaN, 0, 0.1, 0.1) }, 'SHAPE_INVALID shape.box'],
    ['an endless box', { shape: box(0, 0, Infinity, 0.1) }, 'SHAPE_INVALID shape.box'],
    ['no outline', { shape: { polygons: [] } }, 'SHAPE_INVALID shape.polygons'],
    ['two points', { shape: { polygons: [{ outer: triangle.slice(1) }] } }, 'SHAPE_INVALID shape.polygons.0.outer'],
    [
      'a line',
      { shape: { polygons: [{ outer: [triangle[0]!, triangle[2]!, { x: 0.5, y: 0.5 }] }] } },
      'SHAPE_INVALID shape.polygons',
    ],
    [
      'an outline that leaves the picture',
      { shape: { polygons: [{ outer: triangle }, { outer: [{ x: 0, y: 1.01 }, ...triangle] }] } },
      'SHAPE_INVALID shape.polygons.1.outer.0.y',
    ],
    [
      'a hole of two points',
      { shape: { polygons: [{ outer: triangle, holes: [triangle.slice(1)] }] } },
      'SHAPE_INVALID shape.polygons.0.holes.0',
    ],
    [
      'too many points',
      { shape: { polygons: [{ outer: Array.from({ length: 10_001 }, () => triangle[0]!) }] } },
      'SHAPE_TOO_LARGE shape.polygons',
    ],
    ['no points', { shape: { points: [] } }, 'SHAPE_INVALID shape.points'],
    [
      '1,001 points',
      { shape: { points: Array.from({ length: 1_001 }, () => ({ x: 0, y: 0 })) } },
      'SHAPE_TOO_LARGE shape.points',
    ],
    ['a mask of another size', { shape: { rle: '132' } }, 'SHAPE_INVALID shape.rle'],
    ['a mask that is none', { shape: { rle: 'nonsense ~' } }, 'SHAPE_INVALID shape.rle'],
    ['an empty mask', { shape: { rle: encodeRle([640 * 480]) } }, 'SHAPE_INVALID shape.rle'],
    ['two shapes', { shape: { points: triangle, ...box(0, 0, 1, 1) } }, 'SHAPE_INVALID shape'],
  ])('%s is refused with its place, and nothing is stored', async (_, input, expected) => {
    const { id, uniqueName } = await anItem()
    expect(await code(createAnnotation(lake(), { uniqueName, label: 'cat', ...input }))).toBe(expected)
    expect(await listed(id)).toEqual([])
  })

  test('who only reads may not write', async () => {
    const { uniqueName } = await anItem()
    const reader = { ...lake(), viewer: viewerOf('VIEWER') }
    const some = await createAnnotation(lake(), { uniqueName, label: 'x' })
    const writes = [
      createAnnotation(reader, { uniqueName, label: 'x' }),
      updateAnnotation(reader, { annotationId: some.id, label: 'y' }),
      deleteAnnotations(reader, [some.id]),
      reviewAnnotations(reader, { target: { annotationIds: [some.id] }, decision: 'REJECT' }),
    ]
    for (const write of writes) expect(await code(write)).toBe('PERMISSION_MISSING')
  })
})

describe('updateAnnotation', () => {
  test("a person's own is changed in place, and its tags follow", async () => {
    const { id, uniqueName } = await anItem()
    const made = await createAnnotation(lake(), { uniqueName, label: 'cat', shape: box(0, 0, 0.5, 0.5) })
    const changed = await updateAnnotation(lake(), { annotationId: made.id, label: 'dog' })
    expect(changed).toMatchObject({ id: made.id, label: 'dog', kind: 'BOX', box: made.box, review: 'PENDING' })
    const moved = await updateAnnotation(lake(), { annotationId: made.id, shape: { points: [{ x: 1, y: 1 }] } })
    expect(moved).toMatchObject({ id: made.id, label: 'dog', kind: 'POINTS', points: [[1, 1]], polygons: null })
    expect(await tagsOf(id)).toEqual(['dog HUMAN 1'])
  })

  test("an edited machine annotation becomes a person's; the machine's goes, with its tag, but stays done", async () => {
    const { id } = await anItem()
    const version = await makeModelVersion(lake(), `m${count++}`)
    const run = await makeRun(lake(), version, [found(id, 'cat'), found(id, 'dog')])
    const edited = await updateAnnotation(lake(), { annotationId: run.ids[0]!, label: 'lynx' })
    expect(edited).toMatchObject({
      label: 'lynx',
      source: 'HUMAN',
      review: 'EDITED',
      confidence: null,
      createdBy: 'ada',
      modelVersionId: null,
      jobId: null,
      box: { x: 0.1, y: 0.1, width: 0.2, height: 0.2 },
    })
    expect((await annotationsByIds(lake(), [run.ids[0]!]))[0]).toBeNull()
    expect(await tagsOf(id)).toEqual(['lynx HUMAN 1', 'dog MACHINE 1'])
    const key = { modelVersionId: version, parametersDigest: 'p' }
    expect(await doneItems(lake().db, [id], key)).toEqual(new Set([id]))
    const { rows } = await lake().db.query('select replaces from annotation where id = $1', [edited.id])
    expect(rows).toEqual([{ replaces: run.ids[0] }])
    expect(await code(updateAnnotation(lake(), { annotationId: run.ids[0]!, label: 'x' }))).toBe(
      'ANNOTATION_NOT_FOUND annotationId',
    )
  })

  test.each([
    ['nothing to change', { annotationId: '1' }, 'CHANGE_EMPTY'],
    ['an id nobody gave out', { annotationId: 'x', label: 'a' }, 'ANNOTATION_NOT_FOUND annotationId'],
    ['an unknown id', { annotationId: '999999', label: 'a' }, 'ANNOTATION_NOT_FOUND annotationId'],
  ])('%s is refused', async (_, input, expected) => {
    expect(await code(updateAnnotation(lake(), input))).toBe(expected)
  })

  test('two who edit the same machine annotation at once make one of it', async () => {
    const { id } = await anItem()
    const run = await makeRun(lake(), await makeModelVersion(lake(), `m${count++}`), [found(id, 'cat')])
    const both = await Promise.all(
      ['a', 'b'].map((label) => code(updateAnnotation(lake(), { annotationId: run.ids[0]!, label }))),
    )
    expect(both.sort()).toEqual(['ANNOTATION_NOT_FOUND annotationId', 'nothing was refused'])
    expect(await listed(id)).toHaveLength(1)
  })
})

describe('deleteAnnotations', () => {
  test("tags follow, and where a model's went the item is to be looked at again", async () => {
    const { items } = await makeItems(lake(), `c${count++}`, [{ name: 'a.png' }, { name: 'b.png' }])
    const [a, b] = items.map((item) => item.id) as [string, string]
    const version = await makeModelVersion(lake(), `m${count++}`)
    const run = await makeRun(lake(), version, [found(a, 'cat'), found(a, 'cat'), found(b, 'cat')])
    const own = await createAnnotation(lake(), { uniqueName: items[1]!.uniqueName, label: 'cat' })
    expect(await deleteAnnotations(lake(), [run.ids[0]!, own.id, own.id, '12345678', 'nonsense'])).toBe(2)
    expect(await deleteAnnotations(lake(), [run.ids[0]!])).toBe(0)
    expect([await tagsOf(a), await tagsOf(b)]).toEqual([['cat MACHINE 1'], ['cat MACHINE 1']])
    const done = await doneItems(lake().db, [a, b], { modelVersionId: version, parametersDigest: 'p' })
    expect(done).toEqual(new Set([b]))
  })

  test('more than 1,000 are refused', async () => {
    const ids = Array.from({ length: 1_001 }, (_, n) => String(n + 1))
    expect(await code(deleteAnnotations(lake(), ids))).toBe('ITEMS_TOO_MANY annotationIds')
  })
})

describe('reviewAnnotations', () => {
  test('a rejected annotation stays listed and counts nowhere; accepting brings it back', async () => {
    const { id } = await anItem()
    const run = await makeRun(lake(), await makeModelVersion(lake(), `m${count++}`), [found(id, 'cat', 0.75)])
    const decide = (decision: 'ACCEPT' | 'REJECT') =>
      reviewAnnotations(lake(), { target: { annotationIds: [run.ids[0]!] }, decision })
    expect(await decide('REJECT')).toMatchObject({
      changedCount: 1,
      hasMore: false,
      annotations: [{ id: run.ids[0], review: 'REJECTED', reviewedBy: 'ada' }],
    })
    expect(await tagsOf(id)).toEqual([])
    expect(await annotationTypesOfItems(lake(), [id])).toEqual([['RAW']])
    expect(await listed(id)).toHaveLength(1)
    expect((await listAnnotations(lake(), id, { review: ['PENDING'] })).edges).toEqual([])
    expect(await decide('REJECT')).toMatchObject({ changedCount: 0 })
    expect(await decide('ACCEPT')).toMatchObject({ changedCount: 1, annotations: [{ review: 'ACCEPTED' }] })
    expect((await tagsOfItems(lake(), [id]))[0]).toMatchObject([{ label: 'cat', maxConfidence: 0.75 }])
    expect(await annotationTypesOfItems(lake(), [id])).toEqual([['MACHINE']])
  })

  test("what a person made of a model's stays EDITED when it is accepted", async () => {
    const { id } = await anItem()
    const run = await makeRun(lake(), await makeModelVersion(lake(), `m${count++}`), [found(id, 'cat')])
    const edited = await updateAnnotation(lake(), { annotationId: run.ids[0]!, label: 'lynx' })
    const decide = async (decision: 'ACCEPT' | 'REJECT') =>
      (await reviewAnnotations(lake(), { target: { annotationIds: [edited.id] }, decision })).annotations[0]!.review
    expect([await decide('ACCEPT'), await decide('REJECT'), await decide('ACCEPT')]).toEqual([
      'EDITED',
      'REJECTED',
      'EDITED',
    ])
  })

  test('in bulk by run, label and confidence; single decisions are left alone unless asked for', async () => {
    const { items } = await makeItems(
      lake(),
      `c${count++}`,
      Array.from({ length: 30 }, (_, n) => ({ name: `${n}.png` })),
    )
    const detections = items.flatMap(({ id }) =>
      Array.from({ length: 90 }, (_, n) => found(id, n % 3 === 0 ? 'Cat' : 'dog', (n + 1) / 100)),
    )
    const run = await makeRun(lake(), await makeModelVersion(lake(), `m${count++}`), detections)
    // The first dog of the first item.
    await reviewAnnotations(lake(), { target: { annotationIds: [run.ids[1]!] }, decision: 'ACCEPT' })
    const decide = (filter: object, decision: 'ACCEPT' | 'REJECT') =>
      reviewAnnotations(lake(), { target: { jobFilter: { jobId: run.jobId, ...filter } }, decision })
    expect(await decide({ labels: ['DOG'], maxConfidence: 0.5 }, 'REJECT')).toEqual({
      changedCount: 30 * 33 - 1,
      annotations: [],
      hasMore: false,
    })
    expect((await tagsOf(items[0]!.id)).sort()).toEqual(['Cat MACHINE 30', 'dog MACHINE 28'])
    expect((await decide({ minConfidence: 0.85, labels: ['cat'] }, 'ACCEPT')).changedCount).toBe(30 * 2)
    // All that is pending: more than one transaction.
    expect((await decide({}, 'ACCEPT')).changedCount).toBe(30 * 90 - (30 * 33 - 1) - 1 - 60)
    expect((await decide({ review: ['REJECTED', 'ACCEPTED'] }, 'REJECT')).changedCount).toBe(30 * 90 - (30 * 33 - 1))
    expect(await tagsOf(items[0]!.id)).toEqual([])
  })

  test.each<[string, Parameters<typeof reviewAnnotations>[1]['target'], string]>([
    ['no target', {}, 'REVIEW_TARGET_INVALID target'],
    ['two targets', { annotationIds: [], jobFilter: { jobId: '1' } }, 'REVIEW_TARGET_INVALID target'],
    ['an unknown run', { jobFilter: { jobId: '999999' } }, 'RUN_NOT_FOUND target.jobFilter.jobId'],
    [
      'more than 1,000 ids',
      { annotationIds: Array.from({ length: 1_001 }, (_, n) => `${n}`) },
      'ITEMS_TOO_MANY target.annotationIds',
    ],
  ])('%s is refused', async (_, target, expected) => {
    expect(await code(reviewAnnotations(lake(), { target, decision: 'ACCEPT' }))).toBe(expected)
  })

  test('a confidence beyond 0..1 is refused', async () => {
    const { id } = await anItem()
    const run = await makeRun(lake(), await makeModelVersion(lake(), `m${count++}`), [found(id, 'cat')])
    const target = { jobFilter: { jobId: run.jobId, minConfidence: 1.5 } }
    expect(await code(reviewAnnotations(lake(), { target, decision: 'ACCEPT' }))).toBe(
      'PARAMETER_INVALID target.jobFilter.minConfidence',
    )
  })
})

test('no text that people send is too strange to ask for, and no number too large', async () => {
  const item = await anItem()
  await createAnnotation(lake(), { uniqueName: item.uniqueName, label: 'Ö-Kauz' })
  const count = async (filter: AnnotationQuery): Promise<number> =>
    (await listAnnotations(lake(), item.id, { ...filter, first: 1 })).totalCount()
  expect(await count({ labels: ['a\0b', 'ö-kauz'] })).toBe(1)
  expect(await count({ labels: ['\0'] })).toBe(0)
  for (const minConfidence of [1e300, -1e300, 1e-300, 0]) expect(await count({ minConfidence })).toBe(0)
  expect(await getItem(lake(), 'a\0b')).toBeNull()
  expect(await code(createAnnotation(lake(), { uniqueName: 'a\0b', label: 'x' }))).toMatch(/UNKNOWN|NOT_FOUND/)
})
