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
  ITEM_CONTENT_TYPE: [
    'CONTENT_TYPE_UNSUPPORTED',
    (d: { found: string; collection: string; takes: string }) =>
      `The file is of type ${d.found}, and collection "${d.collection}" holds ${d.takes}. Add it to a collection of ${d.found}.`,
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
  METADATA_INVALID: ['INVALID_INPUT', (d: { reason: string }) => `These metadata can't be kept: ${d.reason}.`],
  TAGS_INVALID: ['INVALID_INPUT', (d: { reason: string }) => `These tags can't be kept: ${d.reason}.`],
  METADATA_TOO_LARGE: [
    'LIMIT_EXCEEDED',
    (d: { uniqueNames: readonly string[]; what: string; limit: number }) =>
      `With this change ${list(d.uniqueNames)} would hold more than ${d.limit} ${d.what}. Nothing was changed: remove some first.`,
  ],
  COLLECTION_DELETING: [
    'JOB_STATE',
    (d: { name: string }) =>
      `Collection "${d.name}" is being deleted: nothing can be added to it, or run on it, any more. Use another one.`,
  ],
  DELETION_UNCONFIRMED: [
    'INVALID_INPUT',
    (d: { items: number; contentType: string }) =>
      `This deletes every ${d.contentType} of the lake, about ${d.items} items. Narrow it by \`query\`, \`filter\` or another scope, or say \`confirmEverything: true\`.`,
  ],
  SCOPE_INVALID: ['INVALID_INPUT', (d: { reason: string }) => `The scope can't be used: ${d.reason}.`],
  PARAMETER_INVALID: ['INVALID_INPUT', (d: { field: string; reason: string }) => `\`${d.field}\` ${d.reason}.`],
  LABELS_UNKNOWN: [
    'NOT_FOUND',
    (d: { labels: readonly string[]; suggestions: readonly string[] }) =>
      `The model has no such labels: ${list(d.labels)}. ${d.suggestions.length === 0 ? 'See the labels of its version' : `Close to them are: ${list(d.suggestions)}`}.`,
  ],
  LABELS_NONE_LEFT: [
    'INVALID_INPUT',
    () =>
      'No label of the model is left: `includeLabels`, `excludeLabels` and `classMapping` together leave all of them out. Leave some of them in.',
  ],
  PREVIEW_LATE: [
    'MODEL_NOT_READY',
    (d: { modelId: string; seconds: number }) =>
      `Model ${d.modelId} could not be opened within ${d.seconds} seconds. Start a run, which waits for it, or ask again in a while.`,
  ],
  IDEMPOTENCY_KEY_REUSED: [
    'ALREADY_EXISTS',
    () => 'This idempotency key was used for a different request. Use a fresh key for every distinct request.',
  ],
  // Codes of single items among a job's failures.
  MEDIA_MISSING: [
    'NOT_FOUND',
    () => 'The stored file is gone from the media store. Restore it, or delete the item and add it again.',
  ],
  NO_FRAME_CHOSEN: [
    'INVALID_INPUT',
    (d: { videoSampling: string }) =>
      `No frame of it was looked at: \`videoSampling: ${d.videoSampling}\` chooses none. Choose frames another way.`,
  ],
  MODEL_WITHOUT_VECTOR: [
    'MODEL_PACKAGE_INVALID',
    (d: { model: string }) =>
      `Model ${d.model} gives no single vector: its manifest and graph name no embedding of a fixed length.`,
  ],
})
