import type { Db } from './db'
import { keysetWords, type Keyset } from './keyset'

export type KeyRole = 'VIEWER' | 'ANALYST' | 'ADMIN'

export interface ApiKeyRow {
  id: string
  key: string
  name: string
  role: KeyRole
  createdBy: string
  createdAt: Date
  expiresAt: Date | null
  revokedAt: Date | null
}

const columns = `id, key, name, role, created_by as "createdBy", created_at as "createdAt", expires_at as "expiresAt", revoked_at as "revokedAt"`

export interface NewApiKey {
  key: string
  secretSha256: Buffer
  name: string
  role: KeyRole
  createdBy: string
  expiresAt: Date | null
}

export async function insertApiKey(db: Db, key: NewApiKey): Promise<string> {
  const { rows } = await db.query<{ id: string }>(
    `insert into api_key (key, secret_sha256, name, role, created_by, expires_at) values ($1, $2, $3, $4, $5, $6) returning id`,
    [key.key, key.secretSha256, key.name, key.role, key.createdBy, key.expiresAt],
  )
  return rows[0]!.id
}

/**
 * Inserts the very first key; false when there is any, or when another replica was quicker: both may see the table empty, and the
 * unique index lets one of them in.
 */
export async function insertFirstApiKey(db: Db, key: Omit<NewApiKey, 'role' | 'expiresAt'>): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into api_key (key, secret_sha256, name, role, created_by, is_first)
     select $1::text, $2::bytea, $3::text, 'ADMIN', $4::text, true where not exists (select from api_key)
     on conflict do nothing`,
    [key.key, key.secretSha256, key.name, key.createdBy],
  )
  return rowCount > 0
}

export interface CredentialRow {
  id: string
  name: string
  role: KeyRole
  secretSha256: Buffer
  expiresAt: Date | null
  isExpired: boolean
  isRevoked: boolean
}

export async function findCredential(db: Db, key: string): Promise<CredentialRow | null> {
  const { rows } = await db.query<CredentialRow>(
    `select id, name, role, secret_sha256 as "secretSha256", expires_at as "expiresAt",
       expires_at is not null and expires_at <= now() as "isExpired", revoked_at is not null as "isRevoked"
     from api_key where key = $1`,
    [key],
  )
  return rows[0] ?? null
}

/** Null when there is no such key; else whether this call revoked it, or it was before. */
export async function revokeApiKey(db: Db, id: string): Promise<{ revoked: boolean } | null> {
  const { rows } = await db.query<{ revoked: boolean }>(
    `with revoked as (update api_key set revoked_at = now() where id = $1::bigint and revoked_at is null returning id)
     select exists (select from revoked) as revoked from api_key where id = $1::bigint`,
    [id],
  )
  return rows[0] ?? null
}

export async function listApiKeys(db: Db, keyset: Keyset): Promise<ApiKeyRow[]> {
  const { beyond, order } = keysetWords(keyset)
  const { rows } = await db.query<ApiKeyRow>(
    `select ${columns} from api_key where $1::bigint is null or id ${beyond} $1 order by id ${order} limit $2`,
    [keyset.key, keyset.limit],
  )
  return rows
}

export async function countApiKeys(db: Db): Promise<number> {
  const { rows } = await db.query<{ count: number }>('select count(*)::integer as count from api_key')
  return rows[0]?.count ?? 0
}
