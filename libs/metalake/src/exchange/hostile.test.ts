import { randomBytes } from 'node:crypto'
import { useDatabase } from '@lakelens/db/testing'
import { listAnnotations } from '../annotations'
import { makeItems } from '../annotations/testing/items'
import { archiveOf } from './testing/archives'
import { useExchangeLake } from './testing/exchangeLake'

const database = useDatabase()
const { imported, lake } = useExchangeLake(database)

let count = 0
const aPicture = async () => makeItems(lake(), `h${count++}`, [{ name: 'a.png' }])
const labelsOf = async (itemId: string): Promise<string[]> =>
  (await listAnnotations(lake(), itemId, { first: 100 })).edges.map(({ node }) => node.label)
const total = async (itemId: string): Promise<number> =>
  (await listAnnotations(lake(), itemId, { first: 1 })).totalCount()

const coco = (over: Record<string, unknown> = {}) => ({
  images: [{ id: 1, file_name: 'a.png', width: 640, height: 480 }],
  annotations: [{ id: 1, image_id: 1, category_id: 1, bbox: [10, 10, 20, 20] }],
  categories: [{ id: 1, name: 'cat' }],
  ...over,
})

describe('CSV', () => {
  test('thirty thousand broken rows are counted, of which ten thousand are listed; what is good among them is stored', async () => {
    const { collectionId, items } = await aPicture()
    const rows = `a.png,cat,0.1,0.1,0.2,0.2\n${'x\n'.repeat(30_000)}a.png,dog,0.1,0.1,0.2,0.2\n`
    const { job } = await imported(`name,label,x,y,width,height\n${rows}`, { collectionId, format: 'CSV' })
    expect(job).toMatchObject({ status: 'COMPLETED_WITH_ERRORS', counts: { succeeded: 2, failed: 30_000 } })
    expect(await labelsOf(items[0]!.id)).toEqual(['cat', 'dog'])
  })

  test('more columns than any table has are refused: each row would be an object of as many fields', async () => {
    const { collectionId } = await aPicture()
    const header = Array.from({ length: 2_000 }, (_, n) => `c${n}`).join()
    const { job } = await imported(`name,label,${header}\na.png,cat${','.repeat(2_000)}\n`, {
      collectionId,
      format: 'CSV',
    })
    expect(job.error).toMatchObject({ code: 'ANNOTATION_FILE_INVALID' })
    expect(job.error?.message).toContain('columns')
  })

  test('text that is no UTF-8 is a failure, not a label with a hole in it', async () => {
    const { collectionId, items } = await aPicture()
    const rows = Buffer.from('name,label\na.png,M\xfcll\na.png,M\xc3\xbcll\n', 'latin1')
    const { job, failures } = await imported(rows, { collectionId, format: 'CSV' })
    expect(job.counts).toMatchObject({ succeeded: 1, failed: 1 })
    expect(failures).toMatchObject([{ message: expect.stringContaining('UTF-8') }])
    expect(await labelsOf(items[0]!.id)).toEqual(['Müll'])
  })
})

