import { defineErrors } from '@lakelens/kernel'

export const errors = defineErrors('metalake/exchange', {
  ANNOTATION_FILE_INVALID: [
    'INVALID_INPUT',
    (d: { format: string; reason: string }) =>
      `This can't be read as ${d.format}: ${d.reason}. Nothing of it was taken. Correct the file and send it again.`,
  ],
  ANNOTATION_FILE_TOO_LARGE: [
    'LIMIT_EXCEEDED',
    (d: { what: string; limit: number }) => `An annotation file has at most ${d.limit} ${d.what}. Send it in parts.`,
  ],
  ENTRY_INVALID: ['INVALID_INPUT', (d: { reason: string }) => `This entry can't be read: ${d.reason}.`],
  ENTRY_TOO_LARGE: [
    'LIMIT_EXCEEDED',
    (d: { limit: number }) => `This entry has more than ${d.limit} characters. Simplify its shape.`,
  ],
  ITEM_UNMATCHED: [
    'NOT_FOUND',
    (d: { name: string }) => `No item of the collection is called ${JSON.stringify(d.name.slice(0, 300))}.`,
  ],
  IMAGE_UNMATCHED: [
    'NOT_FOUND',
    (d: { id: string }) => `Its image ${d.id.slice(0, 100)} is not in the file, or no item of the collection.`,
  ],
  CATEGORY_UNKNOWN: [
    'NOT_FOUND',
    (d: { id: string }) => `The file says nowhere what its class ${d.id.slice(0, 100)} is called.`,
  ],
})
