import { cosine, scoreTags, truthTags } from './evaluate'

test('each pair of picture and label counts once, over all pictures of the truth', () => {
  const truth = { 'a.jpg': ['cat', 'dog'], 'b.jpg': ['car'], 'c.jpg': [] }
  // cat right (told twice), bird wrong; b.jpg left out: its car is missed; c.jpg: one wrong.
  const scores = scoreTags({ 'a.jpg': ['cat', 'cat', 'bird'], 'c.jpg': ['cat'] }, truth)
  expect(scores).toMatchObject({ correct: 1, predicted: 3, true: 3, precision: 1 / 3, recall: 1 / 3 })
  expect(scores.f1).toBeCloseTo(1 / 3, 12)
})

test('nothing predicted scores 0, all right scores 1', () => {
  const truth = { 'a.jpg': ['cat'] }
  expect(scoreTags({}, truth)).toMatchObject({ precision: 0, recall: 0, f1: 0 })
  expect(scoreTags(truth, truth)).toMatchObject({ precision: 1, recall: 1, f1: 1 })
})

test('the truth of a picture is its classes', () => {
  expect(truthTags({ labels: ['cat'], images: { 'a.jpg': { classes: ['cat'] } } })).toEqual({ 'a.jpg': ['cat'] })
})

test('cosine of equal, opposite, orthogonal and unlike vectors', () => {
  expect(cosine([1, 2], Float32Array.of(2, 4))).toBeCloseTo(1, 12)
  expect(cosine([1, 2], [-1, -2])).toBeCloseTo(-1, 12)
  expect(cosine([1, 0], [0, 3])).toBe(0)
  expect(cosine([1, 0], [1, 0, 0])).toBeNaN()
  expect(cosine([0, 0], [1, 0])).toBeNaN()
})
