import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'

export const root = resolve(__dirname, '../..')
export const read = (file: string): string => readFileSync(join(root, file), 'utf8')

export interface Service {
  build?: { dockerfile: string }
  environment: Record<string, string>
  ports?: string[]
  networks: string[]
  read_only?: boolean
  user?: string
  cap_drop: string[]
  security_opt: string[]
  healthcheck?: object
  deploy: { resources: { limits: { memory: string } } }
}

/** Compose's `${NAME}`, `${NAME:-default}` and `${NAME:?message}`. */
function interpolate(text: string, environment: Record<string, string>): string {
  return text.replace(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, operator?: string, word?: string) => {
    const value = environment[name]
    if (value) return value
    if (operator === '?') throw new Error(`${name}: ${word}`)
    return operator === '-' ? (word ?? '') : ''
  })
}

/** As Compose does: the file is parsed first, then every text in it is filled in. */
function filledIn(value: unknown, environment: Record<string, string>): unknown {
  if (typeof value === 'string') return interpolate(value, environment)
  if (Array.isArray(value)) return value.map((entry) => filledIn(entry, environment))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, filledIn(entry, environment)]))
}

/** The services of docker-compose.yml, with this environment filled in. */
export const compose = (environment: Record<string, string>): Record<string, Service> =>
  (filledIn(parse(read('docker-compose.yml')), environment) as { services: Record<string, Service> }).services

/** What .env.example sets. */
export const example = Object.fromEntries(
  read('.env.example')
    .split('\n')
    .filter((line) => /^\w+=/.test(line))
    .map((line) => line.split(/=(.*)/).slice(0, 2) as [string, string]),
)
