import { Readable } from 'node:stream'
import { useDatabase } from '@lakelens/db/testing'
import { isLakeError } from '@lakelens/kernel'
import { viewerOf } from '../access'
import { createCollection, updateCollection } from '../collections'
import { createUpload, receiveUpload } from '../uploads'
import { useTestLake } from '../uploads/uploadsTestLake'
import { addItems, getItem, updateItemMetadata, type NewItem } from '.'
import { describe as describeItem, readPatch, shownMetadata } from './metadata'

const database = useDatabase()
const { lake } = useTestLake(database)

let made = 0
async function upload(): Promise<string> {
  const text = `picture 4x3 ${made++}`
  const { id } = await createUpload(lake(), { fileName: `${made}.png`, byteSize: text.length, purpose: 'ITEM' })
  await receiveUpload(lake(), id, Readable.from([Buffer.from(text)], { objectMode: false }))
  return id
}

const add = async (collectionId: string, ...items: Omit<NewItem, 'source'>[]) =>
  addItems(lake(), {
    collectionId,
    items: await Promise.all(items.map(async (item) => ({ ...item, source: { uploadId: await upload() } }))),
  })

const refusal = async (work: () => unknown): Promise<{ code: string; path: readonly string[] }> => {
  try {
    await work()
  } catch (error) {
    if (isLakeError(error)) return { code: error.code, path: error.path ?? [] }
    throw error
  }
  return { code: 'nothing was refused', path: [] }
}

