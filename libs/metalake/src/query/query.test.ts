import { itemWhere, Parameters } from '@lakelens/db'
import { useDatabase } from '@lakelens/db/testing'
import { predicateOf } from '.'
import { print } from './print'
import { readQuery, requireQuery } from './read'
import { anAnnotation, anItem, digestOf, fillLake, namesOf, type LakeItem } from './testing/lakeItems'

const database = useDatabase()

const yolo = (version: number) => ({ name: 'yolov8n', version })
const lake: LakeItem[] = [
  anItem('bird.jpg', {
    byteSize: 500,
    createdAt: '2026-01-01T00:00:00.000Z',
    metadata: { 'Captured Location': 'Winnipeg', year: 2024, camera: { model: 'X100', lens: { mm: 35 } } },
    tags: ['Water', 'summer'],
    derivedTags: ['bird', 'dog'],
    annotations: [
      anAnnotation('bird', { confidence: 0.8, model: yolo(1) }),
      anAnnotation('Dog', { confidence: 0.3, model: yolo(2), kind: 'MASK' }),
    ],
    vectors: [{ name: 'resnet50', version: 1 }],
  }),
  anItem('human.jpg', {
    byteSize: 2_000_000,
    createdAt: '2026-01-01T23:59:59.999Z',
    metadata: { 'Captured Location': 'Brandon', year: '2024', rating: 4.5, tags: 'mine', 'a.b': 'dotted', ok: true },
    tags: ['100%_sure'],
    derivedTags: ['Bird'],
    annotations: [
      anAnnotation('Bird', { source: 'HUMAN', confidence: null, by: 'Ann', review: 'ACCEPTED', kind: 'POLYGON' }),
    ],
    vectors: [{ name: 'clip.v2', version: 3 }],
  }),
  anItem('raw.png', {
    collection: 'Zoo (old)',
    mediaType: 'image/png',
    digest: digestOf(2),
    width: 1920,
    height: 1080,
    createdAt: '2026-01-02T00:00:00.000Z',
    metadata: { colours: ['red', 'Blue', 7], nothing: null, path: 'C:\\temp', quote: `it's "so"`, list: [['deep']] },
  }),
  anItem('rejected.jpg', {
    createdAt: '2026-02-01T10:00:00.000Z',
    annotations: [
      anAnnotation('cat', { review: 'REJECTED', confidence: 0.99 }),
      anAnnotation('old', { isSuperseded: true }),
    ],
    metadata: { year: 1999, note: 'R AND D', 'Check in': 'desk' },
    tags: ['back\\slash'],
  }),
  anItem('film.mp4', {
    collection: 'films',
    contentType: 'VIDEO',
    mediaType: 'video/mp4',
    byteSize: 3 * 2 ** 30,
    width: null,
    height: null,
    durationSeconds: 90.5,
    frameCount: 2715,
    frameRate: 29.97,
    createdAt: '2026-03-01T10:00:00.000Z',
    updatedAt: '2026-03-05T10:00:00.000Z',
    metadata: { taken: '2025-06-30', '': 'no name', __proto__x: 1 },
    annotations: [anAnnotation('bird', { confidence: 0.5, frame: 12, review: 'EDITED', source: 'HUMAN', by: 'bob' })],
  }),
  anItem('IMG_1*?.jpg', {
    byteSize: 0,
    collection: 'Vögel',
    derivedTags: ['Möwe'],
    annotations: [anAnnotation('Möwe')],
  }),
]
const all = lake.map((item) => item.name)
const [bird, human, raw, rejected, film, star] = all as [string, string, string, string, string, string]
const but = (...names: string[]) => all.filter((name) => !names.includes(name))

beforeAll(() => fillLake(database(), lake))

async function found(query: string): Promise<string[]> {
  const parameters = new Parameters()
  const predicate = predicateOf({ query, filter: null })
  const where = itemWhere({ collectionId: null, itemIds: null, contentType: null, predicate }, parameters)
  return namesOf(database(), where, parameters.values)
}

