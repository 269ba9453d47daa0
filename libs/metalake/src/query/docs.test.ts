import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { itemWhere, Parameters } from '@lakelens/db'
import { useDatabase } from '@lakelens/db/testing'
import { predicateOf } from '.'
import { fields } from './fields'
import { limits, operators } from './syntax'
import { anAnnotation, anItem, fillLake, namesOf } from './testing/lakeItems'

const page = readFileSync(join(__dirname, '..', '..', '..', '..', 'docs', 'query-language.md'), 'utf8')
const examples = [...page.matchAll(/```lakelens-query\n([^`]*)```/g)].flatMap(([, block = '']) =>
  block.trim().split('\n'),
)

const database = useDatabase()
const yolo = { name: 'yolov8n', version: 1 }

beforeAll(() =>
  fillLake(database(), [
    anItem('IMG_1.jpg', {
      byteSize: 2_000_000,
      width: 1920,
      height: 1080,
      createdAt: '2026-01-02T12:00:00.000Z',
      tags: ['Water'],
      derivedTags: ['car', 'bird'],
      vectors: [{ name: 'resnet50', version: 1 }],
      annotations: [
        anAnnotation('bird', { model: yolo, confidence: 0.95 }),
        anAnnotation('dog', { review: 'ACCEPTED' }),
      ],
      metadata: {
        'Captured Location': 'Winnipeg',
        year: 2024,
        camera: { model: 'X100' },
        'a.b': 1,
        colours: ['red', 'blue'],
        taken: '2025-06-30',
        published: true,
        title: 'R AND D',
      },
    }),
    anItem('DSC_0001.png', {
      collection: 'Zoo (old)',
      mediaType: 'image/png',
      metadata: { year: 2019, title: 'say "so"' },
      annotations: [anAnnotation('cat', { review: 'REJECTED' })],
    }),
    anItem('film.mp4', {
      collection: 'archive',
      createdAt: '2026-02-10T12:00:00.000Z',
      contentType: 'VIDEO',
      mediaType: 'video/mp4',
      durationSeconds: 90,
      metadata: { title: 'Really?' },
      annotations: [anAnnotation('bird', { review: 'ACCEPTED', confidence: 0.5 })],
    }),
  ]),
)

test.each(examples)('%s finds what it is about, and not everything', async (query) => {
  const parameters = new Parameters()
  const predicate = predicateOf({ query, filter: null })
  const where = itemWhere({ collectionId: null, itemIds: null, contentType: null, predicate }, parameters)
  const found = await namesOf(database(), where, parameters.values)
  expect([query, found.length]).toEqual([query, expect.any(Number)])
  expect(found.length).toBeGreaterThan(0)
  expect(found.length).toBeLessThan(3)
})

test('the page names every field, operator, choice and limit', () => {
  for (const { path, choices = [] } of fields) {
    expect(page).toContain(`\`${path}\``)
    for (const choice of choices) expect(page).toContain(`\`${choice}\``)
  }
  for (const operator of operators) expect(page).toContain(`\`${operator}${operator.endsWith('in') ? ' (a, b)' : ''}\``)
  for (const limit of Object.values(limits)) expect(page).toMatch(new RegExp(`\\b${limit.toLocaleString('en')}\\b`))
})
