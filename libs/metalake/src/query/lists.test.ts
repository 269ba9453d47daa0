import { useDatabase } from '@lakelens/db/testing'
import { listItems, type ItemOrder } from '../items'
import { useTestLake } from '../uploads/uploadsTestLake'
import { explainQuery, queryFields, validateQuery } from '.'
import { anAnnotation, anItem, fillLake, type LakeItem } from './testing/lakeItems'

const database = useDatabase()
const { lake } = useTestLake(database)

const items: LakeItem[] = [
  anItem('a.jpg', {
    byteSize: 30,
    createdAt: '2026-03-01T00:00:00.000Z',
    updatedAt: '2026-03-09T00:00:00.000Z',
    metadata: {
      'Captured Location': 'Winnipeg',
      camera: { model: 'X100' },
      'a.b': 'R AND D',
      Captain: ['Ann', 'Bob'],
      n: 7,
    },
    tags: ['Water', 'wind'],
    derivedTags: ['bird'],
    annotations: [
      anAnnotation('Bird', { source: 'HUMAN', confidence: null, by: 'Ann' }),
      anAnnotation('boat', { confidence: 0.4 }),
    ],
    vectors: [{ name: 'resnet50', version: 1 }],
  }),
  anItem('b.jpg', {
    byteSize: 10,
    createdAt: '2026-03-31T23:59:59.999Z',
    metadata: { 'Captured Location': 'Brandon' },
    annotations: [anAnnotation('bird', { confidence: 0.9 }), anAnnotation('%_\\', { review: 'REJECTED' })],
  }),
  anItem('c.jpg', { byteSize: 10, createdAt: '2026-04-01T00:00:00.000Z', collection: 'others' }),
  anItem('d.jpg', {
    byteSize: 20,
    createdAt: '2026-02-28T23:59:59.999Z',
    updatedAt: '2026-03-08T00:00:00.000Z',
    annotations: [anAnnotation('cat', { review: 'REJECTED' })],
  }),
]
beforeAll(() => fillLake(database(), items))

const idOf = async (collection: string): Promise<string> =>
  (await database().query<{ id: string }>('select id from collection where name = $1', [collection])).rows[0]
    ?.id as string

const names = async (args: Parameters<typeof listItems>[1]): Promise<string[]> =>
  (await listItems(lake(), args)).edges.map((edge) => edge.node.name)

