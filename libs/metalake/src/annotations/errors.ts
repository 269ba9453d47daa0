import { defineErrors } from '@lakelens/kernel'

export const errors = defineErrors('metalake/annotations', {
  LABEL_INVALID: ['INVALID_INPUT', (d: { reason: string }) => `This is no label: ${d.reason}.`],
  SHAPE_INVALID: ['INVALID_INPUT', (d: { reason: string }) => `This is no shape of the item: ${d.reason}.`],
  SHAPE_TOO_LARGE: [
    'LIMIT_EXCEEDED',
    (d: { what: string; limit: number; received: number }) =>
      `A shape has at most ${d.limit} ${d.what}, not ${d.received}. Simplify it, or draw it as several annotations.`,
  ],
  FRAME_INVALID: ['INVALID_INPUT', (d: { reason: string }) => `The frame can't be used: ${d.reason}.`],
  CHANGE_EMPTY: ['INVALID_INPUT', () => 'There is nothing to change. Give a `label`, a `shape` or both.'],
  REVIEW_TARGET_INVALID: [
    'INVALID_INPUT',
    () => 'Give exactly one of `annotationIds` and `jobFilter`: what the decision is about.',
  ],
  // The id of the database is not what the caller sent, so the message leaves it out.
  ANNOTATION_NOT_FOUND: [
    'NOT_FOUND',
    () => 'There is no such annotation any more. List those of an item with `annotations`.',
  ],
  RUN_NOT_FOUND: ['NOT_FOUND', () => 'There is no such job. List them with `jobs`.'],
})
