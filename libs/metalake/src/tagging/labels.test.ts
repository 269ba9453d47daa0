import { isLakeError } from '@lakelens/kernel'
import { checkLabelOptions } from './checkLabels'
import { settleLabels, type LabelOptions } from './labels'

const own = ['person', 'car', 'truck', 'bird', 'Traffic Light']
const settle = (options: LabelOptions) => settleLabels(own, options, 0.5)

const refusalOf = (work: () => unknown) => {
  try {
    work()
  } catch (error) {
    if (isLakeError(error)) return { code: error.code, path: error.path?.join('.'), facts: error.facts }
    throw error
  }
  return null
}

test('nothing said is nothing settled', () => {
  expect(settle({})).toEqual({ wanted: null, thresholds: null, mapping: null, possible: own, merged: [] })
  expect(settle({ includeLabels: [...own].reverse() })).toEqual(settle({}))
  expect(settle({ classThresholds: [{ label: 'bird', confidenceThreshold: 0.5 }] })).toEqual(settle({}))
  expect(settle({ classMapping: [{ from: 'bird', to: 'bird' }] })).toEqual(settle({}))
  expect(settle({ includeLabels: null, excludeLabels: [], classMapping: null, classThresholds: [] })).toEqual(
    settle({}),
  )
})

test('a model that names no labels can be asked for none', () => {
  expect(settleLabels([], {}, 0.5)).toMatchObject({ wanted: null, possible: [] })
  expect(refusalOf(() => settleLabels([], { includeLabels: ['car'] }, 0.5))?.code).toBe('LABELS_UNKNOWN')
})

test('labels are found in any case, and come in the order of the model', () => {
  expect(settle({ includeLabels: ['traffic light', 'BIRD', 'car'] }).wanted).toEqual(['car', 'bird', 'Traffic Light'])
  expect(settle({ excludeLabels: ['Person'] }).wanted).toEqual(['car', 'truck', 'bird', 'Traffic Light'])
})

test('two ways of leaving a label out are one', () => {
  expect(settle({ classMapping: [{ from: 'bird', to: null }] })).toEqual(settle({ excludeLabels: ['bird'] }))
  expect(settle({ classMapping: [{ from: 'bird' }] })).toEqual(settle({ excludeLabels: ['bird'] }))
})

test('include, exclude and thresholds name what the model calls it, mapping comes after', () => {
  const settled = settle({
    includeLabels: ['car', 'truck', 'bird'],
    classMapping: [
      { from: 'car', to: 'vehicle' },
      { from: 'truck', to: 'vehicle' },
      { from: 'person', to: 'people' },
    ],
    classThresholds: [
      { label: 'truck', confidenceThreshold: 0.8 },
      { label: 'person', confidenceThreshold: 0.1 },
    ],
  })
  expect(settled).toMatchObject({ possible: ['vehicle', 'bird'], merged: ['vehicle'] })
  expect({ ...settled.mapping }).toEqual({ car: 'vehicle', truck: 'vehicle' })
  expect({ ...settled.thresholds }).toEqual({ truck: 0.8 })
  // Into a label of the model that keeps its own name.
  expect(settle({ classMapping: [{ from: 'truck', to: 'car' }] }).merged).toEqual(['car'])
  // A swap merges nothing.
  const swap = [
    { from: 'car', to: 'truck' },
    { from: 'truck', to: 'car' },
  ]
  expect(settle({ classMapping: swap }).merged).toEqual([])
})

test('labels that differ only in case are meant together, unless one is written exactly', () => {
  const settled = (includeLabels: string[]) => settleLabels(['Cat', 'cat', 'dog'], { includeLabels }, 0.5).wanted
  expect(settled(['CAT'])).toEqual(['Cat', 'cat'])
  expect(settled(['cat'])).toEqual(['cat'])
})

test('labels may be called like anything an object has', () => {
  const settled = settleLabels(
    ['__proto__', 'constructor', 'x'],
    {
      classMapping: [{ from: '__proto__', to: 'y' }],
      classThresholds: [{ label: 'constructor', confidenceThreshold: 0.9 }],
    },
    0.5,
  )
  expect(Object.entries(settled.mapping ?? {})).toEqual([['__proto__', 'y']])
  expect(settled.possible).toEqual(['y', 'constructor', 'x'])
})

