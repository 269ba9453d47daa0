import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

function folder(variable: string): string {
  const value = process.env[variable]
  if (!value)
    throw new Error(`${variable} is not set: these tests read real weights and media and do not pretend without them.`)
  return value
}

/** Folders of real weights and media; throws, and does not skip, where they are not set. */
export const modelsDir = (): string => folder('LAKELENS_MODELS_DIR')
export const mediaDir = (): string => folder('LAKELENS_TEST_MEDIA')

export const readMediaJson = <T>(name: string): T => JSON.parse(readFileSync(join(mediaDir(), name), 'utf8')) as T

/** Absolute paths of the 128 COCO pictures. */
export function cocoPictures(): string[] {
  const images = join(mediaDir(), 'coco', 'images')
  return readdirSync(images)
    .sort()
    .map((name) => join(images, name))
}
