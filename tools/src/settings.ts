import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { errors } from './errors'

/** Where the API is and who asks. `key` is `key.secret`. */
export interface ApiAddress {
  url: string
  key: string | undefined
}

export const defaultUrl = 'http://127.0.0.1:4000'

const set = (value: string | undefined): string | undefined => (value === undefined || value === '' ? undefined : value)

/** The folder the gateway keeps its data in. */
export const dataFolder = (environment: NodeJS.ProcessEnv = process.env): string =>
  resolve(set(environment['LAKELENS_DATA']) ?? '.lakelens')

/** Address and key out of options, then the environment, then the first key the gateway wrote beside its data. */
export async function apiAddress(
  options: { url?: string; key?: string },
  environment: NodeJS.ProcessEnv = process.env,
): Promise<ApiAddress> {
  const url = checkedUrl(options.url ?? set(environment['LAKELENS_URL']) ?? defaultUrl)
  const given = options.key ?? set(environment['LAKELENS_KEY'])
  if (given !== undefined) return { url, key: checkedKey(given, options.key === undefined ? 'LAKELENS_KEY' : '--key') }
  // The file belongs to the gateway of this machine: its ADMIN key must not travel to any other.
  return { url, key: isLoopback(url) ? await firstKey(join(dataFolder(environment), 'admin-key')) : undefined }
}

/** No trailing slash, so that paths can be appended. */
function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) throw errors.URL_INVALID({ url: text })
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '').replace(/\/graphql$/, '')
}

function checkedKey(text: string, source: string): string {
  const key = text.trim()
  if (!/^[^\s.:]+[.:][^\s.:]+$/.test(key)) throw errors.KEY_INVALID({ source })
  return key.replace(':', '.')
}

const isLoopback = (url: string): boolean => /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(new URL(url).hostname)

async function firstKey(file: string): Promise<string | undefined> {
  try {
    return checkedKey(await readFile(file, 'utf8'), file)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return undefined
    throw error
  }
}