const valid: [query: string, rows: string[]][] = [
  // Labels: case folded; superseded and rejected ones count nowhere.
  ['annotation.label=Bird', [bird, human, film]],
  ['annotation.label=bird', [bird, human, film]],
  ['ANNOTATION.LABEL = BIRD', [bird, human, film]],
  ['annotation.label="bird"', [bird, human, film]],
  ["annotation.label='bird'", [bird, human, film]],
  ['annotation.label!=bird', but(bird, human, film)],
  ['NOT annotation.label=bird', but(bird, human, film)],
  ['annotation.label=cat', []],
  ['annotation.label=old', []],
  ['annotation.label~ir', [bird, human, film]],
  ['annotation.label~"b?rd"', [bird, human, film]],
  ['annotation.label~B*D', [bird, human, film]],
  ['annotation.label in (dog, cat)', [bird]],
  ['annotation.label IN (Dog)', [bird]],
  ['annotation.label not in (dog, bird)', but(bird, human, film)],
  ['annotation.label NOT IN (möwe)', but(star)],
  ['annotation.label=möwe', [star]],
  ['annotation.label=MÖWE', [star]],
  ['annotation.label=bird AND annotation.label=dog', [bird]],
  ['annotation.label=bird OR annotation.label=möwe', [bird, human, film, star]],
  ['NOT (annotation.label=bird OR annotation.label=möwe)', [raw, rejected]],
  ['annotation.label=""', []],
  ['annotation.label~""', [bird, human, film, star]],
  // Confidence is compared as the float32 it is stored as; a person gives none.
  ['annotation.confidence>=0.8', [bird, star]],
  ['annotation.confidence=0.8', [bird]],
  ['annotation.confidence!=0.8', but(bird)],
  ['annotation.confidence<=0.3', [bird]],
  ['annotation.confidence<0.3', []],
  ['annotation.confidence>0.9', []],
  ['annotation.confidence>=0', [bird, film, star]],
  ['annotation.confidence<=1', [bird, film, star]],
  ['annotation.confidence in (0.3, 5e-1)', [bird, film]],
  ['annotation.confidence>1e-300', [bird, film, star]],
  // Two conditions may be met by two annotations; a group is about one.
  ['annotation.label=dog AND annotation.confidence>=0.8', [bird]],
  ['annotation(label=dog AND confidence>=0.8)', []],
  ['annotation(label=bird AND confidence>=0.8)', [bird]],
  ['annotation ( label = bird AND ( confidence >= 0.9 OR type = human ) )', [human, film]],
  ['annotation(label!=bird)', [bird, star]],
  ['annotation(NOT label=bird)', [bird, star]],
  ['NOT annotation(label!=bird)', but(bird, star)],
  ['annotation(label=bird AND NOT confidence>=0.6)', [human, film]],
  ['annotation(confidence!=0.9 AND label~b)', [bird, human, film]],
  ['annotation(model=yolov8n AND kind=mask)', [bird]],
  ['annotation(model!=yolov8n AND label=bird)', [human, film]],
  // Types. Rejected ones leave an item raw.
  ['annotation.type=raw', [raw, rejected]],
  ['annotation.type=RAW', [raw, rejected]],
  ['annotation.type!=raw', but(raw, rejected)],
  ['annotation.type=human', [human, film]],
  ['annotation.type=Machine', [bird, star]],
  ['annotation.type in (raw, human)', [human, raw, rejected, film]],
  ['annotation.type not in (raw, machine)', [human, film]],
  // Models, by name and by version.
  ['annotation.model=yolov8n', [bird]],
  ['annotation.model=YOLOv8n:1', [bird]],
  ['annotation.model=yolov8n:3', []],
  ['annotation.model~yolo', [bird]],
  ['annotation.model!=yolov8n', but(bird)],
  ['annotation.model in (yolov8n:2, other)', [bird]],
  ['annotation(model=yolov8n:2 AND label=bird)', []],
  ['annotation.kind=polygon', [human]],
  ['annotation.kind in (mask, polygon)', [bird, human]],
  // Review: whoever asks for it means rejected ones, too.
  ['annotation.review=rejected', [rejected]],
  ['annotation.review=accepted', [human]],
  ['annotation.review!=pending', but(bird, star)],
  ['annotation.review in (edited, rejected)', [rejected, film]],
  ['annotation(review=rejected AND label=cat)', [rejected]],
  ['annotation(label=cat AND review!=accepted)', [rejected]],
  ['annotation.review=rejected AND annotation.label=cat', []],
  ['annotation.frame=12', [film]],
  ['annotation.frame>=12.5', []],
  ['annotation.frame<12.5', [film]],
  ['annotation.frame!=12', but(film)],
  ['annotation.by=ann', [human]],
  ['annotation.by~B', [film]],
  ['annotation.by!=ann', but(human)],
  // Tags: derived ones, and one's own.
  ['tag.label=bird', [bird, human]],
  ['tag.label~MÖ', [star]],
  ['tag.label not in (bird)', but(bird, human)],
  ['metadata.Tags=water', [bird]],
  ['MetaData.Tags=water', [bird]],
  ['metadata.tags=WATER', [bird]],
  ['metadata.Tags!=water', but(bird)],
  ['metadata.Tags~wat', [bird]],
  ['metadata.Tags~%', [human]],
  ['metadata.Tags~0%_S', [human]],
  ['metadata.Tags~_', [human]],
  ['metadata.Tags~\\', [rejected]],
  ['metadata.Tags~"k\\\\s"', [rejected]],
  ['metadata.Tags in (summer, "100%_SURE")', [bird, human]],
  ['metadata.Tags=100%_sure', [human]],
  // Metadata of one's own: exact, through objects, or any scalar of a list.
  ['metadata.Captured Location=Winnipeg', [bird]],
  ['metadata.Captured Location = Winnipeg', [bird]],
  ['metadata.Captured Location=winnipeg', []],
  ['metadata.captured location=Winnipeg', []],
  ['metadata."Captured Location"="Winnipeg"', [bird]],
  ['metadata.Captured Location~WINN', [bird]],
  ['metadata.Captured Location!=Winnipeg', but(bird)],
  ['metadata.Captured Location in (Winnipeg, Brandon)', [bird, human]],
  ['metadata.Captured Location not in (Winnipeg, Brandon)', but(bird, human)],
  ['metadata.year=2024', [bird, human]],
  ['metadata.year="2024"', [bird, human]],
  ['metadata.year=2024.0', [bird]],
  ['metadata.year=2.024e3', [bird]],
  ['metadata.year>=2000', [bird]],
  ['metadata.year<2000', [rejected]],
  ['NOT metadata.year<2000', but(rejected)],
  ['metadata.year>=abc', []],
  ['metadata.year>="1 January"', [human]],
  ['metadata.year~202', [bird, human]],
  ['metadata.year~99', [rejected]],
  ['metadata.rating>4.4', [human]],
  ['metadata.rating=4.5', [human]],
  ['metadata.camera.model=X100', [bird]],
  ['metadata.camera.lens.mm=35', [bird]],
  ['metadata.camera.lens.mm<=35', [bird]],
  ['metadata.camera=X100', []],
  ['metadata.camera~X', []],
  ['metadata."a.b"=dotted', [human]],
  ['metadata.a.b=dotted', []],
  ['metadata."tags"=mine', [human]],
  ['metadata.ok=true', [human]],
  ['metadata.ok=false', []],
  ['metadata.ok~ru', [human]],
  ['metadata.colours=red', [raw]],
  ['metadata.colours=blue', []],
  ['metadata.colours~blue', [raw]],
  ['metadata.colours=7', [raw]],
  ['metadata.colours>6', [raw]],
  ['metadata.colours.0=red', []],
  ['metadata.colours.0~red', []],
  ['metadata.list=deep', []],
  ['metadata.list~deep', []],
  ['metadata.nothing=null', [raw]],
  ['metadata.nothing~null', []],
  ['metadata.absent=null', []],
  ['metadata.absent!=x', all],
  ['metadata.path=C:\\temp', [raw]],
  ['metadata.path="C:\\\\temp"', [raw]],
  ['metadata.path~:\\t', [raw]],
  [`metadata.quote=it's "so"`, [raw]],
  [`metadata.quote='it\\'s "so"'`, [raw]],
  ['metadata.note="R AND D"', [rejected]],
  ['metadata.Check in=desk', [rejected]],
  ['metadata.Check in in (desk)', [rejected]],
  ['metadata.taken>=2025-06-01', [film]],
  ['metadata.taken<2025-06-30', []],
  ['metadata.""="no name"', [film]],
  // The item.
  ['metadata.name~img_', [star]],
  ['metadata.name=BIRD.jpg', [bird]],
  ['item.name~*.jp?', [bird, human, rejected, star]],
  ['item.name~\\*\\?', [star]],
  ['item.name~"\\*"', [star]],
  ['item.name~1\\*\\?.jpg', [star]],
  ['item.uniqueName=BIRDS_bird.jpg', [bird]],
  ['item.uniqueName~vögel', [star]],
  ['item.uniqueName=VÖGEL_img_1*?.jpg', [star]],
  ['item.width>=1000', [raw]],
  ['item.width!=640', [raw, film]],
  ['item.height in (480, 1080)', but(film)],
  ['item.width<640.5', but(raw, film)],
  ['item.width=640.5', []],
  ['item.width<1e300', but(film)],
  ['item.size=0', [star]],
  ['item.size<1KB', [bird, star]],
  ['item.size<=1kb', but(human, film)],
  ['item.size>=1.9MB', [human, film]],
  ['item.size=3GiB', [film]],
  ['item.size = 3 gib', [film]],
  ['item.size>2MB', [film]],
  ['item.duration>90', [film]],
  ['item.duration>=1.5m', [film]],
  ['item.duration>1h', []],
  ['item.duration!=90.5s', but(film)],
  ['item.frames>2700', [film]],
  ['item.frameRate<30', [film]],
  ['item.type=video', [film]],
  ['item.type!=VIDEO', but(film)],
  ['item.mediaType=image/png', [raw]],
  ['item.mediaType~IMAGE/', but(film)],
  [`item.digest=${digestOf(2).toUpperCase()}`, [raw]],
  ['collection.name=zoo (old)', [raw]],
  ['collection.name in (zoo (old), films)', [raw, film]],
  ['(collection.name=zoo (old))', [raw]],
  ['collection.name~VÖ', [star]],
  ['collection.name!=birds', [raw, film, star]],
  // Vectors.
  ['analytics.embeddingModel=resnet50', [bird]],
  ['analytics.embeddingModel.resnet50', [bird]],
  ['Analytics.EmbeddingModel.ResNet50:1', [bird]],
  ['analytics.embeddingModel.resnet50:2', []],
  ['analytics.embeddingModel.clip.v2', [human]],
  ['NOT analytics.embeddingModel.clip.v2', but(human)],
  ['analytics.embeddingModel~e', [bird]],
  ['analytics.embeddingModel!=resnet50', but(bird)],
  // Time of upload: a day is all of it.
  ['date=2026-01-01', [bird, human, star]],
  ['date<=2026-01-01', [bird, human, star]],
  ['date<2026-01-01', []],
  ['date>2026-01-01', [raw, rejected, film]],
  ['date>=2026-01-02', [raw, rejected, film]],
  ['date!=2026-01-01', [raw, rejected, film]],
  ['date=2026-01-01T23:59:59.999Z', [human]],
  ['date>2026-01-01T22:59:59.998-01:00', [human, raw, rejected, film]],
  ['date in (2026-01-02, 2026-02-01)', [raw, rejected]],
  ['date not in (2026-01-02)', but(raw)],
  ['date<=9999-12-31', all],
  ['date>0001-01-01', all],
  ['updated>=2026-03-05', [film]],
  ['DATE = 2026-03-01', [film]],
  // Precedence NOT > AND > OR, parentheses.
  ['item.type=video OR annotation.label=bird AND annotation.type=human', [human, film]],
  ['(item.type=video OR annotation.label=bird) AND annotation.type=machine', [bird]],
  ['NOT item.type=video AND annotation.label=bird', [bird, human]],
  ['NOT (item.type=video AND annotation.label=bird)', but(film)],
  ['NOT NOT item.type=video', [film]],
  ['NOT(item.type=video)', but(film)],
  ['((((item.type=video))))', [film]],
  ['item.type=video OR(item.width=1920)', [raw, film]],
  ['annotation.label=rock and roll', []],
  ['annotation.label=ORANGE', []],
  // Hostile texts are values.
  [`annotation.label='; drop table item; --`.replace("'", '"\'').concat('"'), []],
  ['metadata.x=$1 or 1=1', []],
  ['metadata.$1=1', []],
  ["metadata.a'b]=1", []],
  ['   ', all],
]

