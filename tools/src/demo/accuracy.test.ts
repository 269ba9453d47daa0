import { accuracyLines, scoreBoxes } from './accuracy'
import type { DemoBox, DemoPicture } from './page'

const at = (x: number, y: number, size = 0.2): DemoBox['box'] => ({ x, y, width: size, height: size })
const found = (label: string, confidence: number, box: DemoBox['box']): DemoBox => ({ label, confidence, box })
const picture = (name: string, ...boxes: DemoBox[]): DemoPicture => ({
  ...{ name, boxes, width: 100, height: 100, source: '', tags: [], neighbour: null },
})

test('a box is right when its label is and it overlaps by half; each true box is found once', () => {
  const truth = [
    { name: 'a', shapes: ['star', 'heart'].map((label, index) => ({ label, box: at(index * 0.5, 0) })) },
    { name: 'b', shapes: [{ label: 'cross', box: at(0.5, 0.5) }] },
  ]
  const pictures = [
    picture(
      'a',
      found('star', 0.9, at(0.01, 0)), // right
      found('star', 0.8, at(0, 0.01)), // a second one of the same
      found('circle', 0.95, at(0.5, 0)), // right place, wrong label
    ),
    picture('b', found('cross', 0.7, at(0.6, 0.6))), // IoU 1/7
  ]
  const accuracy = scoreBoxes(pictures, truth)
  expect(accuracy).toMatchObject({
    pictures: 2,
    there: 3,
    said: 4,
    right: 1,
    precision: 1 / 4,
    recall: 1 / 3,
    f1: 2 / 7,
  })
  expect(accuracy.missed).toEqual(
    new Map([
      ['a', [truth[0]?.shapes[1]]],
      ['b', truth[1]?.shapes],
    ]),
  )
})

test('the surer box answers first, for the true box it overlaps most', () => {
  const [near, far] = [
    { label: 'star', box: at(0, 0) },
    { label: 'star', box: at(0.05, 0) },
  ]
  const boxes = [found('star', 0.6, at(0, 0)), found('star', 0.9, at(0.05, 0))]
  expect(scoreBoxes([picture('a', ...boxes)], [{ name: 'a', shapes: [near, far] }]).right).toBe(2)
  const onlySurer = scoreBoxes([picture('a', boxes[1] as DemoBox)], [{ name: 'a', shapes: [near, far] }])
  expect(onlySurer.missed.get('a')).toEqual([near])
})

test('a picture that was not analysed has missed everything; nothing at all is 0, not a division', () => {
  const truth = [{ name: 'a', shapes: [{ label: 'star', box: at(0, 0) }] }]
  expect(scoreBoxes([], truth)).toMatchObject({ there: 1, said: 0, precision: 0, recall: 0, f1: 0 })
  expect(scoreBoxes([], [])).toMatchObject({ precision: 0, recall: 0, f1: 0 })
})

test('the lines say the numbers and how they were measured', () => {
  const truth = [{ name: 'a', shapes: [{ label: 'star', box: at(0, 0) }] }]
  const accuracy = scoreBoxes([picture('a', found('star', 0.9, at(0, 0)))], truth)
  const lines = accuracyLines(accuracy, { pictures: 1000, mAP50: 0.97, mAP50_95: 0.9 }, 0.5)
  expect(lines).toEqual([
    'Accuracy on these 1 pictures, which the model never saw: precision 1.000, recall 1.000, F1 1.000.',
    'Measured just now against what was drawn: 1 of 1 shapes found, 0 of 1 boxes wrong, at IoU 0.5 and confidence 0.5.',
    'On 1000 more fresh pictures, when the model was made: mAP50 0.970, mAP50-95 0.900.',
  ])
  expect(accuracyLines(accuracy, null, 0.5)).toHaveLength(2)
})
