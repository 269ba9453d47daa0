// Random lakes and random queries over them, from few and awkward words, so that conditions are met about as often as not.
import type { Asked, AskedTest, AskedValue, Wild } from './evaluate'
import { anAnnotation, anItem, digestOf, type LakeAnnotation, type LakeItem, type LakeModel } from './lakeItems'

export interface Dice {
  /** 0 to n - 1. */
  below(n: number): number
  pick<T>(from: readonly T[]): T
  chance(p: number): boolean
  some<T>(from: readonly T[], most: number): T[]
}

/** Mulberry32: the same seed, the same throws. */
export function dice(seed: number): Dice {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (n: number) => Math.floor(next() * n)
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T
  return {
    below,
    pick,
    chance: (p) => next() < p,
    some: (from, most) => Array.from({ length: below(most + 1) }, () => pick(from)),
  }
}

// prettier-ignore
export const words = ['bird', 'Bird', 'dog', 'Möwe', 'MÖWE', 'a_b', 'axb', 'a%b', 'a\\b', 'a\\*b', "it's", 'say "so"', 'птица', 'R AND D', 'two words', '*',
  'q?', '🐦', '🐦🐦', 'line\nbreak', '(open', 'f(x)', 'a,b', '$1', "'; drop table item; --", 'NOT', '2024', '7', '-1.5', 'true', 'null', '2026-01-02', '%', '_', 'é']
// Few, and the first ones often: most conditions on metadata should be about something that is there.
const keys = [
  'city',
  'city',
  'city',
  'City',
  'deep',
  'deep',
  'a.b',
  'Captured Location',
  'name',
  'Tags',
  '0',
  '',
  'in',
  'x AND y',
  'q"uote',
  '__proto__x',
]
const spellings = [
  'bird',
  'bird',
  'Bird',
  'BIRD',
  'a_b',
  'axb',
  'a%b',
  'a\\b',
  '2024',
  '7',
  '-1.5',
  'true',
  'null',
  '2026-01-02',
  'R AND D',
  '🐦',
  'é',
]
const days = ['2025-12-31', '2026-01-01', '2026-01-02', '2026-01-03']
const instants = days.flatMap((day) => ['T00:00:00.000Z', 'T12:30:00.500Z', 'T23:59:59.999Z'].map((time) => day + time))
const models: LakeModel[] = [
  { name: 'yolov8n', version: 1 },
  { name: 'yolov8n', version: 2 },
  { name: 'ResNet50', version: 1 },
  { name: 'clip.v2', version: 1 },
]
const confidences = [0, 0.1, 0.3, 0.5, 0.8, 0.9, 1]
const sizes = [0, 1, 999, 1_000, 1_024, 1_500_000, 2 ** 31, 3 * 2 ** 30]
const collections = ['birds', 'Zoo (old)', 'Vögel']

function randomScalar(d: Dice): unknown {
  return d.pick<() => unknown>([
    () => d.pick(spellings),
    () => d.pick(spellings),
    () => d.pick([0, 7, 2024, -1.5, 1e3, 0.1]),
    () => d.chance(0.5),
    () => null,
  ])()
}

function randomMetadata(d: Dice, depth: number): Record<string, unknown> {
  const entries = d.some(keys, 5).map((key): [string, unknown] => {
    if (depth > 0 && d.chance(0.25)) return [key, randomMetadata(d, depth - 1)]
    if (d.chance(0.3))
      return [key, Array.from({ length: d.below(4) }, () => (d.chance(0.1) ? [randomScalar(d)] : randomScalar(d)))]
    return [key, randomScalar(d)]
  })
  return Object.fromEntries(entries)
}