test.each(valid)('%s', async (query, rows) => {
  expect(await found(query)).toEqual(rows)
})

test.each(valid)('%s, put in order, is the same query', (query) => {
  const read = requireQuery(query)
  if (read === null) return
  const normalized = print(read)
  expect(requireQuery(normalized)).toEqual(read)
  expect(print(requireQuery(normalized) ?? read)).toBe(normalized)
})

const sizeExpected = ['a size like 500, 20KB, 1.5MB or 2GiB']
const dateExpected = ['a day like 2026-01-31', 'an instant like 2026-01-31T12:00:00Z']
const textOperators = ['=', '!=', '~', 'in', 'not in']
const numberOperators = ['=', '!=', '<', '<=', '>', '>=', 'in', 'not in']
const term = ['a field', 'NOT', '(']
const joint = ['AND', 'OR', 'the end']

const invalid: [query: string, code: string, position: number, expected: readonly string[]][] = [
  ['annotation.label', 'QUERY_SYNTAX', 16, textOperators],
  ['annotation.label AND item.width=1', 'QUERY_SYNTAX', 17, textOperators],
  ['annotation.label=', 'QUERY_SYNTAX', 17, ['a value']],
  ['annotation.label=  ', 'QUERY_SYNTAX', 19, ['a value']],
  ['annotation.label=AND item.width=1', 'QUERY_SYNTAX', 17, ['a value']],
  ['annotation.label=a AND', 'QUERY_SYNTAX', 22, term],
  ['annotation.label=a AND AND item.width=1', 'QUERY_SYNTAX', 23, term],
  ['AND annotation.label=a', 'QUERY_SYNTAX', 0, term],
  ['OR', 'QUERY_SYNTAX', 0, term],
  ['NOT', 'QUERY_SYNTAX', 3, term],
  ['()', 'QUERY_SYNTAX', 1, term],
  ['(annotation.label=a', 'QUERY_SYNTAX', 19, ['AND', 'OR', ')']],
  ['annotation.label=a)', 'QUERY_SYNTAX', 18, joint],
  ['annotation.label=a NOT item.width=1', 'QUERY_SYNTAX', 19, joint],
  ['annotation.label="a" b', 'QUERY_SYNTAX', 21, joint],
  ['annotation.label="a', 'QUERY_SYNTAX', 19, ['a closing "']],
  ["annotation.label='a", 'QUERY_SYNTAX', 19, ["a closing '"]],
  ['annotation.label="a\\n"', 'QUERY_SYNTAX', 19, ['\\\\', '\\"', "\\'", '\\*', '\\?']],
  ['annotation.label="a\\', 'QUERY_SYNTAX', 19, ['\\\\', '\\"', "\\'", '\\*', '\\?']],
  ['annotation.label in ()', 'QUERY_SYNTAX', 21, ['a value']],
  ['annotation.label in (a', 'QUERY_SYNTAX', 22, [',', ')']],
  ['annotation.label in (a,)', 'QUERY_SYNTAX', 23, ['a value']],
  ['annotation.label in (a AND b)', 'QUERY_SYNTAX', 23, [',', ')']],
  ['annotation.label in ("a" b)', 'QUERY_SYNTAX', 25, [',', ')']],
  ['annotation.label (a)', 'QUERY_SYNTAX', 17, ['an operator']],
  ['annotation()', 'QUERY_SYNTAX', 11, term],
  ['annotation(label=a', 'QUERY_SYNTAX', 18, ['AND', 'OR', ')']],
  ['=a', 'QUERY_SYNTAX', 0, ['a field']],
  ['annotation.=a', 'QUERY_SYNTAX', 11, ['a field']],
  ['metadata..a=b', 'QUERY_SYNTAX', 9, ['a field']],
  ['metadata."a"b=c', 'QUERY_SYNTAX', 12, ['.', 'an operator']],
  ['annotation.lable=a', 'QUERY_UNKNOWN_FIELD', 0, ['annotation.label', 'tag.label']],
  ['label=a', 'QUERY_UNKNOWN_FIELD', 0, ['annotation.label', 'tag.label']],
  ['item.width=1 AND item.hieght=2', 'QUERY_UNKNOWN_FIELD', 17, ['item.height']],
  ['xyzzy=1', 'QUERY_UNKNOWN_FIELD', 0, []],
  ['metadata=1', 'QUERY_UNKNOWN_FIELD', 0, ['metadata.Tags', 'metadata.name', 'metadata.<field>']],
  ['annotation(lable=a)', 'QUERY_UNKNOWN_FIELD', 11, ['label']],
  ['annotation(annotation.label=a)', 'QUERY_UNKNOWN_FIELD', 11, ['label']],
  ['annotation(annotation(label=a))', 'QUERY_UNKNOWN_FIELD', 11, []],
  ['annotation(item.width=1)', 'QUERY_UNKNOWN_FIELD', 11, []],
  ['"annotation".label=a', 'QUERY_UNKNOWN_FIELD', 0, ['annotation.label', 'tag.label']],
  ['annotation.label>a', 'QUERY_OPERATOR', 16, textOperators],
  ['item.width~6', 'QUERY_OPERATOR', 10, numberOperators],
  ['date ~ 2026', 'QUERY_OPERATOR', 5, numberOperators],
  ['annotation.type<human', 'QUERY_OPERATOR', 15, ['=', '!=', 'in', 'not in']],
  ['item.width=wide', 'QUERY_VALUE', 11, ['a number']],
  ['item.width=1e999', 'QUERY_VALUE', 11, ['a number']],
  ['item.width=0x10', 'QUERY_VALUE', 11, ['a number']],
  ['item.width in (1, two)', 'QUERY_VALUE', 18, ['a number']],
  ['item.width=""', 'QUERY_VALUE', 11, ['a number']],
  ['annotation.confidence>=80', 'QUERY_VALUE', 23, ['a number from 0 to 1']],
  ['annotation.confidence=-0.1', 'QUERY_VALUE', 22, ['a number from 0 to 1']],
  ['annotation.type=robot', 'QUERY_VALUE', 16, ['raw', 'human', 'machine']],
  ['annotation(type=raw)', 'QUERY_VALUE', 16, ['human', 'machine']],
  ['annotation.kind=circle', 'QUERY_VALUE', 16, ['label', 'box', 'polygon', 'mask', 'points']],
  ['annotation.review=maybe', 'QUERY_VALUE', 18, ['pending', 'accepted', 'rejected', 'edited']],
  ['item.type=other', 'QUERY_VALUE', 10, ['image', 'video']],
  ['item.size>2 apples', 'QUERY_VALUE', 10, sizeExpected],
  ['item.size>KB', 'QUERY_VALUE', 10, sizeExpected],
  ['item.duration<2 days', 'QUERY_VALUE', 14, ['a duration like 90, 90s, 1.5m or 2h']],
  ['date=2026-02-31', 'QUERY_VALUE', 5, dateExpected],
  ['date=2026-02-31T00:00:00Z', 'QUERY_VALUE', 5, dateExpected],
  ['date=yesterday', 'QUERY_VALUE', 5, dateExpected],
  ['date=2026-01-02T10:00', 'QUERY_VALUE', 5, dateExpected],
  ['updated=2026', 'QUERY_VALUE', 8, dateExpected],
  ['annotation.label=a\u0000b', 'QUERY_TEXT', 18, []],
  ['annotation.label=\ud800', 'QUERY_TEXT', 17, []],
  ['🐦=1', 'QUERY_UNKNOWN_FIELD', 0, []],
  ['item.width=1 AND 🐦🐦.x=1', 'QUERY_UNKNOWN_FIELD', 17, []],
  ['metadata.🐦=🐦 AND item.wid=1', 'QUERY_UNKNOWN_FIELD', 19, ['item.width']],
  [`${'('.repeat(33)}item.width=1${')'.repeat(33)}`, 'QUERY_TOO_LARGE', 33, []],
  [`${'NOT '.repeat(33)}item.width=1`, 'QUERY_TOO_LARGE', 131, []],
  [Array.from({ length: 101 }, () => 'item.width=1').join(' OR '), 'QUERY_TOO_LARGE', 1600, []],
  [`item.width in (${Array.from({ length: 201 }, () => '1').join(',')})`, 'QUERY_TOO_LARGE', 415, []],
  [`metadata.x=${'y'.repeat(4_000)}`, 'QUERY_TOO_LARGE', 4_000, []],
  [`metadata.${Array.from({ length: 16 }, () => 'a').join('.')}=1`, 'QUERY_TOO_LARGE', 39, []],
]

