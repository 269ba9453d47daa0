import { defineErrors } from '@lakelens/kernel'

/** What the command line itself can say no to; everything else is passed on from the API with the API's own code. */
export const errors = defineErrors('cli', {
  API_UNREACHABLE: [
    'UNAVAILABLE',
    (d: { url: string; reason: string }) =>
      `No LakeLens API answers at ${d.url} (${d.reason}). Start one with \`npm start\`, or name another with --url or LAKELENS_URL.`,
  ],
  API_NOT_LAKELENS: [
    'UNAVAILABLE',
    (d: { url: string; status: number }) =>
      `${d.url} answered with HTTP ${d.status} and not with GraphQL. Check --url or LAKELENS_URL.`,
  ],
  URL_INVALID: ['INVALID_INPUT', (d: { url: string }) => `${d.url} is not an http:// or https:// address.`],
  KEY_INVALID: [
    'INVALID_INPUT',
    (d: { source: string }) => `${d.source} must hold a key and its secret, written key.secret.`,
  ],
  OPTION_INVALID: ['INVALID_INPUT', (d: { option: string; reason: string }) => `${d.option}: ${d.reason}`],
  FOLDER_UNREADABLE: [
    'NOT_FOUND',
    (d: { folder: string; reason: string }) => `The folder ${d.folder} can't be read (${d.reason}).`,
  ],
  COLLECTION_TYPE: [
    'INVALID_INPUT',
    (d: { name: string; contentType: string; wanted: string }) =>
      `The collection ${d.name} holds ${d.contentType}, not ${d.wanted}. Choose another name with --collection.`,
  ],
  UPLOAD_FAILED: [
    'UNAVAILABLE',
    (d: { file: string; reason: string }) =>
      `Sending ${d.file} failed: ${d.reason}. Run the same command again to go on.`,
  ],
  FILE_CHANGED: [
    'INVALID_INPUT',
    (d: { file: string }) => `${d.file} changed while it was read. Import it again when it is complete.`,
  ],
  PACKAGE_UNREADABLE: [
    'NOT_FOUND',
    (d: { path: string; reason: string }) =>
      `The package ${d.path} can't be read (${d.reason}). Name a folder, a .tar.gz or a .tar.`,
  ],
  MODEL_NOT_REGISTERED: [
    'MODEL_PACKAGE_INVALID',
    (d: { name: string; failed: number }) =>
      `${d.name} is not usable: ${d.failed} ${d.failed === 1 ? 'check' : 'checks'} failed. Correct the package and register it again.`,
  ],
  KEY_UNKNOWN: ['NOT_FOUND', () => 'There is no such key. `lakelens keys list` shows them all.'],
  METADATA_FILE_INVALID: [
    'INVALID_INPUT',
    (d: { path: string; reason: string }) =>
      `${d.path} gives no metadata: ${d.reason}. Write one object for every file, or a list of {"file", "metadata"}.`,
  ],
  SEED_NEEDS_POSTGRES: [
    'INVALID_INPUT',
    () =>
      'Set DATABASE_URL: a made-up lake is written straight into a real Postgres. `npm run postgres` starts one; the embedded database belongs to its gateway.',
  ],
  SEED_EXISTS: [
    'ALREADY_EXISTS',
    (d: { seed: number }) =>
      `This database holds the lake of --seed ${d.seed} already, or part of it. Take another seed, or delete its collections first.`,
  ],
  SEED_NEEDS_FFMPEG: [
    'UNAVAILABLE',
    (d: { reason: string }) =>
      `--videos needs ffmpeg on the PATH to make one (${d.reason}). Leave it out for pictures alone.`,
  ],
  DATABASE_URL_MISSING: [
    'INVALID_INPUT',
    () =>
      'DATABASE_URL is not set. The embedded database belongs to the running gateway: leave --database out to speak to its API.',
  ],
})
