import { countAnnotationsOfJob } from '@lakelens/db'
import { useDatabase } from '@lakelens/db/testing'
import { isLakeError } from '@lakelens/kernel'
import { encodeRle } from '@lakelens/vision'
import { viewerOf } from '../access'
import { listAnnotations } from '../annotations'
import { makeItems } from '../annotations/testing/items'
import { exportAnnotations, importAnnotations } from '.'
import { archiveOf, archiveOfLink } from './testing/archives'
import { useExchangeLake } from './testing/exchangeLake'

const database = useDatabase()
const { lake, imported, upload, finished } = useExchangeLake(database)

let count = 0
const aCollection = (...names: string[]) =>
  makeItems(
    lake(),
    `c${count++}`,
    (names.length > 0 ? names : ['a.png', 'b.png']).map((name) => ({ name })),
  )
const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'nothing was refused',
    (error: unknown) => (isLakeError(error) ? `${error.code} ${error.path?.join('.') ?? ''}`.trim() : String(error)),
  )
const stored = async (itemId: string) =>
  (await listAnnotations(lake(), itemId, { first: 100 })).edges.map(({ node }) => node)

const images = [
  { id: 1, file_name: 'a.png', width: 640, height: 480 },
  { id: 'two', file_name: 'some/where/b.png', width: 320, height: 240 },
]
const categories = [{ id: 7, name: 'cat' }]
const coco = (annotations: unknown[], over: object = {}): string =>
  JSON.stringify({ annotations, images, categories, ...over })
const anAnnotation = (over: object) => ({ id: 1, image_id: 1, category_id: 7, bbox: [64, 48, 64, 48], ...over })