function randomAnnotation(d: Dice): LakeAnnotation {
  const isHuman = d.chance(0.4)
  return anAnnotation(d.pick(words), {
    source: isHuman ? 'HUMAN' : 'MACHINE',
    kind: d.pick(['LABEL', 'BOX', 'POLYGON', 'MASK', 'POINTS']),
    confidence: isHuman ? null : d.pick(confidences),
    review: d.pick(['PENDING', 'PENDING', 'ACCEPTED', 'REJECTED', 'EDITED']),
    frame: d.chance(0.3) ? d.below(5) : null,
    by: isHuman ? d.pick(['Ann', 'bob', 'a_b']) : null,
    model: isHuman ? null : d.pick(models),
    isSuperseded: d.chance(0.15),
  })
}

export function randomItem(d: Dice, n: number): LakeItem {
  const isVideo = d.chance(0.3)
  return anItem(`${n} ${d.pick(words)}`, {
    collection: d.pick(collections),
    contentType: isVideo ? 'VIDEO' : 'IMAGE',
    mediaType: isVideo ? 'video/mp4' : d.pick(['image/png', 'image/jpeg']),
    digest: digestOf(d.below(3)),
    byteSize: d.pick(sizes),
    width: d.chance(0.2) ? null : d.pick([1, 640, 1920]),
    height: d.chance(0.2) ? null : d.pick([1, 480, 1080]),
    durationSeconds: isVideo ? d.pick([0.5, 60, 90.5, 7200]) : null,
    frameCount: isVideo ? d.pick([1, 100, 2715]) : null,
    frameRate: isVideo ? d.pick([25, 29.97]) : null,
    metadata: d.chance(0.2) ? {} : randomMetadata(d, 2),
    tags: d.some(words, 3),
    derivedTags: d.some(words, 2),
    createdAt: d.pick(instants),
    updatedAt: d.pick(instants),
    annotations: Array.from({ length: d.below(4) }, () => randomAnnotation(d)),
    vectors: d.some(models, 2),
  })
}

const text = (value: string): AskedValue => ({ text: value })
const numbers = (d: Dice, from: readonly number[]): AskedValue => {
  const number = d.pick([...from, d.pick(from) + 0.5])
  return { text: String(number), number }
}

function randomDate(d: Dice): AskedValue {
  const isDay = d.chance(0.6)
  const value = d.pick(isDay ? days : instants)
  const from = Date.parse(value)
  return { text: value, range: [from, from + (isDay ? 86_400_000 : 1)] }
}

function randomSize(d: Dice): AskedValue {
  const [unit, factor] = d.pick([
    ['', 1],
    ['KB', 1e3],
    ['kib', 1024],
    [' MB', 1e6],
    ['GiB', 2 ** 30],
  ] as const)
  const amount = d.pick([0, 1, 1.5, 3, 999])
  return { text: `${amount}${unit}`, number: amount * factor }
}

function randomDuration(d: Dice): AskedValue {
  const [unit, factor] = d.pick([
    ['', 1],
    ['s', 1],
    ['m', 60],
    ['h', 3600],
  ] as const)
  const amount = d.pick([0.5, 1, 2, 60, 90.5])
  return { text: `${amount}${unit}`, number: amount * factor }
}

const cased = (d: Dice, word: string): string => (d.chance(0.3) ? word.toUpperCase() : word)
const choice =
  (...choices: string[]) =>
  (d: Dice): AskedValue =>
    text(cased(d, d.pick(choices)))
const word = (d: Dice): AskedValue => text(d.pick(words))
const model = (d: Dice): AskedValue =>
  text(cased(d, d.pick(['yolov8n', 'yolov8n:2', 'yolov8n:9', 'resnet50', 'clip.v2:1', 'other'])))