const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) })
const fields = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${n}`, n]))

test('an item has what its collection says under what it says itself, and the tags of both', async () => {
  const collection = await createCollection(lake(), {
    name: 'lakes',
    contentType: 'IMAGE',
    metadata: { 'Captured Location': 'Winnipeg', camera: { make: 'A', iso: 100 }, Tags: ['Water'] },
    tags: ['summer'],
  })
  const { items, errors } = await add(
    collection.id,
    { name: 'plain.png' },
    { name: 'own.png', metadata: { camera: { make: 'B' }, Tags: 'water' }, tags: [' night ', 'SUMMER'] },
  )
  expect(errors).toEqual([])
  expect(items.map(shownMetadata)).toEqual([
    { 'Captured Location': 'Winnipeg', camera: { make: 'A', iso: 100 }, Tags: ['Water', 'summer'] },
    { 'Captured Location': 'Winnipeg', camera: { make: 'B' }, Tags: ['water', 'night', 'SUMMER'] },
  ])
})

test('what a collection gives changes for those who come after', async () => {
  const collection = await createCollection(lake(), {
    name: 'seasons',
    contentType: 'IMAGE',
    metadata: { year: 2025, place: 'x' },
    tags: ['old'],
  })
  await add(collection.id, { name: 'before.png' })
  const changed = await updateCollection(lake(), {
    collectionId: collection.id,
    metadata: { year: 2026, place: null, Tags: ['kept', 'old'] },
    addTags: ['new'],
    removeTags: ['OLD'],
  })
  expect(shownMetadata(changed)).toEqual({ year: 2026, Tags: ['kept', 'new'] })
  await add(collection.id, { name: 'after.png' })
  expect(shownMetadata((await getItem(lake(), 'seasons_before.png'))!)).toEqual({
    year: 2025,
    place: 'x',
    Tags: ['old'],
  })
  expect(shownMetadata((await getItem(lake(), 'seasons_after.png'))!)).toEqual({ year: 2026, Tags: ['kept', 'new'] })
})

test('an item whose metadata are refused stands alone, with where they are wrong; with its collection they must fit, too', async () => {
  const collection = await createCollection(lake(), { name: 'mixed', contentType: 'IMAGE', metadata: fields(150) })
  const { items, errors } = await add(
    collection.id,
    { name: 'a.png', metadata: { name: 'no' } },
    { name: 'b.png', metadata: { fine: true } },
    { name: 'c.png', metadata: { a: [{ 'b\u0000': 1 }] } },
    { name: 'd.png', tags: ['ok', ' '] },
    { name: 'e.png', metadata: Object.fromEntries(Object.entries(fields(60)).map(([key, n]) => [`own ${key}`, n])) },
  )
  expect(items.map((item) => item.name)).toEqual(['b.png'])
  expect(errors.map(({ code, path }) => [code, path])).toEqual([
    ['METADATA_INVALID', ['items', '0', 'metadata', 'name']],
    ['METADATA_INVALID', ['items', '2', 'metadata', 'a', '0']],
    ['TAGS_INVALID', ['items', '3', 'tags', '1']],
    ['METADATA_INVALID', ['items', '4', 'metadata']],
  ])
})

test.each<[string, Parameters<typeof describeItem>[0], string, string[]]>([
  ['a list', { metadata: [] }, 'METADATA_INVALID', ['metadata']],
  ['a text', { metadata: 'x' }, 'METADATA_INVALID', ['metadata']],
  ['nine levels', { metadata: nested(9) }, 'METADATA_INVALID', ['metadata', ...'aaaaaaaa']],
  [
    'a hundred thousand levels',
    { metadata: nestedLists(100_000) },
    'METADATA_INVALID',
    ['metadata', 'a', ...'0000000'],
  ],
  ['201 fields', { metadata: fields(201) }, 'METADATA_INVALID', ['metadata']],
  ['a key of 129', { metadata: { ['k'.repeat(129)]: 1 } }, 'METADATA_INVALID', ['metadata']],
  ['a key with a line break', { metadata: { 'a\nb': 1 } }, 'METADATA_INVALID', ['metadata']],
  ['an empty key', { metadata: { ' ': 1 } }, 'METADATA_INVALID', ['metadata']],
  ['NUL', { metadata: { a: 'x\u0000' } }, 'METADATA_INVALID', ['metadata', 'a']],
  ['half a character', { metadata: { a: ['\ud800'] } }, 'METADATA_INVALID', ['metadata', 'a', '0']],
  ['infinity', { metadata: { a: Infinity } }, 'METADATA_INVALID', ['metadata', 'a']],
  ['more than 64 KiB', { metadata: { a: 'é'.repeat(33_000) } }, 'METADATA_INVALID', ['metadata']],
  ['Name', { metadata: { Name: 1 } }, 'METADATA_INVALID', ['metadata', 'Name']],
  ['tags twice', { metadata: { Tags: [], tags: [] } }, 'METADATA_INVALID', ['metadata']],
  ['tags that are numbers', { metadata: { Tags: [1] } }, 'TAGS_INVALID', ['metadata', 'Tags']],
  ['101 tags', { tags: Array.from({ length: 101 }, (_, n) => `t${n}`) }, 'TAGS_INVALID', ['tags']],
  ['a tag of 129', { tags: ['x'.repeat(129)] }, 'TAGS_INVALID', ['tags', '0']],
  ['a tag with a tab', { tags: ['a\tb'] }, 'TAGS_INVALID', ['tags', '0']],
])('%s is refused', async (_what, given, code, path) => {
  expect(await refusal(() => describeItem(given))).toEqual({ code, path })
})

function nestedLists(levels: number): unknown {
  let value: unknown = []
  for (let level = 0; level < levels; level++) value = [value]
  return { a: value }
}

test('what is just allowed is taken as it is', () => {
  const metadata = { ...fields(199), text: 'two\nlines\t', deep: undefined }
  delete metadata.deep
  expect(describeItem({ metadata }).metadata).toEqual(metadata)
  expect(describeItem({ metadata: nested(8) }).metadata).toEqual(nested(8))
  expect(describeItem({ metadata: JSON.parse('{"__proto__": {"x": 1}}') }).metadata).toEqual(
    JSON.parse('{"__proto__": {"x": 1}}'),
  )
  expect(describeItem({ tags: ['A', 'a', 'e\u0301', '\u00e9'] }).tags).toEqual(['A', '\u00e9'])
  expect(readPatch({ a: null, b: 0, Tags: null }, [])).toEqual({ set: { b: 0 }, remove: ['a'], tags: [] })
})

test.each([
  ['a name that no database keeps', { 'a\u0000b': null }],
  ['half a character', { '\ud800': null }],
  ['more fields than an item has', Object.fromEntries(Array.from({ length: 201 }, (_, n) => [`f${n}`, null]))],
])('to remove %s is refused, of items and of collections', async (_what, metadata) => {
  const { id } = await createCollection(lake(), { name: `removing ${made++}`, contentType: 'IMAGE' })
  const { items } = await add(id, {})
  const uniqueNames = items.map((item) => item.uniqueName)
  const refused = { code: 'METADATA_INVALID', path: ['metadata'] }
  expect(await refusal(() => updateItemMetadata(lake(), { uniqueNames, metadata }))).toEqual(refused)
  expect(await refusal(() => updateCollection(lake(), { collectionId: id, metadata }))).toEqual(refused)
})

describe('edits of items', () => {
  beforeAll(async () => {
    const { id } = await createCollection(lake(), { name: 'edits', contentType: 'IMAGE' })
    await add(
      id,
      { name: 'a', metadata: { keep: 1, camera: { make: 'A', iso: 100 } }, tags: ['Water', 'Night'] },
      { name: 'b', tags: ['night'] },
      { name: 'full', tags: Array.from({ length: 99 }, (_, n) => `tag ${n}`) },
    )
  })
  const show = async (name: string) => shownMetadata((await getItem(lake(), `edits_${name}`))!)

  test('fields are merged at the top, null removes, tags come and go without case', async () => {
    const before = (await getItem(lake(), 'edits_b'))!.updatedAt
    const items = await updateItemMetadata(lake(), {
      uniqueNames: ['edits_b', 'edits_a'],
      metadata: { camera: { make: 'B' }, keep: null, place: 'Riga' },
      addTags: ['WATER', 'new', 'New'],
      removeTags: ['night'],
    })
    expect(items.map((item) => item.uniqueName)).toEqual(['edits_b', 'edits_a'])
    expect(await show('a')).toEqual({ camera: { make: 'B' }, place: 'Riga', Tags: ['Water', 'new'] })
    expect(await show('b')).toEqual({ camera: { make: 'B' }, place: 'Riga', Tags: ['WATER', 'new'] })
    expect((await getItem(lake(), 'edits_b'))!.updatedAt.getTime()).toBeGreaterThan(before.getTime())
  })

  test('`Tags` replaces them; a tag that is removed and added is there', async () => {
    await updateItemMetadata(lake(), { uniqueNames: ['edits_a'], metadata: { tags: ['one', 'two'] } })
    await updateItemMetadata(lake(), { uniqueNames: ['edits_a'], addTags: ['ONE', 'three'], removeTags: ['one'] })
    expect((await getItem(lake(), 'edits_a'))!.tags).toEqual(['two', 'ONE', 'three'])
    await updateItemMetadata(lake(), { uniqueNames: ['edits_a'], metadata: { Tags: null } })
    expect(await show('a')).not.toHaveProperty('Tags')
  })

  test('one that would hold too much, or one unknown name, and nothing changes', async () => {
    const before = [await show('a'), await show('full')]
    const edit = (given: Partial<Parameters<typeof updateItemMetadata>[1]>) =>
      refusal(() => updateItemMetadata(lake(), { uniqueNames: ['edits_a', 'edits_full'], ...given }))
    expect(await edit({ addTags: ['x', 'y'], metadata: { changed: true } })).toEqual({
      code: 'METADATA_TOO_LARGE',
      path: ['addTags'],
    })
    expect(await edit({ uniqueNames: ['edits_a', 'edits_z'], metadata: { changed: true } })).toEqual({
      code: 'ITEMS_UNKNOWN',
      path: ['uniqueNames'],
    })
    await updateItemMetadata(lake(), { uniqueNames: ['edits_b'], metadata: { many: fields(190) } })
    const more = { uniqueNames: ['edits_a', 'edits_b'], metadata: { more: fields(20) } }
    expect(await edit(more)).toEqual({ code: 'METADATA_TOO_LARGE', path: ['metadata'] })
    // 65,000 bytes as JSON, though 85,000 as the database writes them: a tag is no reason to refuse that.
    const many = Array.from({ length: 20_000 }, (_, n) => n % 10)
    await updateItemMetadata(lake(), { uniqueNames: ['edits_a'], metadata: { many, filling: 'x'.repeat(25_000) } })
    await updateItemMetadata(lake(), { uniqueNames: ['edits_a'], addTags: ['still'] })
    const filled = { uniqueNames: ['edits_a'], metadata: { filling2: 'x'.repeat(600) } }
    expect(await edit(filled)).toEqual({ code: 'METADATA_TOO_LARGE', path: ['metadata'] })
    await updateItemMetadata(lake(), {
      uniqueNames: ['edits_a'],
      metadata: { many: null, filling: null },
      removeTags: ['still'],
    })
    expect(await edit({ uniqueNames: Array.from({ length: 1_001 }, (_, n) => `${n}`) })).toMatchObject({
      code: 'ITEMS_TOO_MANY',
    })
    expect(await edit({ metadata: { ok: 1, bad: { x: '\u0000' } } })).toEqual({
      code: 'METADATA_INVALID',
      path: ['metadata', 'bad', 'x'],
    })
    expect([await show('a'), await show('full')]).toEqual(before)
  })

  test('reading is not enough to edit', async () => {
    const reader = { ...lake(), viewer: viewerOf('VIEWER') }
    expect(await refusal(() => updateItemMetadata(reader, { uniqueNames: [] }))).toMatchObject({
      code: 'PERMISSION_MISSING',
    })
    expect(await refusal(() => updateCollection(reader, { collectionId: '1' }))).toMatchObject({
      code: 'PERMISSION_MISSING',
    })
  })
})