describe('COCO', () => {
  test('shapes of every kind, whatever the order of the lists; sizes of the file count, not of the item', async () => {
    const { collectionId, items } = await aCollection()
    const holey = [480 * 10 + 5, 20, 460, 20, 640 * 480 - 480 * 10 - 505]
    const { job, failures } = await imported(
      coco([
        anAnnotation({ id: 1 }),
        anAnnotation({ id: 2, segmentation: [[0, 0, 64, 0, 64, 48]] }),
        anAnnotation({ id: 3, segmentation: { size: [480, 640], counts: holey } }),
        anAnnotation({ id: 4, segmentation: { size: [480, 640], counts: encodeRle(holey) } }),
        anAnnotation({ id: 5, image_id: 'two', bbox: [32, 24, 32, 24] }),
        // An outline of two points is none: the box stands for it. A pixel over the border is cut.
        anAnnotation({ id: 6, bbox: [600, 400, 41, 80.5], segmentation: [[1, 1, 2, 2]] }),
        anAnnotation({ id: 7, kind: 'POINTS', keypoints: [64, 48, 2, 0, 0, 0, 128, 96, 1] }),
      ]),
      { collectionId },
    )
    expect(failures).toEqual([])
    // The same mask in two codes is one.
    expect(job).toMatchObject({ status: 'COMPLETED', counts: { succeeded: 6, skipped: 1, failed: 0 } })
    const [a, b] = [await stored(items[0]!.id), await stored(items[1]!.id)]
    expect(a.map(({ kind }) => kind)).toEqual(['BOX', 'POLYGON', 'MASK', 'BOX', 'POINTS'])
    expect(a[0]).toMatchObject({
      box: { x: 0.1, y: 0.1, width: 0.1, height: 0.1 },
      createdBy: 'ada',
      review: 'PENDING',
    })
    expect(a[3]!.box).toMatchObject({ x: 0.9375, width: 0.0625 })
    expect(a[4]!.points).toEqual([
      [0.1, 0.1],
      [0.2, 0.2],
    ])
    expect(b[0]!.box).toEqual({ x: 0.1, y: 0.1, width: 0.1, height: 0.1 })
    const { rows } = await database().query('select 1 from import_image')
    expect(rows).toEqual([])
  })

  test('what is wrong is listed with its place, and stops nothing', async () => {
    const { collectionId } = await aCollection()
    const wrong: [object, string][] = [
      [{ bbox: [0, 0, 0, 10] }, 'SHAPE_INVALID'],
      [{ bbox: [0, 0, -5, 10] }, 'SHAPE_INVALID'],
      [{ bbox: [700, 0, 10, 10] }, 'SHAPE_INVALID'],
      [{ bbox: [1, 2, 3] }, 'ENTRY_INVALID'],
      [{ bbox: 'x' }, 'ENTRY_INVALID'],
      [{ bbox: [null, 0, 1, 1] }, 'ENTRY_INVALID'],
      [{ bbox: undefined }, 'ENTRY_INVALID'],
      [{ category_id: 8 }, 'CATEGORY_UNKNOWN'],
      [{ category_id: null }, 'ENTRY_INVALID'],
      [{ image_id: 3 }, 'IMAGE_UNMATCHED'],
      [{ image_id: { $: 1 } }, 'ENTRY_INVALID'],
      [{ segmentation: [[1, 2, 3, 4, 5, 6, 7]] }, 'ENTRY_INVALID'],
      [{ segmentation: [Array.from({ length: 30_000 }, (_, n) => n % 400)] }, 'SHAPE_TOO_LARGE'],
      [{ segmentation: { size: [480, 640], counts: [1, 2, 3] } }, 'RLE_INVALID'],
      [{ segmentation: { size: [480, 640], counts: '~~~' } }, 'SHAPE_INVALID'],
      [{ segmentation: { size: [10, 10], counts: [100] } }, 'ENTRY_INVALID'],
      [{ segmentation: { size: [480, 640], counts: [-1, 480 * 640 + 1] } }, 'RLE_INVALID'],
      [{ frame: 3 }, 'FRAME_INVALID'],
    ]
    const odd = [7, null, 'text', [1], anAnnotation({ id: 99 })]
    const { job, failures } = await imported(
      coco([...wrong.map(([over], id) => anAnnotation({ id, ...over })), ...odd]),
      {
        collectionId,
      },
    )
    expect(job).toMatchObject({ status: 'COMPLETED_WITH_ERRORS', counts: { succeeded: 1, failed: wrong.length + 4 } })
    expect(failures.map(({ uniqueName, code: found }) => [uniqueName, found])).toEqual([
      ...wrong.map(([, expected], id) => [`annotation ${id}`, expected]),
      ...[0, 1, 2, 3].map((n) => [`annotation at ${wrong.length + n + 1}`, 'ENTRY_INVALID']),
    ])
    expect(failures.every(({ itemId, message }) => itemId === null && message.length < 500)).toBe(true)
  })

  test('images nobody knows are failures of their own', async () => {
    const { collectionId } = await aCollection()
    const unknown = [
      ...images,
      { id: 3, file_name: '../../etc/passwd' },
      { file_name: 'x' },
      { id: 4 },
      { id: 5, file_name: 'a\u0000' },
    ]
    const { job, failures } = await imported(coco([anAnnotation({})], { images: unknown }), { collectionId })
    expect(job.counts).toMatchObject({ succeeded: 1, failed: 4 })
    expect(failures.map(({ uniqueName, code: found }) => [uniqueName, found])).toEqual([
      ['image at 4', 'ENTRY_INVALID'],
      ['image at 5', 'ENTRY_INVALID'],
      ['image at 6', 'ENTRY_INVALID'],
      ['image 3', 'ITEM_UNMATCHED'],
    ])
  })

  test('scores beyond 0..1 are refused; a byte order mark and escapes are read', async () => {
    const { collectionId, items } = await aCollection()
    const file = `\ufeff${coco([anAnnotation({ id: 1, score: 0.5 }), anAnnotation({ id: 2, score: 87 })], {
      categories: [{ id: 7, name: '猫 "x" \\ \u{1f408}' }],
    })}`
    const { job, failures } = await imported(file, { collectionId, type: 'MACHINE' })
    expect([job.counts.succeeded, failures[0]!.message]).toEqual([
      1,
      "This entry can't be read: its score is no number from 0 to 1.",
    ])
    expect(await stored(items[0]!.id)).toMatchObject([{ label: '猫 "x" \\ \u{1f408}', confidence: 0.5 }])
  })

  test('numbers no double can hold are no coordinates; ids beyond a double are told apart', async () => {
    const { collectionId, items } = await aCollection()
    const [one, other] = ['90071992547409930', '90071992547409931']
    const file = `{"images":[{"id":${one},"file_name":"a.png"},{"id":${other},"file_name":"b.png"}],"categories":[{"id":7,"name":"x"}],
      "annotations":[{"id":1,"image_id":${other},"category_id":7,"bbox":[0,0,9,9]},{"id":2,"image_id":${one},"category_id":7,"bbox":[1e999,0,9,9]}]}`
    const { failures } = await imported(file, { collectionId })
    expect(failures.map(({ uniqueName, code: found }) => [uniqueName, found])).toEqual([
      ['annotation 2', 'ENTRY_INVALID'],
    ])
    expect([await stored(items[0]!.id), await stored(items[1]!.id)].map((all) => all.length)).toEqual([0, 1])
  })

  test.each<[string, string, RegExp]>([
    ['nothing', '', /ends where an object is expected/],
    ['no JSON', 'hello', /no object/],
    ['a list', '[{"image_id": 1}]', /a list, not an object/],
    ['a number', '7', /no object/],
    ['an object for a list', '{"images": {}}', /`images` is no list/],
    ['a text for a list', '{"images": [], "annotations": "x"}', /`annotations` is no list/],
    ['brackets without end', `{"annotations": ${'['.repeat(100_000)}`, /more than 32 brackets/],
    ['a tail', `${coco([])} {}`, /nothing more is expected at byte/],
    ['NaN', '{"images": [], "annotations": [{"bbox": [NaN]}]}', /element 1 of `annotations` is no JSON/],
    ['brackets that do not match', '{"info": {"a": [1}]}, "annotations": []}', /do not match/],
    ['a text without end', '{"annotations": [{"a": "b}]}', /ends where a value goes on/],
    ['an element after a comma', '{"images": [], "annotations": [{},]}', /an element is expected/],
    ['a key without a colon', '{"annotations" []}', /`:` is expected at byte 16/],
  ])('a file that is %s fails the job, typed', async (_, content, reason) => {
    const { collectionId } = await aCollection()
    const { job } = await imported(content, { collectionId })
    expect(job).toMatchObject({ status: 'FAILED', error: { code: 'ANNOTATION_FILE_INVALID', retryable: false } })
    expect(job.error!.message).toMatch(reason)
  })

  test('a file that is cut fails before anything of it is stored', async () => {
    const { collectionId, items } = await aCollection()
    const whole = coco(Array.from({ length: 1_000 }, (_, id) => anAnnotation({ id, bbox: [id / 2, 0, 9, 9] })))
    const { job } = await imported(whole.slice(0, -3), { collectionId })
    expect(job).toMatchObject({ status: 'FAILED', error: { code: 'ANNOTATION_FILE_INVALID' } })
    expect(await stored(items[0]!.id)).toEqual([])
  })

  test('an outline of a million points fails alone, and costs no memory of its own', async () => {
    const { collectionId } = await aCollection()
    const huge = `{"images":${JSON.stringify(images)},"categories":${JSON.stringify(categories)},"annotations":[
      {"id":1,"image_id":1,"category_id":7,"segmentation":[[${'1,2,'.repeat(1_050_000)}3,4]]},
      {"id":2,"image_id":1,"category_id":7,"bbox":[1,2,3,4]},{"id":3,"image_id":1,"category_id":7,"x":"${'y'.repeat(4_200_000)}"}]}`
    const { job, failures } = await imported(huge, { collectionId })
    expect(job.counts).toMatchObject({ succeeded: 1, failed: 2 })
    expect(failures.map(({ uniqueName, code: found }) => [uniqueName, found])).toEqual([
      ['annotation at 1', 'ENTRY_TOO_LARGE'],
      ['annotation at 3', 'ENTRY_TOO_LARGE'],
    ])
  })
})