type Maker = (d: Dice) => AskedValue
const like = ['=', '!=', '~', 'in', 'not in'] as const
const chosen = ['=', '!=', 'in', 'not in'] as const
const compared = ['=', '!=', '<', '<=', '>', '>=', 'in', 'not in'] as const
const annotationFields: [string, readonly AskedTest['operator'][], Maker][] = [
  ['annotation.label', like, word],
  [
    'annotation.confidence',
    compared,
    (d) => {
      const n = d.pick(confidences)
      return { text: String(n), number: n }
    },
  ],
  ['annotation.model', like, model],
  ['annotation.kind', chosen, choice('label', 'box', 'polygon', 'mask', 'points')],
  ['annotation.review', chosen, choice('pending', 'accepted', 'rejected', 'edited')],
  ['annotation.frame', compared, (d) => numbers(d, [0, 1, 2, 4])],
  ['annotation.by', like, choice('Ann', 'BOB', 'a_b', 'nobody')],
]
const itemFields: [string, readonly AskedTest['operator'][], Maker][] = [
  ...annotationFields,
  ['annotation.label', like, word],
  ['annotation.type', chosen, choice('raw', 'human', 'machine')],
  ['tag.label', like, word],
  ['metadata.Tags', like, word],
  ['metadata.name', like, (d) => text(`${d.below(30)} ${d.pick(words)}`)],
  ['item.name', like, word],
  ['item.uniqueName', like, (d) => text(`${d.pick(collections)}_${d.below(30)} ${d.pick(words)}`)],
  ['analytics.embeddingModel', like, model],
  ['item.width', compared, (d) => numbers(d, [1, 640, 1920])],
  ['item.height', compared, (d) => numbers(d, [1, 480, 1e300])],
  ['item.size', compared, randomSize],
  ['item.duration', compared, randomDuration],
  ['item.frames', compared, (d) => numbers(d, [1, 100, 2715])],
  ['item.frameRate', compared, (d) => numbers(d, [25, 29.97])],
  ['item.type', chosen, choice('image', 'video')],
  ['item.mediaType', like, choice('image/png', 'image/jpeg', 'video/mp4')],
  ['item.digest', like, (d) => text(cased(d, digestOf(d.below(3))))],
  ['collection.name', like, (d) => text(cased(d, d.pick(collections)))],
  ['date', compared, randomDate],
  ['updated', compared, randomDate],
]

/** Part of a word, with some of it wild. */
function randomPattern(d: Dice, value: string): (string | Wild)[] {
  const characters = [...value]
  const from = d.below(characters.length + 1)
  const part = characters.slice(from, from + 1 + d.below(4))
  return part.map((character) => (d.chance(0.15) ? { one: true } : d.chance(0.1) ? { any: true } : cased(d, character)))
}

function randomTest(d: Dice, isInGroup: boolean): AskedTest {
  if (!isInGroup && d.chance(0.3)) {
    const path = [d.pick(keys), ...(d.chance(0.3) ? [d.pick(keys)] : [])]
    const operator = d.pick(['=', '!=', '~', '<', '<=', '>', '>=', 'in', 'not in'] as const)
    return withValues(d, { kind: 'test', field: 'metadata', path, operator, values: [] }, (e) =>
      text(e.pick([...spellings, ...spellings, '1000', '1e3', '0.10', 'false'])),
    )
  }
  const [field, operators, value] = d.pick(
    isInGroup
      ? [...annotationFields, ['annotation.type', chosen, choice('human', 'machine')] as (typeof annotationFields)[0]]
      : itemFields,
  )
  return withValues(d, { kind: 'test', field, operator: d.pick(operators), values: [] }, value)
}

function withValues(d: Dice, test: AskedTest, value: Maker): AskedTest {
  const count = test.operator === 'in' || test.operator === 'not in' ? 1 + d.below(3) : 1
  const values = Array.from({ length: count }, () => value(d))
  if (test.operator !== '~') return { ...test, values }
  return { ...test, values: values.map((one) => ({ ...one, pattern: randomPattern(d, one.text) })) }
}

export function randomQuery(d: Dice, depth = 3, isInGroup = false): Asked {
  if (depth === 0 || d.chance(0.35)) {
    if (!isInGroup && d.chance(0.2)) return { kind: 'group', of: randomQuery(d, 2, true) }
    return randomTest(d, isInGroup)
  }
  if (d.chance(0.25)) return { kind: 'not', of: randomQuery(d, depth - 1, isInGroup) }
  const of = Array.from({ length: 2 + d.below(2) }, () => randomQuery(d, depth - 1, isInGroup))
  return { kind: d.pick(['and', 'or'] as const), of }
}
