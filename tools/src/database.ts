import { errors } from './errors'

/** DATABASE_URL, for commands that speak straight to the database. */
export function databaseUrl(environment: NodeJS.ProcessEnv = process.env): string {
  const url = environment['DATABASE_URL']
  if (!url) throw errors.DATABASE_URL_MISSING()
  return url
}