describe('YOLO', () => {
  const names = 'names: [cat, dog]\n'

  test('boxes with and without a score, outlines, maps and lists of names, folders around', async () => {
    const { collectionId, items } = await aCollection('a.png', 'b.x.jpg')
    const { job, failures } = await imported(
      await archiveOf({
        'set/data.yaml': 'names:\n  0: cat\n  1: no\n',
        'set/images/a.png': 'bytes',
        'set/labels/train/a.txt': '\ufeff0 0.5 0.5 0.2 0.4\r\n1 0.5 0.5 0.25 0.5 0.75\r\n\r\n',
        'set/labels/val/b.x.txt': '0 0.1 0.1 0.5 0.1 0.5 0.5\n0 0.2 0.1 0.5 0.1 0.5 0.5 0.875',
      }),
      { collectionId, format: 'YOLO', type: 'MACHINE' },
    )
    expect(failures).toEqual([])
    expect(job.counts).toMatchObject({ succeeded: 4 })
    expect(await stored(items[0]!.id)).toMatchObject([
      { label: 'cat', kind: 'BOX', confidence: null, box: { x: 0.4, y: 0.3, width: 0.2, height: 0.4 } },
      { label: 'no', confidence: 0.75 },
    ])
    expect(await stored(items[1]!.id)).toMatchObject([
      {
        kind: 'POLYGON',
        polygons: [
          {
            outer: [
              [0.1, 0.1],
              [0.5, 0.1],
              [0.5, 0.5],
            ],
            holes: [],
          },
        ],
      },
      { confidence: 0.875 },
    ])
  })

  test('lines and files that are wrong are listed; two items of one stem are nobody', async () => {
    const { collectionId } = await aCollection('a.png', 'twice.png', 'twice.jpg', 'a%.png')
    const { job, failures } = await imported(
      await archiveOf({
        'classes.txt': 'cat\ndog\n',
        'a.txt': [
          '0 .5 .5 .2 .2',
          '2 .5 .5 .2 .2',
          '0 .5 .5',
          '0 .5 x .2 .2',
          '0 .5 .5 0 .2',
          '0 .5 .5 2 .2',
          '0 NaN .5 .2 .2',
          'dog .5 .5 .2 .2',
        ].join('\n'),
        'twice.txt': '0 .5 .5 .2 .2',
        'nobody.txt': '0 .5 .5 .2 .2',
        'a_.txt': '0 .5 .5 .2 .2',
      }),
      { collectionId, format: 'YOLO' },
    )
    expect(job.counts).toMatchObject({ succeeded: 1, failed: 10 })
    expect(failures.map(({ uniqueName, code: found }) => `${uniqueName} ${found}`)).toEqual([
      'a.txt:2 CATEGORY_UNKNOWN',
      'a.txt:3 ENTRY_INVALID',
      'a.txt:4 ENTRY_INVALID',
      'a.txt:5 SHAPE_INVALID',
      'a.txt:6 SHAPE_INVALID',
      'a.txt:7 ENTRY_INVALID',
      'a.txt:8 CATEGORY_UNKNOWN',
      'a_.txt ITEM_UNMATCHED',
      'nobody.txt ITEM_UNMATCHED',
      'twice.txt ITEM_UNMATCHED',
    ])
  })

  test.each<[string, () => Promise<Buffer> | Buffer, RegExp]>([
    ['no archive', () => Buffer.from('hello'), /read as YOLO/],
    ['cut', async () => (await archiveOf({ 'data.yaml': names, 'a.txt': '0 .5 .5 .2 .2' })).subarray(0, -30), /YOLO/],
    ['climbing', () => archiveOf({ 'data.yaml': names, '../a.txt': '0 .5 .5 .2 .2' }), /climbs with "\.\."/],
    ['absolute', () => archiveOf({ 'data.yaml': names, '/etc/a.txt': '0 .5 .5 .2 .2' }), /absolute/],
    ['of links', () => archiveOfLink('data.yaml', '/etc/passwd'), /link/],
    ['without names', () => archiveOf({ 'a.txt': '0 .5 .5 .2 .2' }), /says what its classes are called/],
    ['of broken YAML', () => archiveOf({ 'data.yaml': 'names: [', 'a.txt': '' }), /no YAML/],
    ['of YAML without names', () => archiveOf({ 'data.yaml': 'a: 1', 'a.txt': '' }), /has no `names`/],
    ['of aliases on aliases', () => archiveOf({ 'data.yaml': bomb, 'a.txt': '' }), /no YAML|has no `names`/],
    ['of deep YAML', () => archiveOf({ 'data.yaml': `names: ${'['.repeat(50_000)}`, 'a.txt': '' }), /no YAML/],
    ['without labels', () => archiveOf({ 'data.yaml': names }), /no label file/],
  ])('an archive that is %s fails the job, typed', async (_, make, reason) => {
    const { collectionId } = await aCollection()
    const { job } = await imported(await make(), { collectionId, format: 'YOLO' })
    expect(job).toMatchObject({ status: 'FAILED', error: { code: 'ANNOTATION_FILE_INVALID' } })
    expect(job.error!.message).toMatch(reason)
  })
  const bomb = `a: &a [x,x]\nb: &b [${'*a,'.repeat(9)}*a]\nc: &c [${'*b,'.repeat(9)}*b]\nnames: [${'*c,'.repeat(9)}*c]\n`
})

