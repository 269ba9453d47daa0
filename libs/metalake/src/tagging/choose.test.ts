import type { Detection } from '@lakelens/inference-client'
import { chooseDetections } from './choose'
import { settleLabels, type LabelOptions } from './labels'

const own = ['person', 'car', 'truck', 'bird']
const box = (x: number, width = 0.2) => ({ x, y: 0.1, width, height: 0.2 })
const found = (label: string, confidence: number, at: Detection['box'] = box(0)): Detection => ({
  label,
  confidence,
  box: at,
})

const choose = (detections: readonly Detection[], options: LabelOptions = {}, nmsIou = 0.7, threshold = 0.5) =>
  chooseDetections(detections, { ...settleLabels(own, options, threshold), confidenceThreshold: threshold, nmsIou })
const said = (detections: readonly Detection[]) => detections.map(({ label, confidence }) => `${label} ${confidence}`)

test('a plain run keeps what came, as it came', () => {
  const all = [found('car', 0.9), found('truck', 0.8), found('car', 0.7)]
  expect(choose(all)).toEqual(all)
})

test('labels and thresholds hold whatever answered', () => {
  const all = [found('person', 0.95), found('car', 0.6), found('bird', 0.25), found('truck', 0.4)]
  const classThresholds = [
    { label: 'bird', confidenceThreshold: 0.2 },
    { label: 'car', confidenceThreshold: 0.7 },
  ]
  expect(said(choose(all, { excludeLabels: ['person'], classThresholds }))).toEqual(['bird 0.25'])
})

test('a score as float32 reaches the threshold it stands for', () => {
  expect(choose([found('bird', Math.fround(0.7))], { includeLabels: ['bird'] }, 0.7, 0.7)).toHaveLength(1)
})

test('merged labels are one object where they overlap, and two where they do not', () => {
  const classMapping = [
    { from: 'car', to: 'vehicle' },
    { from: 'truck', to: 'vehicle' },
  ]
  const overlapping = [found('truck', 0.8, box(0)), found('car', 0.9, box(0.01)), found('car', 0.7, box(0.6))]
  expect(said(choose(overlapping, { classMapping }))).toEqual(['vehicle 0.9', 'vehicle 0.7'])
  // IoU of the first two: 0.19 / 0.21, about 0.905.
  expect(said(choose(overlapping, { classMapping }, 0.91))).toEqual(['vehicle 0.9', 'vehicle 0.8', 'vehicle 0.7'])
})

test('a renamed label is not suppressed again, nor are others', () => {
  const all = [found('car', 0.9), found('car', 0.8), found('bird', 0.7), found('bird', 0.6)]
  expect(said(choose(all, { classMapping: [{ from: 'car', to: 'auto' }] }))).toEqual([
    'auto 0.9',
    'auto 0.8',
    'bird 0.7',
    'bird 0.6',
  ])
})

test('a merged label of the whole picture is said once, with the best score', () => {
  const all = [found('car', 0.6, null), found('truck', 0.9, null), found('bird', 0.7, null)]
  const classMapping = [
    { from: 'car', to: 'vehicle' },
    { from: 'truck', to: 'vehicle' },
  ]
  expect(said(choose(all, { classMapping }))).toEqual(['vehicle 0.9', 'bird 0.7'])
})
