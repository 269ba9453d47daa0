import { createHash, randomUUID } from 'node:crypto'
import { Client } from 'pg'
import type { Logger } from '@lakelens/kernel'
import { migrate, readMigrations } from '../migrate'
import type { PooledDatabase } from '../pooled'
import { openPostgres } from '../postgres'

// Held while the template is looked for and built, so that parallel test processes build it once.
const templateLock = 7_013_905_413

/** A migrated database of its own on a real server: 50 to 100 ms from a template that is made once per set of migrations. */
export async function openPostgresClone(
  adminUrl: string,
  log: Logger,
): Promise<{ database: PooledDatabase; drop: () => Promise<void> }> {
  const name = `lakelens_test_${process.pid}_${randomUUID().slice(0, 8)}`
  await asAdmin(adminUrl, async (admin) => {
    const template = await ensureTemplate(admin, adminUrl, log)
    await admin.query(`create database ${name} template ${template}`)
  })
  const database = await openPostgres({ url: withDatabase(adminUrl, name), poolSize: 10, log })
  const drop = async (): Promise<void> => {
    await database.close()
    await asAdmin(adminUrl, (admin) => admin.query(`drop database ${name} with (force)`))
  }
  return { database, drop }
}

async function asAdmin<T>(url: string, work: (admin: Client) => Promise<T>): Promise<T> {
  const admin = new Client({ connectionString: url, application_name: 'lakelens-tests' })
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.end()
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.toString()
}

async function ensureTemplate(admin: Client, adminUrl: string, log: Logger): Promise<string> {
  const hash = createHash('sha256')
  for (const { name, sha256 } of await readMigrations()) hash.update(`${name} ${sha256}\n`)
  const template = `lakelens_template_${hash.digest('hex').slice(0, 16)}`
  await admin.query('select pg_advisory_lock($1)', [templateLock])
  try {
    const { rowCount } = await admin.query('select from pg_database where datname = $1', [template])
    if (rowCount === 0) await buildTemplate(admin, adminUrl, template, log)
  } finally {
    await admin.query('select pg_advisory_unlock($1)', [templateLock])
  }
  return template
}

/** Built under another name: one that was cut short is thrown away and never cloned. */
async function buildTemplate(admin: Client, adminUrl: string, template: string, log: Logger): Promise<void> {
  const building = `${template}_building`
  await admin.query(`drop database if exists ${building} with (force)`)
  await admin.query(`create database ${building}`)
  const database = await openPostgres({ url: withDatabase(adminUrl, building), log })
  try {
    await migrate(database)
  } finally {
    await database.close()
  }
  await admin.query(`alter database ${building} rename to ${template}`)
}