describe('CSV', () => {
  test('columns in any order, quotes, line breaks inside quotes, CRLF, a mark at the start', async () => {
    const { collectionId, items } = await aCollection()
    const { job, failures } = await imported(
      '\ufeffLabel,extra,name,x,y,width,height,confidence\r\n' +
        '"a ""quoted"", label","two\nlines",a.png,0.1,0.2,0.3,0.4,0.5\r\n\r\nwhole,,b.png,,,,,\r\n',
      { collectionId, format: 'CSV' },
    )
    expect(failures).toEqual([])
    expect(job.counts).toMatchObject({ succeeded: 2 })
    expect(await stored(items[0]!.id)).toMatchObject([
      { label: 'a "quoted", label', kind: 'BOX', box: { x: 0.1, y: 0.2, width: 0.3, height: 0.4 }, confidence: null },
    ])
    expect(await stored(items[1]!.id)).toMatchObject([{ label: 'whole', kind: 'LABEL', box: null }])
  })

  test('rows that are wrong are listed by line', async () => {
    const { collectionId } = await aCollection()
    const { job, failures } = await imported(
      [
        'name,label,kind,x,y,width,height,polygons,frame',
        'a.png,x,BOX,0,0,1,1,,',
        'nobody,x,BOX,0,0,1,1,,',
        'a.png,,BOX,0,0,1,1,,',
        'a.png,x,BOX,0,0,1,,,',
        'a.png,x,BOX,0,0,abc,1,,',
        'a.png,x,BOX,0,0,1e999,1,,',
        'a.png,x,BALL,0,0,1,1,,',
        'a.png,x,POLYGON,,,,,nonsense,',
        'a.png,x,POLYGON,,,,,"[{""outer"":[[0,0],[1,""1""]]}]",',
        'a.png,x,POLYGON,,,,,"[null]",',
        'a.png,x,LABEL,,,,,,1.5',
        'a.png,too,few',
        'a.png,"stray"quote,BOX,0,0,1,1,,',
        'b.png,x,LABEL,,,,,,',
        '',
      ].join('\n'),
      { collectionId, format: 'CSV' },
    )
    expect(job.counts).toMatchObject({ succeeded: 3, failed: 11 })
    expect(failures.map(({ uniqueName }) => uniqueName).sort()).toEqual(
      [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13].map((line) => `line ${line}`).sort(),
    )
  })

  test.each<[string, string, RegExp]>([
    ['of other columns', 'a,b\n1,2\n', /names no columns/],
    ['with a column twice', 'label,name,name\n', /a column twice/],
  ])('a file %s fails the job, typed', async (_, content, reason) => {
    const { collectionId } = await aCollection()
    const { job } = await imported(content, { collectionId, format: 'CSV' })
    expect(job).toMatchObject({ status: 'FAILED', error: { code: 'ANNOTATION_FILE_INVALID' } })
    expect(job.error!.message).toMatch(reason)
  })

  test('a quote that never ends takes what is behind it, and is listed; memory stays small', async () => {
    const { collectionId, items } = await aCollection()
    const start = 'label,name\nfirst,a.png\n'
    for (const length of [10, 9_000_000]) {
      const { job, failures } = await imported(`${start}"${'x'.repeat(length)}\nlast,b.png\n`, {
        collectionId,
        format: 'CSV',
      })
      expect(job.status).toBe('COMPLETED_WITH_ERRORS')
      expect(failures[0]).toMatchObject({
        code: 'ENTRY_INVALID',
        message: expect.stringMatching(/Quote Not Closed|Max Record Size/),
      })
      expect(failures.length).toBeLessThan(50)
    }
    expect((await stored(items[0]!.id)).map(({ label }) => label)).toEqual(['first'])
  })

  test('ten thousand failures are listed, the rest is counted', async () => {
    const { collectionId } = await aCollection()
    const { job } = await imported(`name,label\n${'nobody,x\n'.repeat(10_250)}a.png,x\n`, {
      collectionId,
      format: 'CSV',
    })
    expect(job).toMatchObject({
      counts: { succeeded: 1, failed: 10_250 },
      notes: ['250 more entries failed than are listed.'],
    })
    const { rows } = await database().query<{ n: number }>(
      'select count(*)::integer as n from job_failure where job_id = $1',
      [job.id],
    )
    expect(rows[0]!.n).toBe(10_000)
  })
})