test.each(invalid)('%s is refused with %s at %i', (query, code, position, expected) => {
  const { query: read, faults } = readQuery(query)
  expect(read).toBeNull()
  expect(faults.map((fault) => ({ code: fault.code, ...fault.facts }))).toEqual([
    expect.objectContaining({ code, position, expected }),
  ])
  expect(() => predicateOf({ query, filter: null })).toThrow(expect.objectContaining({ code, path: ['query'] }))
})

test('there are 150 cases and more', () => {
  expect(valid.length + invalid.length).toBeGreaterThan(150)
})

test('all that is wrong with fields, operators and values is told at once', () => {
  const { faults } = readQuery('lable=a AND (item.width~1 OR NOT item.size=big) AND annotation(type=raw)')
  expect(faults.map((fault) => [fault.code, fault.facts['position']])).toEqual([
    ['QUERY_UNKNOWN_FIELD', 0],
    ['QUERY_OPERATOR', 23],
    ['QUERY_VALUE', 43],
    ['QUERY_VALUE', 68],
  ])
})

test('the largest query that is allowed runs', async () => {
  const terms = Array.from({ length: 99 }, (_, n) => `metadata.f${n}~x`)
  expect(
    await found(
      [
        ...terms,
        `annotation.label in (${Array.from({ length: 200 }, (_, n) => n).join(',')}, bird)`.replace('0,', ''),
      ].join(' OR '),
    ),
  ).toEqual([bird, human, film])
})