describe('COCO', () => {
  test('an id that no index keeps is a failure of its image', async () => {
    const { collectionId } = await aPicture()
    // Three bytes a character, and nothing repeats: it can't be compressed.
    const id = Array.from({ length: 990 }, () =>
      String.fromCharCode(0x4e00 + (randomBytes(2).readUInt16LE() % 20_000)),
    ).join('')
    const file = coco({
      images: [
        { id, file_name: 'a.png' },
        { id: 2, file_name: 'a.png' },
      ],
      annotations: [
        { id: 1, image_id: id, category_id: 1, bbox: [1, 1, 9, 9] },
        { id: 2, image_id: 2, category_id: 1, bbox: [1, 1, 9, 9] },
      ],
    })
    const { job } = await imported(JSON.stringify(file), { collectionId })
    expect(job).toMatchObject({ error: null, counts: { succeeded: 1 } })
  })

  test('a picture of less than a pixel has no size: coordinates are those of the item', async () => {
    const { collectionId, items } = await aPicture()
    const { job } = await imported(
      JSON.stringify(coco({ images: [{ id: 1, file_name: 'a.png', width: 1e-9, height: 0.5 }] })),
      { collectionId },
    )
    expect(job.counts).toMatchObject({ succeeded: 1, failed: 0 })
    const [only] = (await listAnnotations(lake(), items[0]!.id, { first: 1 })).edges
    expect(only?.node.box?.x).toBeCloseTo(10 / 640, 9)
  })

  test('a name or id of megabytes is not kept', async () => {
    const { collectionId } = await aPicture()
    const long = 'x'.repeat(3_000_000)
    const { job } = await imported(
      JSON.stringify(
        coco({
          categories: [
            { id: 1, name: 'cat' },
            { id: long, name: 'cat' },
            { id: 2, name: long },
          ],
          annotations: [
            { id: 1, image_id: 1, category_id: 1, bbox: [10, 10, 20, 20] },
            { id: 2, image_id: 1, category_id: 2, bbox: [10, 10, 20, 20] },
            { id: 3, image_id: 1, category_id: 3, bbox: [10, 10, 20, 20] },
          ],
        }),
      ),
      { collectionId },
    )
    expect(job).toMatchObject({ status: 'COMPLETED_WITH_ERRORS', counts: { succeeded: 1, failed: 2 } })
  })

  test('many shapes inside the same box: each is known again', async () => {
    const { collectionId, items } = await aPicture()
    const annotations = Array.from({ length: 90 }, (_, n) => ({
      id: n + 1,
      image_id: 1,
      category_id: 1,
      segmentation: [[0, 0, 100, 0, 100, 100, 0, 100, 1 + n, 50]],
    }))
    const file = JSON.stringify(coco({ annotations }))
    expect((await imported(file, { collectionId })).job.counts).toMatchObject({ succeeded: 90, skipped: 0 })
    expect((await imported(file, { collectionId })).job.counts).toMatchObject({ succeeded: 0, skipped: 90 })
    expect(await total(items[0]!.id)).toBe(90)
  })

  test('a long text beside a long number does not make the file unreadable', async () => {
    const { collectionId } = await aPicture()
    const annotations = [
      { id: 12345678901234567890, note: 'x'.repeat(4_000_000), image_id: 1, category_id: 1, bbox: [1, 1, 9, 9] },
    ]
    const text = JSON.stringify(coco({ annotations })).replace('12345678901234567000', '12345678901234567890')
    expect((await imported(text, { collectionId })).job).toMatchObject({ error: null, counts: { succeeded: 1 } })
  })
})

test.each([
  ['CSV', '', 'it is empty'],
  ['CSV', '\r\n\r\n', 'it is empty'],
  ['COCO', '{}', '`images`'],
  ['COCO', '{"shapes": [], "imagePath": "a.png"}', '`images`'],
  ['COCO', '{"images": [], "categories": []}', '`annotations`'],
] as const)('a file of %s that is none (%j) is not a file of nothing', async (format, content, reason) => {
  const { collectionId } = await aPicture()
  const { job } = await imported(content, { collectionId, format })
  expect(job.error).toMatchObject({ code: 'ANNOTATION_FILE_INVALID', message: expect.stringContaining(reason) })
})

describe('YOLO', () => {
  test('a list of classes that is a bomb of YAML is refused soon', async () => {
    const { collectionId } = await aPicture()
    const yaml = `names: [${'[],'.repeat(1_200_000)}]`
    const started = Date.now()
    const { job } = await imported(await archiveOf({ 'data.yaml': yaml, 'labels/a.txt': '0 0.5 0.5 0.1 0.1\n' }), {
      collectionId,
      format: 'YOLO',
    })
    expect(job.error).toMatchObject({ code: 'ANNOTATION_FILE_INVALID' })
    expect(Date.now() - started).toBeLessThan(3_000)
  })
})