describe('asking for an import or an export', () => {
  test('is judged at once', async () => {
    const { collectionId } = await aCollection()
    const uploadId = await upload('x')
    const ask = (over: object) => code(importAnnotations(lake(), { uploadId, collectionId, ...over }))
    expect(await ask({ uploadId: 'nobody' })).toBe('UPLOAD_NOT_FOUND uploadId')
    expect(await ask({ uploadId: await upload('x', 'MODEL') })).toBe('UPLOAD_PURPOSE uploadId')
    expect(await ask({ collectionId: '999999' })).toBe('COLLECTION_NOT_FOUND collectionId')
    expect(await ask({ type: 'RAW' })).toBe('PARAMETER_INVALID type')
    const wish = (over: object) => code(exportAnnotations(lake(), { scope: { collectionId }, format: 'COCO', ...over }))
    expect(await wish({ minConfidence: 1.5 })).toBe('PARAMETER_INVALID minConfidence')
    expect(await wish({ types: ['RAW'] })).toBe('PARAMETER_INVALID types')
    expect(await wish({ review: [] })).toBe('PARAMETER_INVALID review')
    expect(await wish({ scope: { uniqueNames: ['nobody'] } })).toBe('ITEMS_UNKNOWN scope.uniqueNames')
    const reader = { ...lake(), viewer: viewerOf('VIEWER') }
    expect(await code(exportAnnotations(reader, { scope: { collectionId }, format: 'COCO' }))).toBe(
      'PERMISSION_MISSING',
    )
    expect(await code(importAnnotations(reader, { uploadId, collectionId }))).toBe('PERMISSION_MISSING')
  })

  test('with the same key gives the same job, and another request under it is refused', async () => {
    const { collectionId } = await aCollection()
    const input = { uploadId: await upload(coco([anAnnotation({})])), collectionId, idempotencyKey: `k${count}` }
    const job = await importAnnotations(lake(), input)
    await finished(job)
    expect((await importAnnotations(lake(), input)).id).toBe(job.id)
    expect(await countAnnotationsOfJob(database(), job.id)).toBe(1)
    expect(await code(importAnnotations(lake(), { ...input, type: 'MACHINE' }))).toBe(
      'IDEMPOTENCY_KEY_REUSED idempotencyKey',
    )
    expect(
      await code(
        exportAnnotations(lake(), { scope: { collectionId }, format: 'CSV', idempotencyKey: input.idempotencyKey }),
      ),
    ).toBe('IDEMPOTENCY_KEY_REUSED idempotencyKey')
  })
})
