// The plans of the main queries, on real Postgres: where an index serves, items are never read one by one.
import type { Db } from './db'
import type { AnnotationPredicate, ItemPredicate } from './itemPredicate'
import { countItems, estimateItems, listItems } from './items'
import type { ItemOrderKey, ItemSelection } from './itemSelection'
import { ensureEmbeddingPartition } from './partition'
import { exampleMetadata, exampleValues, type ExampleSource } from './queryExamples'
import { testDatabaseKind, useDatabase } from './testing'

const onPostgres = testDatabaseKind() === 'postgres' ? describe : describe.skip
const items = Number(process.env.LAKELENS_TEST_PLAN_ITEMS ?? 20_000)

onPostgres('plans on a lake of many items', () => {
  const database = useDatabase()

  beforeAll(async () => {
    const db = database()
    await db.query(`insert into blob (digest, byte_size) values (repeat('a', 64), 1)`)
    await db.query(
      `insert into collection (name, content_type, created_by) select 'collection ' || n, 'IMAGE', 'test' from generate_series(1, 20) n`,
    )
    await db.query(
      `insert into item (collection_id, unique_name, name, content_type, media_type, digest, byte_size, width, height, metadata, tags, created_by, created_at)
       select 1 + n % 20, 'collection ' || 1 + n % 20 || '_IMG_' || n || '.jpg', 'IMG_' || n || '.jpg', 'IMAGE', 'image/jpeg', repeat('a', 64), n * 10,
         640, 480, jsonb_build_object('city', 'city ' || n % 1000, 'year', 1990 + n % 30), array['tag ' || n % 1000], 'test',
         timestamptz '2020-01-01' + n * interval '10 minutes'
       from generate_series(1, $1::integer) n`,
      [items],
    )
    // Every item has a frequent label, one in three and in a hundred others, ten in all a rare one, and the oldest tenth one of their own.
    await db.query(
      `insert into annotation (item_id, label, source, kind, confidence)
       select id, label, 'MACHINE', 'BOX', 0.5 from item, lateral (values ('Person', true), ('Car', id % 3 = 0), ('Dog', id % 100 = 0),
         ('Rare', id % ($1::integer / 10) = 7), ('Early', id < $1::integer / 10)) as found (label, has)
       where has`,
      [items],
    )
    await db.query(
      `insert into item_tag (item_id, label, source, count) select distinct item_id, label, 'MACHINE', 1 from annotation`,
    )
    for (const [name, every] of [
      ['frequent', 2],
      ['seldom', items / 5],
    ] as const) {
      const { rows } = await db.query<{ id: string }>(
        `with named as (insert into model (name, application, is_system) values ($1, 'EMBEDDING', false) returning id)
         insert into model_version (model_id, version, status, origin, manifest) select id, 1, 'VALIDATING', 'REGISTERED', '{}' from named returning id`,
        [name],
      )
      const version = rows[0]?.id ?? ''
      await db.transaction((tx) => ensureEmbeddingPartition(tx, version, 2))
      await db.query(
        `insert into embedding (model_version_id, item_id, embedding, source) select $1, id, '[1,2]', 'INSERTED' from item where id % $2::integer = 1`,
        [version, every],
      )
    }
    await db.query(`update annotation set source = 'HUMAN', confidence = null where lower(label) = 'rare'`)
    await db.query('vacuum analyze')
  }, 240_000)

  const where = (predicate: ItemPredicate | null, selection: Partial<ItemSelection> = {}): ItemSelection => ({
    collectionId: null,
    itemIds: null,
    contentType: null,
    predicate,
    ...selection,
  })
  const annotated = (of: AnnotationPredicate): ItemPredicate => ({ kind: 'annotated', where: of, rejectedToo: false })
  const label = (...values: string[]): AnnotationPredicate => ({ kind: 'label', test: { op: 'in', values } })
  const both = (...of: ItemPredicate[]): ItemPredicate => ({ kind: 'and', of })
  const city = (...scalars: (string | number)[]): ItemPredicate => ({
    kind: 'metadata',
    path: ['city'],
    test: { op: 'in', scalars },
  })
  const oldDays: ItemPredicate = {
    kind: 'instant',
    column: 'createdAt',
    from: '2020-01-03T00:00:00Z',
    before: '2020-01-05T00:00:00Z',
  }

  /** The plan of what is asked as it ran, and the most rows (or loops) any step of it handled. */
  async function planOf(ask: (db: Db) => Promise<unknown>) {
    let plan = ''
    const explaining: Db = {
      kind: 'postgres',
      origin: database(),
      query: async (text, values) => {
        // What is looked up before the page itself is asked for as it is.
        if (text.startsWith('select array[')) return database().query(text, values)
        const { rows } = await database().query<{ 'QUERY PLAN': string }>(
          `explain (analyze, costs off, timing off) ${text}`,
          values,
        )
        plan = rows.map((row) => row['QUERY PLAN']).join('\n')
        return { rows: [], rowCount: 0 }
      },
    }
    await ask(explaining)
    const handled = [...plan.matchAll(/actual rows=([\d.]+) loops=(\d+)/g)].map(
      (m) => Math.max(Number(m[1]), 1) * Number(m[2]),
    )
    return { plan, handled: Math.max(...handled) }
  }
  const firstPage = (selection: ItemSelection, by: ItemOrderKey, key: string | null) =>
    planOf((db) => listItems(db, selection, by, { key, descending: true, limit: 21 }))

  test.each<[name: string, selection: ItemSelection, by: ItemOrderKey, index: RegExp, most: number]>([
    ['a rare label', where(annotated(label('RARE'))), 'id', /annotation_live_label/, 21],
    ['a label nobody has', where(annotated(label('none'))), 'id', /annotation_live_label/, 21],
    ['a frequent label', where(annotated(label('person'))), 'id', /annotation_live_label/, 21],
    ['a label of the oldest items alone', where(annotated(label('early'))), 'id', /annotation_live_label/, 21],
    ['a rare tag', where({ kind: 'derivedTag', test: { op: 'in', values: ['Rare'] } }), 'id', /item_tag_label/, 21],
    ['a rare label by name', where(annotated(label('rare'))), 'name', /annotation_live_label/, 21],
    [
      'a rare and a frequent label',
      where(both(annotated(label('person')), annotated(label('rare')))),
      'id',
      /annotation_live_label/,
      21,
    ],
    [
      'a rare label in a collection',
      where(annotated(label('rare')), { collectionId: '3' }),
      'id',
      /annotation_live_label/,
      21,
    ],
    ['rare ones of a list', where(annotated(label('rare', 'none'))), 'id', /annotation_live_label/, 21],
    ['annotations of people', where(annotated({ kind: 'source', in: ['HUMAN'] })), 'id', /annotation_live_source/, 21],
    [
      'annotations of models',
      where(annotated({ kind: 'source', in: ['MACHINE'] })),
      'id',
      /annotation_(item|live)/,
      21,
    ],
    [
      'annotations of people in a collection',
      where(annotated({ kind: 'source', in: ['HUMAN'] }), { collectionId: '3' }),
      'id',
      /annotation_live_source/,
      21,
    ],
    [
      'vectors of a model',
      where({ kind: 'embedding', model: { op: 'in', models: [{ name: 'Frequent', version: null }] } }),
      'id',
      /embedding/,
      50,
    ],
    [
      'vectors that few items have',
      where({ kind: 'embedding', model: { op: 'in', models: [{ name: 'Seldom', version: 1 }] } }),
      'id',
      /embedding/,
      21,
    ],
    ['metadata', where(city('city 7')), 'id', /item_metadata/, items / 250],
    [
      'metadata and a frequent label',
      where(both(annotated(label('person')), city('city 7'))),
      'id',
      /item_metadata/,
      items / 250,
    ],
    [
      'custom tags',
      where({ kind: 'customTag', test: { op: 'in', values: ['TAG 7'] } }),
      'id',
      /item_tags/,
      items / 250,
    ],
    ['days of upload long ago', where(oldDays), 'createdAt', /item_created_at/, 21],
    [
      'a unique name in another case',
      where({ kind: 'text', column: 'uniqueName', test: { op: 'in', values: ['COLLECTION 3_img_2.jpg'] } }),
      'id',
      /item_folded_unique_name/,
      21,
    ],
    [
      'a name in another case',
      where({ kind: 'text', column: 'name', test: { op: 'in', values: ['img_77.JPG'] } }),
      'id',
      /item_name/,
      21,
    ],
    ['size', where(null), 'byteSize', /item_byte_size/, 21],
    ['time of the last change', where(null), 'updatedAt', /item_updated_at/, 21],
    ['names', where(null), 'name', /item_unique_name_key/, 21],
  ])('the first page by %s', async (_name, selection, by, index, most) => {
    const { plan, handled } = await firstPage(selection, by, null)
    expect(plan).toMatch(index)
    expect(plan).not.toMatch(/Seq Scan on (item|annotation|item_tag)\b/)
    expect({ plan, isBounded: handled <= most * 2 }).toEqual({ plan, isBounded: true })
  })

  test.each<[ItemOrderKey, string]>([
    ['id', `${items / 2}`],
    ['createdAt', `2020-01-20T00:00:00.000000Z ${items / 2}`],
    ['byteSize', `5000 500`],
    ['name', 'collection 3_IMG_1'],
  ])('a page from the middle in the order of %s starts there', async (by, key) => {
    const { plan, handled } = await firstPage(where(null), by, key)
    expect(plan).toMatch(/Index Cond/)
    expect(handled).toBeLessThanOrEqual(21)
  })

  test.each<[ExampleSource | 'metadata', string, RegExp, number]>([
    // Five labels are five steps.
    ['label', '', /annotation_live_label/, 10],
    ['label', 'ra', /annotation_live_label/, 10],
    ['derivedTag', '', /item_tag_label/, 10],
    ['wholeName', 'img_77', /item_name/, 2_000],
    ['customTag', 'tag 7', /item_pkey/, 2_000],
    ['by', '', /item_pkey/, 12_000],
    ['metadata', 'city 7', /item_pkey/, 8_000],
  ])(
    'examples of %s that begin with "%s" are found without reading the lake',
    async (source, startsWith, index, most) => {
      const question = { selection: where(null), startsWith, limit: 10 }
      const { plan, handled } = await planOf((db) =>
        source === 'metadata' ? exampleMetadata(db, { ...question, path: null }) : exampleValues(db, source, question),
      )
      expect(plan).toMatch(index)
      expect(plan).not.toMatch(/Seq Scan on (item|annotation|item_tag)\b/)
      expect({ plan, isBounded: handled <= most }).toEqual({ plan, isBounded: true })
    },
  )

  test('an estimate is near, where an exact count is not cheap', async () => {
    const all = await estimateItems(database(), where(null))
    expect(Math.abs(all - items)).toBeLessThan(items / 20)
    expect(await estimateItems(database(), where(annotated(label('rare'))))).toBe(
      await countItems(database(), where(annotated(label('rare')))),
    )
  })

  test('what takes long to count is no handful, and keeps nobody waiting', async () => {
    const selection = where({ kind: 'metadata', path: ['nowhere'], test: { op: 'like', pattern: '%a%' } })
    expect(await countItems(database(), selection)).toBe(0)
    expect(await estimateItems(database(), selection, 1)).toBeGreaterThanOrEqual(20_000)
    expect(await estimateItems(database(), selection, 60_000)).toBe(0)
    const { rows } = await database().query(`show statement_timeout`)
    expect(rows).toEqual([{ statement_timeout: '1min' }])
  })
})
