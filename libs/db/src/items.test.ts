import type { ItemPredicate } from './itemPredicate'
import { countItems, estimateItems, isItemKey, listItems } from './items'
import type { ItemOrderKey, ItemSelection } from './itemSelection'
import { useDatabase } from './testing'

const database = useDatabase()
const everything: ItemSelection = { collectionId: null, itemIds: null, contentType: null, predicate: null }
const orders: ItemOrderKey[] = ['id', 'createdAt', 'updatedAt', 'name', 'byteSize']
let made = 0

/** Items with the same few sizes and times, microseconds apart, so that every order has ties and near ties. */
async function add(count: number): Promise<void> {
  await database().query(
    `insert into item (collection_id, unique_name, name, content_type, media_type, digest, byte_size, created_by, created_at, updated_at)
     select (select min(id) from collection), 'c_' || md5(n::text), n::text, 'IMAGE', 'image/png', repeat('a', 64), n % 3, 'test',
       timestamptz '2026-01-01' + (n * 7 % 5) * interval '1 microsecond', timestamptz '2026-01-01' + (n * 3 % 4) * interval '1 microsecond'
     from generate_series($1::integer, $2::integer) n`,
    [made, made + count - 1],
  )
  await database().query(
    `insert into annotation (item_id, label, source, kind) select id, 'Bird', 'HUMAN', 'BOX' from item i, generate_series(1, 2)
     where not exists (select from annotation a where a.item_id = i.id) and i.name::integer % 2 = 0`,
  )
  made += count
}

beforeAll(async () => {
  await database().query(`insert into blob (digest, byte_size) values (repeat('a', 64), 1)`)
  await database().query(`insert into collection (name, content_type, created_by) values ('c', 'IMAGE', 'test')`)
})
beforeEach(async () => {
  await database().query('truncate item cascade')
  made = 0
})

const labelled: ItemPredicate = {
  kind: 'annotated',
  where: { kind: 'label', test: { op: 'in', values: ['bird'] } },
  rejectedToo: false,
}

describe.each([
  ['all items', everything],
  ['items of a label', { ...everything, predicate: labelled }],
  [
    'items of a label and more',
    { ...everything, predicate: { kind: 'and', of: [labelled, { kind: 'contentType', in: ['IMAGE'] }] } },
  ],
] as [string, ItemSelection][])('%s, page by page', (_name, selection) => {
  test.each(orders.flatMap((by) => [false, true].map((descending): [ItemOrderKey, boolean] => [by, descending])))(
    'by %s, descending: %s: each once and in order, while others are added',
    async (by, descending) => {
      await add(40)
      const whole = await listItems(database(), selection, by, { key: null, descending, limit: 1_000 })
      expect(whole).toHaveLength(selection.predicate === null ? 40 : 20)
      const seen: string[] = []
      for (let key: string | null = null; ;) {
        const page = await listItems(database(), selection, by, { key, descending, limit: 7 })
        seen.push(...page.map((row) => row.id))
        key = page.at(-1)?.sortKey ?? null
        if (key === null) break
        expect(isItemKey(by, key)).toBe(true)
        if (made < 60) await add(5)
      }
      const first = new Set(whole.map((row) => row.id))
      expect(seen.filter((id) => first.has(id))).toEqual(whole.map((row) => row.id))
      expect(new Set(seen).size).toBe(seen.length)
    },
  )
})

test('counts and estimates of few items are exact', async () => {
  await add(30)
  const selection = { ...everything, predicate: labelled }
  expect([await countItems(database(), selection), await estimateItems(database(), selection)]).toEqual([15, 15])
})

test.each<[ItemOrderKey, string]>([
  ['id', ''],
  ['id', '1; drop'],
  ['id', '1234567890123456789'],
  ['createdAt', '2026-01-01T00:00:00.000Z 1'],
  ['createdAt', '2026-02-31T00:00:00.000000Z 1'],
  ['updatedAt', '0000-01-01T00:00:00.000000Z 1'],
  ['updatedAt', '2026-01-01T25:00:00.000000Z 1'],
  ['byteSize', '1'],
  ['byteSize', '1 2 3'],
  ['name', 'a\0b'],
  ['name', '\ud800'],
])('for the order by %s %j is no key', (by, key) => {
  expect(isItemKey(by, key)).toBe(false)
})