test.each([
  ['annotation.label=Bird', 'annotation.label=Bird'],
  ['  METADATA.tags = water  ', 'metadata.Tags=water'],
  [
    '(annotation.label=a AND (annotation.label=b)) AND item.width>=1',
    'annotation.label=a AND annotation.label=b AND item.width>=1',
  ],
  [
    '(item.width=1 OR item.width=2) AND NOT (date=2026-01-01)',
    '(item.width=1 OR item.width=2) AND NOT date=2026-01-01',
  ],
  ['annotation( label = a   AND TYPE=human )', 'annotation(label=a AND type=human)'],
  ['analytics.embeddingModel.x', 'analytics.embeddingModel=x'],
  ["metadata.x='R AND D'", 'metadata.x="R AND D"'],
  ['metadata."Captured Location"=Winnipeg', 'metadata.Captured Location=Winnipeg'],
  ['metadata."name"=x', 'metadata."name"=x'],
  ['item.name~ a\\b ', 'item.name~"a\\\\b"'],
  ['item.width  NOT   IN ( 1 ,2 )', 'item.width not in (1, 2)'],
  ['collection.name=zoo (old)', 'collection.name="zoo (old)"'],
])('%s is put in order as %s', (query, normalized) => {
  expect(print(requireQuery(query)!)).toBe(normalized)
})
