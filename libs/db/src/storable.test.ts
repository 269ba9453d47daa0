import { itemsCalled } from './exchange'
import { annotationsToReview } from './humanAnnotations'
import { importImages } from './imports'
import { itemsByUniqueNames } from './items'
import { storableJson, storableOnly, storableText } from './storable'
import { useDatabase } from './testing'

const database = useDatabase()

test.each(['a\0b', '\ud800', 'x\udc00y', '😀 plain, with\nlines', '\\u0000'])(
  '%j can be kept, as text and in JSON',
  async (text) => {
    const { rows } = await database().query<{ text: string; json: { told: string[] } }>(
      'select $1::text as text, $2::jsonb as json',
      [storableText(text), storableJson({ told: [text] })],
    )
    const kept = Buffer.from(text.replace(/\0/g, '\ufffd')).toString()
    expect(rows).toEqual([{ text: kept, json: { told: [kept] } }])
  },
)

test('what no row can have is looked for and not found, in files and in what people send', async () => {
  const names = ['a\0b', '\ud800']
  expect(storableOnly([...names, 'plain'])).toEqual(['plain'])
  const review = { jobId: '1', labels: names, minConfidence: null, maxConfidence: null, review: ['PENDING'] as const }
  expect(await itemsByUniqueNames(database(), names)).toEqual([])
  expect(await itemsCalled(database(), '1', names, { stems: true })).toEqual(new Map())
  expect(await importImages(database(), '1', names)).toEqual(new Map())
  expect(await annotationsToReview(database(), review, { after: '0', limit: 1 })).toEqual([])
})
