import { insertCollection, insertItems, itemsCalled, touchBlob, type Db } from '.'
import { testDatabaseKind, useDatabase } from './testing'

const database = useDatabase()
let collectionId: string

beforeAll(async () => {
  const digest = 'e'.repeat(64)
  await touchBlob(database(), { digest, byteSize: 1 })
  const made = await insertCollection(database(), {
    name: 'c',
    contentType: 'IMAGE',
    createdBy: 'x',
    metadata: {},
    tags: [],
  })
  collectionId = made!.id
  const names = [
    'a.png',
    'a.b.png',
    'A.jpg',
    'twice.png',
    'twice.jpg',
    'c_x.png',
    'x.png',
    'bare',
    'é.png',
    'a_.gif',
    'a%.gif',
  ]
  await insertItems(
    database(),
    names.map((name) => ({
      collectionId,
      uniqueName: `c_${name}`,
      name,
      contentType: 'IMAGE' as const,
      mediaType: 'image/png',
      digest,
      byteSize: 1,
      width: 1,
      height: 1,
      thumbnailDigest: null,
    })),
    'x',
  )
  await database().query(
    `insert into item (collection_id, unique_name, name, content_type, media_type, digest, byte_size, created_by)
     select $1, 'c_' || n, n || '.jpg', 'IMAGE', 'image/jpeg', $2, 1, 'x' from generate_series(1, 20000) as n`,
    [collectionId, digest],
  )
  await database().query('analyze item')
})

test('a name is a name, else a unique name, else a stem that only one item has', async () => {
  const asked = ['a.png', 'c_x.png', 'c_bare', 'a', 'A', 'a.b', 'twice', 'bare', 'é', 'a_', 'nobody', '']
  const told = async (stems: boolean) =>
    Object.fromEntries(
      [...(await itemsCalled(database(), collectionId, asked, { stems }))].map(([name, item]) => [name, item.name]),
    )
  const named = { 'a.png': 'a.png', 'c_x.png': 'c_x.png', c_bare: 'bare', bare: 'bare' }
  expect(await told(false)).toEqual(named)
  expect(await told(true)).toEqual({ ...named, a: 'a.png', A: 'A.jpg', 'a.b': 'a.b.png', é: 'é.png', a_: 'a_.gif' })
  expect(await itemsCalled(database(), '999999', asked, { stems: true })).toEqual(new Map())
})

test('a few names are looked up by index, however large the collection', async () => {
  const plans: string[] = []
  const explaining = {
    ...database(),
    query: async (text: string, values?: readonly unknown[]) => {
      const { rows } = await database().query<{ 'QUERY PLAN': string }>(`explain ${text}`, values)
      plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'))
      return { rows: [], rowCount: 0 }
    },
  } as unknown as Db
  await itemsCalled(explaining, collectionId, ['1', '2', '3'], { stems: true })
  expect(plans).toHaveLength(2)
  for (const plan of plans)
    expect([testDatabaseKind(), plan]).toEqual([testDatabaseKind(), expect.not.stringContaining('Seq Scan on item')])
  expect(plans[1]).toContain('item_name')
})