test('unknown labels are all told, with what is close', () => {
  expect(refusalOf(() => settle({ includeLabels: ['bird', 'brid', 'zebra'] }))).toEqual({
    code: 'LABELS_UNKNOWN',
    path: 'includeLabels.1',
    facts: { labels: ['brid', 'zebra'], suggestions: ['bird'] },
  })
  expect(refusalOf(() => settle({ excludeLabels: ['trucks'] }))).toMatchObject({ path: 'excludeLabels.0' })
  expect(refusalOf(() => settle({ classMapping: [{ from: 'vehicle', to: 'car' }] }))).toMatchObject({
    path: 'classMapping.0.from',
  })
  expect(refusalOf(() => settle({ classThresholds: [{ label: 'kar', confidenceThreshold: 0.1 }] }))).toMatchObject({
    path: 'classThresholds.0.label',
    facts: { suggestions: ['car'] },
  })
})

test('a run that could say nothing is refused', () => {
  expect(refusalOf(() => settle({ excludeLabels: own }))?.code).toBe('LABELS_NONE_LEFT')
  const cases: LabelOptions = { includeLabels: ['car'], classMapping: [{ from: 'car', to: null }] }
  expect(refusalOf(() => settle(cases))?.code).toBe('LABELS_NONE_LEFT')
})

test.each<[LabelOptions, string]>([
  [{ includeLabels: [] }, 'includeLabels'],
  [{ includeLabels: ['car', ' '] }, 'includeLabels.1'],
  [{ includeLabels: ['car', 'Car '] }, 'includeLabels.1'],
  [{ includeLabels: ['car'], excludeLabels: ['bird', 'CAR'] }, 'excludeLabels.1'],
  [{ excludeLabels: ['a\u0000b'] }, 'excludeLabels.0'],
  [{ excludeLabels: ['\ud800'] }, 'excludeLabels.0'],
  [{ excludeLabels: ['x'.repeat(201)] }, 'excludeLabels.0'],
  [{ includeLabels: Array.from({ length: 1001 }, (_, n) => `${n}`) }, 'includeLabels'],
  [{ classMapping: [{ from: 'car', to: '' }] }, 'classMapping.0.to'],
  [{ classMapping: [{ from: 'car', to: 'a\nb' }] }, 'classMapping.0.to'],
  [
    {
      classMapping: [
        { from: 'car', to: 'a' },
        { from: 'CAR', to: 'b' },
      ],
    },
    'classMapping.1.from',
  ],
  [{ classThresholds: [{ label: 'car', confidenceThreshold: 1.01 }] }, 'classThresholds.0.confidenceThreshold'],
  [{ classThresholds: [{ label: 'car', confidenceThreshold: NaN }] }, 'classThresholds.0.confidenceThreshold'],
  [
    {
      classThresholds: [
        { label: 'car', confidenceThreshold: 0.1 },
        { label: 'car', confidenceThreshold: 0.2 },
      ],
    },
    'classThresholds.1.label',
  ],
])('%j is refused where it is wrong', (options, path) => {
  expect(refusalOf(() => checkLabelOptions(options))).toMatchObject({ code: 'PARAMETER_INVALID', path })
})

test('what a job keeps is what was said, and nothing where nothing was', () => {
  expect(checkLabelOptions({})).toEqual({})
  expect(checkLabelOptions({ includeLabels: null, excludeLabels: [], classMapping: [], classThresholds: [] })).toEqual(
    {},
  )
  expect(checkLabelOptions({ classMapping: [{ from: 'car', to: ' vehicle ' }, { from: 'bird' }] })).toEqual({
    classMapping: [
      { from: 'car', to: 'vehicle' },
      { from: 'bird', to: null },
    ],
  })
})

test('names that differ only in case are one name: the one the model says itself, else the first', () => {
  const mapped = (...pairs: [string, string][]) => settle({ classMapping: pairs.map(([from, to]) => ({ from, to })) })
  expect(mapped(['truck', 'vehicle'], ['car', 'Vehicle'])).toMatchObject({
    mapping: { car: 'Vehicle', truck: 'Vehicle' },
    merged: ['Vehicle'],
  })
  expect(mapped(['truck', 'CAR'])).toMatchObject({ mapping: { truck: 'car' }, merged: ['car'] })
  expect(mapped(['truck', 'CAR'])).toEqual(mapped(['truck', 'car']))
  expect(mapped(['car', 'Car'])).toMatchObject({ mapping: { car: 'Car' }, merged: [] })
})