describe('filter', () => {
  test.each([
    [{ annotationTypes: ['HUMAN'] }, ['a.jpg']],
    [{ annotationTypes: ['MACHINE'] }, ['a.jpg', 'b.jpg']],
    [{ annotationTypes: ['RAW'] }, ['c.jpg', 'd.jpg']],
    [{ annotationTypes: ['RAW', 'HUMAN'] }, ['a.jpg', 'c.jpg', 'd.jpg']],
    [{ annotationTypes: ['RAW', 'HUMAN', 'MACHINE'] }, ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg']],
    [{ annotationTypes: [] }, ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg']],
    [{}, ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg']],
    [{ fromDate: '2026-03-01' }, ['a.jpg', 'b.jpg', 'c.jpg']],
    [{ toDate: '2026-03-31' }, ['a.jpg', 'b.jpg', 'd.jpg']],
    [{ fromDate: '2026-03-01', toDate: '2026-03-31' }, ['a.jpg', 'b.jpg']],
    [{ fromDate: '2026-04-01', toDate: '2026-04-01' }, ['c.jpg']],
    [{ fromDate: '2026-03-31T23:59:59.999Z', toDate: '2026-03-31T23:59:59.999Z' }, ['b.jpg']],
    [{ toDate: '2026-03-31T23:59:59.998Z' }, ['a.jpg', 'd.jpg']],
    [{ fromDate: '2026-04-01T00:00:00+02:00' }, ['b.jpg', 'c.jpg']],
  ] as const)('%j finds %j', async (filter, expected) => {
    expect((await names({ filter })).sort()).toEqual(expected)
  })

  test('narrows the query, and the scope both', async () => {
    const query = 'annotation.label=bird'
    const filter = { fromDate: '2026-03-15' }
    expect(await names({ query })).toEqual(['b.jpg', 'a.jpg'])
    expect(await names({ query, filter })).toEqual(['b.jpg'])
    expect(await names({ filter, scope: { collectionId: await idOf('others') } })).toEqual(['c.jpg'])
    expect(await names({ query, filter, scope: { uniqueNames: ['birds_a.jpg', 'birds_d.jpg'] } })).toEqual([])
    expect(await names({ query, scope: { metalake: { contentType: 'VIDEO' } } })).toEqual([])
  })

  test.each([
    [{ fromDate: '2026-02-30' }, 'FILTER_DATE', ['filter', 'fromDate']],
    [{ toDate: 'yesterday' }, 'FILTER_DATE', ['filter', 'toDate']],
    [{ toDate: '2026-03-01T10:00' }, 'FILTER_DATE', ['filter', 'toDate']],
    [{ fromDate: '0000-01-01' }, 'FILTER_RANGE', ['filter', 'toDate']],
    [{ fromDate: '2026-03-02', toDate: '2026-03-01' }, 'FILTER_RANGE', ['filter', 'toDate']],
    [{ fromDate: '2026-03-01T10:00:00Z', toDate: '2026-03-01T09:59:59Z' }, 'FILTER_RANGE', ['filter', 'toDate']],
    [{ annotationTypes: ['ROBOT'] }, 'PARAMETER_INVALID', ['filter', 'annotationTypes', '0']],
  ])('%j is refused with %s', async (filter, code, path) => {
    const asked = { ...(code === 'FILTER_RANGE' ? { toDate: '0001-01-01' } : {}), ...filter } as never
    await expect(listItems(lake(), { filter: asked })).rejects.toMatchObject({ code, path })
  })
})

describe('lists', () => {
  test.each<[ItemOrder['field'], string[]]>([
    ['CREATED_AT', ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg']],
    ['UPDATED_AT', ['b.jpg', 'c.jpg', 'd.jpg', 'a.jpg']],
    ['NAME', ['a.jpg', 'b.jpg', 'd.jpg', 'c.jpg']],
    ['SIZE', ['b.jpg', 'c.jpg', 'd.jpg', 'a.jpg']],
  ])('by %s, page by page, forwards and backwards', async (field, expected) => {
    for (const direction of ['ASC', 'DESC'] as const) {
      const wanted = direction === 'ASC' ? expected : [...expected].reverse()
      const seen: string[] = []
      let after: string | null = null
      do {
        const page = await listItems(lake(), { orderBy: { field, direction }, first: 1, after })
        seen.push(...page.edges.map((edge) => edge.node.name))
        after = page.hasNextPage ? (page.edges.at(-1)?.cursor ?? null) : null
      } while (after !== null)
      expect(seen).toEqual(wanted)
      const last = await listItems(lake(), { orderBy: { field, direction }, last: 3 })
      expect(last.edges.map((edge) => edge.node.name)).toEqual(wanted.slice(1))
      const before = await listItems(lake(), {
        orderBy: { field, direction },
        last: 2,
        before: last.edges[1]?.cursor ?? '',
      })
      expect(before.edges.map((edge) => edge.node.name)).toEqual(wanted.slice(0, 2))
    }
  })

  test('a range of upload is in the order of upload, whatever the order of adding', async () => {
    const args = { query: 'date>=2026-02-01', first: 2 }
    const page = await listItems(lake(), args)
    expect(page.edges.map((edge) => edge.node.name)).toEqual(['c.jpg', 'b.jpg'])
    expect(await names({ ...args, after: page.edges[1]?.cursor ?? '' })).toEqual(['a.jpg', 'd.jpg'])
    expect(await page.totalCount()).toBe(4)
  })

  test('a page by label goes on after its cursor, each item once', async () => {
    const args = { query: 'annotation.label~b', first: 1 }
    const [first] = (await listItems(lake(), args)).edges
    const [second, ...none] = (await listItems(lake(), { ...args, first: 5, after: first?.cursor ?? '' })).edges
    expect([first?.node.name, second?.node.name, none.length]).toEqual(['b.jpg', 'a.jpg', 0])
    const exact = await listItems(lake(), { query: 'annotation.label=BIRD', last: 1 })
    expect([exact.edges[0]?.node.name, exact.hasPreviousPage, await exact.totalCount()]).toEqual(['a.jpg', true, 2])
  })

  test.each([
    'item-id:1 or 1=1',
    'item-id:',
    'item-name:x',
    'item-byteSize:1 2',
    'nonsense',
    'item-id:99999999999999999999',
  ])('the cursor %s is refused', async (text) => {
    const after = Buffer.from(text).toString('base64url')
    await expect(listItems(lake(), { after })).rejects.toMatchObject({ code: 'PAGE_ARGUMENTS' })
  })

  test.each([
    ['UPDATED_AT', 'item-updatedAt:2026-13-45T99:00:00.000000Z 1'],
    ['UPDATED_AT', 'item-updatedAt:now 1'],
    ['SIZE', 'item-byteSize:1'],
    ['NAME', 'item-name:\0'],
  ] as const)('by %s the cursor %j is refused', async (field, text) => {
    const after = Buffer.from(text).toString('base64url')
    await expect(listItems(lake(), { orderBy: { field, direction: 'ASC' }, after })).rejects.toMatchObject({
      code: 'PAGE_ARGUMENTS',
    })
  })
})

describe('validateQuery', () => {
  test('says what a query means, how many items it finds, and what it may not mean', async () => {
    const validation = await validateQuery(lake(), {
      query: '  ANNOTATION.label = bird AND (annotation.confidence>=0.8) AND NOT metadata.x=1',
      filter: { toDate: '2026-03-31' },
    })
    expect(validation).toMatchObject({
      ok: true,
      normalized: 'annotation.label=bird AND annotation.confidence>=0.8 AND NOT metadata.x=1',
      errors: [],
      warnings: [expect.stringContaining('`annotation(label=bird AND confidence>=0.8)`')],
    })
    expect(await validation.matched()).toBe(1)
  })

  test.each([
    ['annotation(label=bird AND confidence>=0.8)', 0],
    ['annotation.label=bird AND annotation.label=dog', 0],
    ['annotation.label=bird OR annotation.confidence>=0.8', 0],
    ['annotation.type=raw AND annotation.confidence>=0.8', 0],
    ['item.width=1 AND (annotation.label=bird AND annotation.by=Ann)', 1],
    ['NOT (annotation.label=bird AND annotation.by=Ann)', 1],
    ['annotation.label=bird and annotation.label=dog', 1],
    ['annotation.label=bird or tag.label in (dog)', 1],
    ['annotation(label=bird and confidence>=0.8)', 1],
    ['metadata.title~bird && metadata.year>2000', 1],
    ['NOT annotation.label==bird', 1],
    ['annotation.label=in (bird, dog)', 1],
    ['annotation.label=salt and pepper', 0],
    ['metadata.title="R AND D = fun"', 0],
    ['metadata.title=a=b', 0],
  ])('%s has %i warnings', async (query, count) => {
    expect((await validateQuery(lake(), { query })).warnings).toHaveLength(count)
  })

  test('tells every fault with its place, and counts nothing then', async () => {
    const validation = await validateQuery(lake(), { query: 'lable=a AND item.width=b' })
    expect([validation.ok, validation.normalized, await validation.matched()]).toEqual([false, null, null])
    expect(validation.errors.map((error) => [error.code, error.facts['position'], error.facts['expected']])).toEqual([
      ['QUERY_UNKNOWN_FIELD', 0, ['annotation.label', 'tag.label']],
      ['QUERY_VALUE', 23, ['a number']],
    ])
  })

  test('an empty query is no condition', async () => {
    const validation = await validateQuery(lake(), { query: ' \n', scope: { collectionId: await idOf('others') } })
    expect([validation.ok, validation.normalized, await validation.matched()]).toEqual([true, '', 1])
    expect(explainQuery(null)).toEqual({ normalized: null, warnings: [] })
  })

  test('needs the right to read', async () => {
    const stranger = {
      ...lake(),
      viewer: {
        ...lake().viewer,
        require: () => {
          throw new Error('FORBIDDEN')
        },
      },
    }
    await expect(validateQuery(stranger as never, { query: 'x' })).rejects.toThrow('FORBIDDEN')
    await expect(queryFields(stranger as never, {})).rejects.toThrow('FORBIDDEN')
  })
})

describe('queryFields', () => {
  const asked = async (prefix: string | null, collection?: string) => {
    const scope = collection === undefined ? null : { collectionId: await idOf(collection) }
    const fields = await queryFields(lake(), { prefix, scope })
    return Object.fromEntries(fields.map((field) => [field.path, field.examples]))
  }

  test('without a prefix: every field, and the metadata of this lake', async () => {
    const fields = await asked(null)
    expect(Object.keys(fields)).toEqual(
      expect.arrayContaining([
        'annotation.label',
        'date',
        'metadata.Captured Location',
        'metadata.camera.model',
        'metadata."a.b"',
      ]),
    )
    expect(fields).toMatchObject({
      'annotation.label': ['"%_\\\\"', 'bird', 'boat', 'cat'].map((label) =>
        label === 'bird' ? expect.stringMatching(/^bird$/i) : label,
      ),
      'annotation.type': ['raw', 'human', 'machine'],
      'annotation.by': ['Ann'],
      'tag.label': ['bird'],
      'metadata.Tags': ['Water', 'wind'],
      'metadata."a.b"': ['"R AND D"'],
      'metadata.Captain': ['Ann', 'Bob'],
      'metadata.n': ['7'],
      'analytics.embeddingModel': ['resnet50'],
      'item.width': ['640'],
      'collection.name': ['birds', 'others'],
      date: expect.arrayContaining(['2026-03-01', '2026-04-01']),
    })
  })

  test.each<[string, Record<string, string[]>]>([
    [
      'metadata.Ca',
      {
        'metadata.Captured Location': ['Brandon', 'Winnipeg'],
        'metadata.camera.model': ['X100'],
        'metadata.Captain': ['Ann', 'Bob'],
      },
    ],
    ['annotation.la', { 'annotation.label': expect.arrayContaining(['boat', 'cat']) as never }],
    ['annotation.label=Bo', { 'annotation.label': ['boat'] }],
    ['annotation.label = "Bo', { 'annotation.label': ['boat'] }],
    ['annotation.label in (cat, bo', { 'annotation.label': ['boat'] }],
    ['annotation.label=%', { 'annotation.label': ['"%_\\\\"'] }],
    ['annotation.label=\\', { 'annotation.label': [] }],
    ['metadata.Captured Location=win', { 'metadata.Captured Location': ['Winnipeg'] }],
    ['metadata.Captain!=b', { 'metadata.Captain': ['Bob'] }],
    ['metadata.unheard=of', { 'metadata.unheard': [] }],
    ['METADATA.tags~w', { 'metadata.Tags': ['Water', 'wind'] }],
    ['annotation.type=h', { 'annotation.type': ['human'] }],
    ['collection.name=o', { 'collection.name': ['others'] }],
    ['item.name=a', { 'item.name': ['a.jpg'] }],
    ['nothing.like.it', {}],
  ])('%s', async (prefix, expected) => {
    expect(await asked(prefix)).toEqual(expected)
  })

  test('in a scope: of its items alone', async () => {
    expect(await asked('annotation.label', 'others')).toEqual({ 'annotation.label': [] })
    expect(await asked('annotation.label=b', 'birds')).toEqual({
      'annotation.label': [expect.stringMatching(/^bird$/i), 'boat'],
    })
    expect(await asked('collection', 'others')).toEqual({ 'collection.name': ['others'] })
    expect(await asked('metadata.', 'others')).toEqual({
      'metadata.Tags': [],
      'metadata.name': ['c.jpg'],
      'metadata.<field>': [],
    })
  })

  test('every example is a value of its field', async () => {
    for (const { path, operators, examples } of await queryFields(lake(), {}))
      for (const example of examples)
        expect({
          path,
          example,
          ...(await validateQuery(lake(), { query: `${path}${operators[0]}${example}` })),
        }).toMatchObject({ path, example, ok: true })
  })

  test.each(['x'.repeat(1_001), 'a\0', '\ud800'])('%j is refused', async (prefix) => {
    await expect(queryFields(lake(), { prefix })).rejects.toMatchObject({ code: 'PARAMETER_INVALID', path: ['prefix'] })
  })
})
