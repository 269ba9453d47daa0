import { defineErrors } from '@lakelens/kernel'

const list = (names: readonly string[]): string =>
  names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`

export const errors = defineErrors('metalake', {
  PAGE_ARGUMENTS: ['INVALID_INPUT', (d: { reason: string }) => `These page arguments don't go together: ${d.reason}.`],
  PAGE_TOO_LARGE: [
    'LIMIT_EXCEEDED',
    (d: { limit: number; received: number }) =>
      `A page holds at most ${d.limit} entries, not ${d.received}. Ask for fewer and follow the cursor.`,
  ],
  NOT_SUPPORTED: [
    'NOT_SUPPORTED',
    (d: { field: string; what: string; instead?: string }) =>
      `\`${d.field}\`: ${d.what} is not supported by this version. ${d.instead ?? 'Leave the field out'}.`,
  ],
  COLLECTION_NAME_INVALID: [
    'INVALID_INPUT',
    (d: { reason: string }) => `This is no name for a collection: ${d.reason}.`,
  ],
  COLLECTION_EXISTS: [
    'ALREADY_EXISTS',
    (d: { name: string; contentType: string }) =>
      `A collection named "${d.name}" exists already (${d.contentType}). Names are unique over all types: choose another or use the one there is.`,
  ],
  // The id of the database is not what the caller sent, so the message leaves it out.
  COLLECTION_NOT_FOUND: ['NOT_FOUND', () => 'There is no such collection. List them with `collections`.'],
  ITEM_NAME_INVALID: [
    'INVALID_INPUT',
    (d: { name: string; reason: string }) => `"${d.name}" can't name an item: ${d.reason}.`,
  ],
  ITEM_EXISTS: [
    'ALREADY_EXISTS',
    (d: { name: string; uniqueName: string; collection: string; existingName: string }) =>
      `"${d.name}" would be called "${d.uniqueName}", which is taken by "${d.existingName}" of collection "${d.collection}" with other content. Give it another name.`,
  ],
  ITEMS_TOO_MANY: [
    'BATCH_TOO_LARGE',
    (d: { limit: number; received: number }) =>
      `At most ${d.limit} at a time, not ${d.received}. Send several batches.`,
  ],
  ITEMS_UNKNOWN: [
    'NOT_FOUND',
    (d: { uniqueNames: readonly string[] }) => `No items with these names: ${list(d.uniqueNames)}.`,
  ],
  SCOPE_INVALID: ['INVALID_INPUT', (d: { reason: string }) => `The scope can't be used: ${d.reason}.`],
  PARAMETER_INVALID: ['INVALID_INPUT', (d: { field: string; reason: string }) => `\`${d.field}\` ${d.reason}.`],
  IDEMPOTENCY_KEY_REUSED: [
    'ALREADY_EXISTS',
    () => 'This idempotency key was used for a different request. Use a fresh key for every distinct request.',
  ],
  MODEL_WITHOUT_VECTOR: [
    'MODEL_PACKAGE_INVALID',
    (d: { model: string }) =>
      `Model ${d.model} gives no single vector: its manifest and graph name no embedding of a fixed length.`,
  ],
})
