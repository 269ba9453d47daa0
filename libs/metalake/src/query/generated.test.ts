// Thousands of random queries on random lakes: what the database answers is what the plain evaluator says.
import { itemWhere, listItems, Parameters, type ItemOrderKey } from '@lakelens/db'
import { useDatabase } from '@lakelens/db/testing'
import type { Filter } from '../items/selection'
import { predicateOf } from '.'
import { print } from './print'
import { requireQuery } from './read'
import { meets, type Fold } from './testing/evaluate'
import { fillLake, namesOf, type LakeItem } from './testing/lakeItems'
import { dice, randomItem, randomQuery, words, type Dice } from './testing/random'
import { write } from './testing/write'

const database = useDatabase()
const lakes = Number(process.env.LAKELENS_TEST_QUERY_LAKES ?? 7)
const queriesPerLake = 300

/** As this database folds: its locale decides, and the evaluator only has to agree on what folding is for. */
async function foldOf(): Promise<Fold> {
  const characters = [
    ...new Set(
      [...words, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'Ann', 'Zoo (old)', 'Vögel', 'VÖGEL'].flatMap((word) => [
        ...word,
        ...word.toUpperCase(),
      ]),
    ),
  ]
  const { rows } = await database().query<{ c: string; folded: string }>(
    'select c, lower(c) as folded from unnest($1::text[]) as c',
    [characters],
  )
  const folded = new Map(rows.map((row) => [row.c, row.folded]))
  return (text) => [...text].map((character) => folded.get(character) ?? character).join('')
}

function randomFilter(d: Dice): Filter | null {
  if (d.chance(0.8)) return null
  const types = d.some(['RAW', 'HUMAN', 'MACHINE'] as const, 3)
  const fromDate = d.pick([null, '2025-12-31', '2026-01-01', '2026-01-01T12:30:00.500Z'])
  const toDate = d.pick([null, '2026-01-02', '2026-01-02T12:30:00.500Z', '2026-01-02T12:30:00.499Z'])
  return { annotationTypes: types, fromDate, toDate }
}

function passes({ annotationTypes, fromDate, toDate }: Filter, item: LakeItem): boolean {
  const counted = item.annotations.filter((one) => !one.isSuperseded && one.review !== 'REJECTED')
  const types = counted.length === 0 ? ['RAW'] : counted.map((one) => one.source)
  if (annotationTypes?.length && !annotationTypes.some((type) => types.includes(type))) return false
  const time = Date.parse(item.createdAt)
  if (fromDate != null && time < Date.parse(fromDate)) return false
  if (toDate == null) return true
  return toDate.length === 10 ? time < Date.parse(toDate) + 86_400_000 : time <= Date.parse(toDate)
}

test(`${lakes} lakes with ${queriesPerLake} queries each: SQL and the evaluator agree on every item`, async () => {
  const fold = await foldOf()
  let matched = 0
  for (let seed = 1; seed <= lakes; seed++) {
    const d = dice(seed)
    const items = Array.from({ length: 30 }, (_, n) => randomItem(d, n))
    await fillLake(database(), items)
    for (let n = 0; n < queriesPerLake; n++) {
      const asked = randomQuery(d)
      const query = write(asked, d)
      const filter = randomFilter(d)
      const predicate = predicateOf({ query, filter })
      const selection = { collectionId: null, itemIds: null, contentType: null, predicate }
      const expected = items.filter((item) => meets(asked, item, fold) && (!filter || passes(filter, item)))
      const names = expected.map((item) => item.name)
      const parameters = new Parameters()
      const found = await namesOf(database(), itemWhere(selection, parameters), parameters.values)
      expect({ seed, query, filter, found }).toEqual({ seed, query, filter, found: names })
      // Pages are asked for otherwise where an index serves.
      const by = d.pick<ItemOrderKey>(['id', 'id', 'createdAt', 'byteSize', 'name'])
      if (n % 3 === 0) {
        const page = await listItems(database(), selection, by, { key: null, descending: false, limit: 100 })
        const listed = page.map((row) => row.name)
        expect({ seed, query, by, listed: by === 'id' ? listed : listed.sort() }).toEqual({
          seed,
          query,
          by,
          listed: by === 'id' ? names : [...names].sort(),
        })
      }
      const read = requireQuery(query)
      expect({ query, read: requireQuery(print(read!)) }).toEqual({ query, read })
      if (names.length > 0 && names.length < items.length) matched++
    }
  }
  // Queries that find all or nothing compare little.
  expect(matched).toBeGreaterThan((lakes * queriesPerLake) / 3)
}, 600_000)
