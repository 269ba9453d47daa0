// Whatever is written into a query, it is either read or refused with a place in it; nothing of it is ever more than a value.
import { itemWhere, Parameters } from '@lakelens/db'
import { useDatabase } from '@lakelens/db/testing'
import fc from 'fast-check'
import { explainQuery, predicateOf } from '.'
import { print } from './print'
import { readQuery, requireQuery } from './read'
import { anItem, fillLake, namesOf } from './testing/lakeItems'

const database = useDatabase()
beforeAll(() => fillLake(database(), [anItem('a.jpg')]))

// prettier-ignore
const pieces = ['annotation.label', 'annotation', 'label', 'metadata.', 'metadata.x', 'METADATA.Tags', 'item.size', 'item.width', 'date', 'analytics.embeddingModel', '.',
  '=', '!=', '~', '<', '>=', ' in ', ' not in ', 'in(', '(', ')', ',', ' AND ', ' OR ', ' NOT ', 'NOT', 'and', '"', "'", '\\', '\\*', '*', '?', '%', '_', '--', ';', '/*', '$1', '::',
  'a', 'bird', '1', '1e308', '-0', '1KB', '2026-01-01', '2026-01-01T00:00:00Z', 'raw', 'null', 'true', ' ', '\n', '\t', '\u00a0', '\u2028', '🐦', '\u0000', '\ud800', 'é', '{', '}', '[', ']', '__proto__', 'constructor']

const anyQuery = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 30 }).map((text) => `metadata.x=${text}`),
  fc.string({ unit: 'grapheme', maxLength: 30 }).map((text) => `annotation.label in (bird, ${text})`),
)

test('any text is read, or refused with a place in it', () => {
  let readable = 0
  fc.assert(
    fc.property(anyQuery, (text) => {
      const { query, faults } = readQuery(text)
      for (const { facts, message } of faults) {
        expect(facts['position']).toBeGreaterThanOrEqual(0)
        expect(facts['position']).toBeLessThanOrEqual(text.length)
        expect(facts['expected']).toBeInstanceOf(Array)
        expect(message).toMatch(/[.?]$/)
      }
      if (query === null) return
      readable++
      expect(requireQuery(print(query))).toEqual(query)
    }),
    { numRuns: 3_000, seed: 5 },
  )
  expect(readable).toBeGreaterThan(300)
})

test('what is read runs', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyQuery.filter((text) => readQuery(text).query !== null),
      async (query) => {
        const parameters = new Parameters()
        const predicate = predicateOf({ query, filter: null })
        const where = itemWhere({ collectionId: null, itemIds: null, contentType: null, predicate }, parameters)
        expect(await namesOf(database(), where, parameters.values)).toEqual(expect.any(Array))
      },
    ),
    { numRuns: 300, seed: 7 },
  )
})

test.each([
  `annotation.label="'; drop table item; --"`,
  `metadata.x' or 1=1 --=y`,
  `metadata."a') or true --"=1`,
  `item.name~%`,
  `metadata.x=$1`,
  `collection.name in ('a', "b'); delete from item; --")`,
  `analytics.embeddingModel."x') or (1=1"`,
])('%s is a value', async (query) => {
  const parameters = new Parameters()
  const predicate = predicateOf({ query, filter: null })
  const where = itemWhere({ collectionId: null, itemIds: null, contentType: null, predicate }, parameters)
  expect(where).not.toMatch(/drop|delete from|true --|'1'/)
  expect(await namesOf(database(), where, parameters.values)).toEqual([])
  expect(await namesOf(database(), 'true', [])).toEqual(['a.jpg'])
})

test('the largest queries are read in no time', () => {
  const started = performance.now()
  for (const text of [
    `metadata.x=${'('.repeat(3_980)}`,
    `metadata.${'a '.repeat(1_990)}=1`,
    `metadata.x~${'*'.repeat(3_980)}`,
    `metadata.x=${'AND'.repeat(1_320)}`,
    `metadata.x=${' '.repeat(3_900)}y`,
    `item.size=${'1'.repeat(3_900)}KB`,
    `item.size=1${' '.repeat(3_900)}x`,
    `${'not '.repeat(990)}in (a)`,
    `metadata.x in (${'not '.repeat(990)}`,
  ])
    readQuery(text)
  expect(performance.now() - started).toBeLessThan(500)
  expect(explainQuery('metadata.x=1')).toEqual({ normalized: 'metadata.x=1', warnings: [] })
})
