/** The folders that tests of real weights and media read; missing is a failure, not a reason to skip. */
export function realFolder(variable: 'LAKELENS_MODELS_DIR' | 'LAKELENS_TEST_MEDIA'): string {
  const folder = process.env[variable]
  if (!folder) throw new Error(`Set ${variable}: this test reads real files.`)
  return folder
}
