import { defineErrors } from '@lakelens/kernel'

/** One FAILED check of a report. */
export interface FailedCheckFacts {
  check: string
  name: string
  message: string | null
  file: string | null
  line: number | null
  hint: string | null
}

const place = ({ file, line }: FailedCheckFacts): string =>
  file === null ? '' : line === null ? `${file}: ` : `${file}, line ${line}: `
const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)

export const errors = defineErrors('metalake/registration', {
  MODEL_NAME_INVALID: [
    'INVALID_INPUT',
    (d: { reason: string }) => `This can't name a model: ${d.reason}. Choose another name.`,
  ],
  MODEL_NAME_RESERVED: [
    'ALREADY_EXISTS',
    (d: { name: string }) =>
      `"${d.name}" is the name of a model that comes with this server. Choose another name for yours.`,
  ],
  ALIAS_INVALID: [
    'INVALID_INPUT',
    (d: { reason: string }) => `This can't be an alias: ${d.reason}. Choose another, such as \`production\`.`,
  ],
  MODEL_TEXT_TOO_LONG: [
    'INVALID_INPUT',
    (d: { field: string; limit: number }) => `\`${d.field}\` has at most ${d.limit} characters. Shorten it.`,
  ],
  MODEL_TEXT_INVALID: [
    'INVALID_INPUT',
    (d: { field: string }) => `\`${d.field}\` holds control characters, or half of one. Write plain text.`,
  ],
  SOURCE_INVALID: [
    'INVALID_INPUT',
    () => 'A package comes from exactly one of `uploadId`, `path` and `storageUrl`. Give one of them.',
  ],
  IMPORT_DIR_UNSET: [
    'NOT_SUPPORTED',
    (_: { field: string }) =>
      'Registering from a folder of the server needs LAKELENS_IMPORT_DIR, and it is not set there. Set it, or send the package with createUpload.',
  ],
  IMPORT_DIR_UNUSABLE: [
    'NOT_FOUND',
    (d: { reason: string }) =>
      `The server's LAKELENS_IMPORT_DIR ${d.reason}. Correct it there, or send the package with createUpload.`,
  ],
  IMPORT_PATH_OUTSIDE: [
    'INVALID_INPUT',
    () =>
      'This path leads out of LAKELENS_IMPORT_DIR, by itself or through a link. Name a folder or an archive below it.',
  ],
  IMPORT_PATH_NOT_FOUND: [
    'NOT_FOUND',
    (d: { path: string }) => `There is no ${d.path} below LAKELENS_IMPORT_DIR. Check the spelling.`,
  ],
  IMPORT_PATH_UNREADABLE: [
    'INVALID_INPUT',
    (d: { path: string; reason: string }) =>
      `${d.path} below LAKELENS_IMPORT_DIR ${d.reason}. Name a folder, a .tar or a .tar.gz that the server may read.`,
  ],
  PACKAGE_CHANGED: [
    'INVALID_INPUT',
    (d: { path: string }) => `${d.path} changed while it was read. Register it again when it is complete.`,
  ],
  PACKAGE_CHECK_FAILED: [
    'MODEL_PACKAGE_INVALID',
    (d: FailedCheckFacts) =>
      [`${place(d)}${sentence(d.message ?? `${d.name}: this is not so`)}`, d.hint].filter(Boolean).join(' '),
  ],
  MODEL_DEADLY: [
    'MODEL_PACKAGE_INVALID',
    () =>
      'Opening the model ended the inference service twice. Check that it is whole and fits the memory of that service, then register it again.',
  ],
  REGISTRATION_FAILED: [
    'MODEL_NOT_READY',
    (d: { reason: string }) => `The package could not be checked to the end: ${d.reason} Ask again.`,
  ],
  MODEL_IN_USE: [
    'JOB_STATE',
    (d: { modelId: string; jobs: readonly string[]; more: boolean }) =>
      `Unfinished jobs use "${d.modelId}": ${d.jobs.join('; ')}${d.more ? ', and more' : ''}. Archive it when they have ended.`,
  ],
  SYSTEM_MODEL_FIXED: [
    'INVALID_INPUT',
    (d: { modelId: string; what: string }) =>
      `"${d.modelId}" comes with this server and can't be ${d.what}. Only registered models can.`,
  ],
})
