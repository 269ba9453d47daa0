import { useDatabase } from './testing'
import { storableJson, storableText } from './storable'

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
