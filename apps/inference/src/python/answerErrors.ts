import { defineErrors } from '@lakelens/kernel'

const told = (fact: string, step: string): string => `The model's answer cannot be read: ${fact}. ${step}`

/** Why what `output_fn` returned is refused: each fault has its own code, and its message says what to return instead. */
export const answerErrors = defineErrors('inference', {
  ANSWER_MALFORMED: [
    'MODEL_PACKAGE_INVALID',
    ({ reason }: { reason: string }) => told(reason, 'Return a dict of numbers, strings, lists and arrays.'),
  ],
  ANSWER_KEY_MISSING: [
    'MODEL_PACKAGE_INVALID',
    ({ key, found }: { key: string; found: readonly string[] }) =>
      told(
        `it has no \`${key}\`, only ${found.length > 0 ? found.map((name) => `\`${name}\``).join(', ') : 'an empty dict'}`,
        `Add \`${key}\` to what output_fn returns.`,
      ),
  ],
  ANSWER_SHAPE: [
    'MODEL_PACKAGE_INVALID',
    ({ key, actual, expected }: { key: string; actual: string; expected: string }) =>
      told(`\`${key}\` is ${actual}`, `Give ${expected}.`),
  ],
  ANSWER_TOO_MANY: [
    'MODEL_PACKAGE_INVALID',
    ({ key, count, limit }: { key: string; count: number; limit: number }) =>
      told(`there are ${count} \`${key}\`; at most ${limit} are read`, 'Leave out what scores low.'),
  ],
  ANSWER_LENGTHS_DIFFER: [
    'MODEL_PACKAGE_INVALID',
    ({ key, length, boxes }: { key: string; length: number; boxes: number }) =>
      told(`there are ${boxes} boxes and ${length} \`${key}\``, 'Give one for each object.'),
  ],
  ANSWER_NOT_FINITE: [
    'MODEL_PACKAGE_INVALID',
    ({ key }: { key: string }) =>
      told(`\`${key}\` holds NaN or infinity`, 'Correct the script, or leave such objects out.'),
  ],
  ANSWER_BOX_REVERSED: [
    'MODEL_PACKAGE_INVALID',
    ({ box }: { box: readonly number[] }) =>
      told(
        `the box [${box.join(', ')}] ends before it begins`,
        'Boxes are [x1, y1, x2, y2], two corners; convert x, y, width, height.',
      ),
  ],
  ANSWER_BOX_OUTSIDE: [
    'MODEL_PACKAGE_INVALID',
    ({ box, width, height }: { box: readonly number[]; width: number; height: number }) =>
      told(
        `the box [${box.join(', ')}] lies far outside the picture of ${width} × ${height}`,
        'Boxes are in pixels of the picture as input_fn was given it.',
      ),
  ],
  ANSWER_BOXES_LOOK_NORMALIZED: [
    'MODEL_PACKAGE_INVALID',
    ({ largest }: { largest: number }) =>
      told(
        `the boxes are in pixels, says model.yaml, and none of their numbers is above ${largest}`,
        'Multiply them by width and height, or write `boxes: normalized` in model.yaml.',
      ),
  ],
  ANSWER_BOXES_NOT_NORMALIZED: [
    'MODEL_PACKAGE_INVALID',
    ({ box }: { box: readonly number[] }) =>
      told(
        `the boxes are fractions of the picture, says \`boxes: normalized\`, and one is [${box.join(', ')}]`,
        'Divide them by width and height, or write `boxes: pixels` in model.yaml.',
      ),
  ],
  ANSWER_SCORE_RANGE: [
    'MODEL_PACKAGE_INVALID',
    ({ key, value }: { key: string; value: number }) =>
      told(
        `\`${key}\` holds ${value}, and a score is 0 to 1`,
        'Apply the sigmoid or softmax in output_fn, or write `activation: sigmoid` (or softmax) in model.yaml.',
      ),
  ],
  ANSWER_CLASS_UNKNOWN: [
    'MODEL_PACKAGE_INVALID',
    ({ value, classes }: { value: number; classes: number }) =>
      told(
        `a class is ${value}, and the label list has ${classes} entries`,
        'Classes are whole numbers from 0, in the order of label_list.yaml.',
      ),
  ],
  ANSWER_LABEL_UNKNOWN: [
    'MODEL_PACKAGE_INVALID',
    ({ label }: { label: string }) =>
      told(`the label ${JSON.stringify(label)} is not in the label list`, 'Add it to label_list.yaml, or correct it.'),
  ],
  ANSWER_PHRASE_UNUSABLE: [
    'MODEL_PACKAGE_INVALID',
    ({ phrase }: { phrase: string }) =>
      told(
        `${JSON.stringify(phrase)} cannot be a label`,
        'Phrases are 1 to 200 characters long, none of them a control character.',
      ),
  ],
  ANSWER_MASK_SIZE: [
    'MODEL_PACKAGE_INVALID',
    ({ actual, expected }: { actual: string; expected: string }) =>
      told(`a mask is ${actual}, and the picture ${expected}`, 'Masks cover the picture as input_fn was given it.'),
  ],
  ANSWER_VECTOR_DIMENSION: [
    'MODEL_PACKAGE_INVALID',
    ({ actual, expected }: { actual: number; expected: number }) =>
      told(
        `its vector has ${actual} numbers, and the model's vectors have ${expected}`,
        'All vectors of a model have one length; correct the script, or `vectorDimension` in model.yaml.',
      ),
  ],
})
