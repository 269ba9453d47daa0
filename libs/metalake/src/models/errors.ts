import { defineErrors } from '@lakelens/kernel'

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(' or ')
const didYouMean = (suggestions: readonly string[]): string =>
  suggestions.length === 0 ? 'List them with `models`.' : `Did you mean ${quoted(suggestions)}?`

export interface UnavailableFacts {
  modelId: string
  file: string
  address: string | null
  folder: string
  reason: string
}

const unavailable = (d: UnavailableFacts): string =>
  `${d.file}, the file of model "${d.modelId}", is not here: ${d.reason}. ` +
  (d.address === null
    ? `Put the file into ${d.folder}`
    : `Fetch ${d.address} by hand and put the file into ${d.folder}`) +
  ', or set LAKELENS_MODELS_DIR to a folder whose models.json lists it.'

export const errors = defineErrors('models', {
  MODEL_ID_INVALID: [
    'INVALID_INPUT',
    (d: { reason: string }) => `This is no model id: ${d.reason}. Write a name, \`name:version\` or \`name@alias\`.`,
  ],
  MODEL_NOT_FOUND: [
    'NOT_FOUND',
    (d: { modelId: string; suggestions: readonly string[] }) =>
      `There is no model "${d.modelId}". ${didYouMean(d.suggestions)}`,
  ],
  MODEL_VERSION_NOT_FOUND: [
    'NOT_FOUND',
    (d: { modelId: string; version: number }) =>
      `Model "${d.modelId}" has no version ${d.version}. Leave the version out for the newest, or list them with \`model\`.`,
  ],
  MODEL_VERSION_GONE: [
    'NOT_FOUND',
    (d: { id: string }) => `There is no model version ${d.id} any more. Start the job anew.`,
  ],
  MODEL_ALIAS_NOT_FOUND: [
    'NOT_FOUND',
    (d: { modelId: string; alias: string }) =>
      `Model "${d.modelId}" has no alias "${d.alias}". Pick a version with \`${d.modelId}:<number>\`, or leave it out for the newest.`,
  ],
  MODEL_APPLICATION_MISMATCH: [
    'MODEL_APPLICATION_MISMATCH',
    (d: { modelId: string; expected: string; actual: string }) =>
      `Model "${d.modelId}" is for ${d.actual}, not for ${d.expected}. Choose one whose application is ${d.expected}.`,
  ],
  MODEL_DEFAULT_UNKNOWN: [
    'MODEL_UNAVAILABLE',
    (d: { variable: string; value: string; suggestions: readonly string[] }) =>
      `The default model can't be had: ${d.variable} says "${d.value}", and there is no such model. ${didYouMean(d.suggestions)}`,
  ],
  MODEL_NOT_READY: [
    'MODEL_NOT_READY',
    (d: { modelId: string; version: number; status: string }) =>
      `Version ${d.version} of model "${d.modelId}" is ${d.status}. Pick one that is READY.`,
  ],
  MODEL_PUT_AWAY: [
    'MODEL_NOT_READY',
    (d: { modelId: string; version: number; retryable: boolean }) =>
      `Version ${d.version} of model "${d.modelId}" was put away while it was being prepared. What the name means now is looked up again.`,
  ],
  MODEL_WITHOUT_VERSION: [
    'MODEL_NOT_READY',
    (d: { modelId: string }) => `Model "${d.modelId}" has no version that can be run. See the status of its versions.`,
  ],
  MODEL_FILE_LOST: [
    'MODEL_UNAVAILABLE',
    (d: { modelId: string; version: number }) =>
      `The file of version ${d.version} of model "${d.modelId}" is no longer in the blob store. Register its package again; a system model is prepared anew when the version is left out.`,
  ],
  LICENSE_DENIED: [
    'LICENSE_DENIED',
    (d: { modelId: string; license: string }) =>
      `Model "${d.modelId}" is under ${d.license}, which LAKELENS_DENY_LICENSES refuses. Choose another model.`,
  ],
  MODEL_UNAVAILABLE: ['MODEL_UNAVAILABLE', unavailable],
  MODEL_DIGEST_MISMATCH: [
    'MODEL_UNAVAILABLE',
    (d: { modelId: string; file: string; expected: string; actual: string; source: string }) =>
      `${d.file}, the file of model "${d.modelId}", is not the one ${d.source} names: its SHA-256 is ${d.actual}, not ${d.expected}. Put the right file in its place, or correct the digest if the change was meant.`,
  ],
  MODELS_FOLDER_INVALID: [
    'MODEL_UNAVAILABLE',
    (d: { path: string; reason: string }) =>
      `LAKELENS_MODELS_DIR can't be used: ${d.path} ${d.reason}. Correct it, or unset the variable.`,
  ],
  MODELS_ENTRY_INVALID: [
    'MODEL_UNAVAILABLE',
    (d: { path: string; entry: string; reason: string }) =>
      `${d.path}, entry ${d.entry}: ${d.reason}. Correct the entry.`,
  ],
  MODELS_RECORD_DAMAGED: [
    'MODEL_UNAVAILABLE',
    (d: { path: string }) => `${d.path} is damaged. Correct it, or remove it to trust the files beside it anew.`,
  ],
  MODEL_LABELS_MISMATCH: [
    'MODEL_PACKAGE_INVALID',
    (d: { modelId: string; labels: number; classes: number }) =>
      `Model "${d.modelId}" has ${d.labels} labels for a graph of ${d.classes} classes. Give it the list it was trained with, in that order.`,
  ],
  MODEL_DIMENSION_MISMATCH: [
    'MODEL_PACKAGE_INVALID',
    (d: { modelId: string; declared: number; actual: number | null }) =>
      `Model "${d.modelId}" declares vectors of ${d.declared} and its graph gives ${d.actual ?? 'none'}. Correct vectorDimension, or name the right tensor.`,
  ],
  MODEL_STORAGE_FULL: [
    'STORAGE_FULL',
    (d: { file: string; folder: string }) =>
      `There is no space left for ${d.file} in ${d.folder}. Free some and ask again: what was fetched is kept.`,
  ],
})
