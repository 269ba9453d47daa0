import { randomBytes } from 'node:crypto'
import {
  countApiKeys,
  insertApiKey,
  insertFirstApiKey,
  listApiKeys as keyPage,
  revokeApiKey as revokeKey,
  type ApiKeyRow,
  type Db,
} from '@lakelens/db'
import { isId } from '../ids'
import type { Lake } from '../lake'
import { readPage, type Page, type PageArgs } from '../page'
import { hashSecret } from './authenticate'
import { errors } from './errors'
import { roles, type Role } from './viewer'

export type ApiKey = ApiKeyRow

export interface NewKey {
  name: string
  role: Role
  expiresAt?: Date | null | undefined
}

const maxNameLength = 100

/** The secret is in the answer and nowhere else: only its hash is kept. */
export async function createApiKey(lake: Lake, input: NewKey): Promise<{ keyId: string; key: string; secret: string }> {
  lake.viewer.require('admin')
  const name = checkName(input.name)
  if (!roles.includes(input.role)) throw errors.KEY_ROLE_INVALID({ roles }, { path: ['role'] })
  const expiresAt = input.expiresAt ?? null
  if (expiresAt && !(expiresAt.getTime() > Date.now())) throw errors.KEY_EXPIRY_INVALID({}, { path: ['expiresAt'] })
  const { key, secret, secretSha256 } = makeKey()
  const keyId = await insertApiKey(lake.db, {
    key,
    secretSha256,
    name,
    role: input.role,
    createdBy: lake.viewer.name,
    expiresAt,
  })
  return { keyId, key, secret }
}

/** Takes effect with the next request. `revoked` is false when it had been revoked before. */
export async function revokeApiKey(lake: Lake, { keyId }: { keyId: string }): Promise<{ revoked: boolean }> {
  lake.viewer.require('admin')
  const revoked = isId(keyId) ? await revokeKey(lake.db, keyId) : null
  if (!revoked) throw errors.KEY_NOT_FOUND({}, { path: ['keyId'] })
  return revoked
}

/** Every key there ever was, also the revoked ones, the newest first; never a secret. */
export async function listApiKeys(lake: Lake, args: PageArgs): Promise<Page<ApiKey>> {
  lake.viewer.require('admin')
  return readPage(args, lake.limits.maxPageSize, {
    order: 'key-id',
    descending: true,
    rows: (keyset) => keyPage(lake.db, keyset),
    count: () => countApiKeys(lake.db),
    keyOf: (row) => row.id,
  })
}

/** Makes one ADMIN key where there is none at all, however many replicas ask at once; null for everybody else. */
export async function ensureFirstKey(db: Db): Promise<{ key: string; secret: string } | null> {
  const { key, secret, secretSha256 } = makeKey()
  const isFirst = await insertFirstApiKey(db, { key, secretSha256, name: 'first key', createdBy: 'system' })
  return isFirst ? { key, secret } : null
}

/** base64url has neither the colon of Basic nor the dot of Bearer. The prefix lets secret scanners know a key when they see one. */
function makeKey(): { key: string; secret: string; secretSha256: Buffer } {
  const secret = randomBytes(32).toString('base64url')
  return { key: `lk_${randomBytes(12).toString('base64url')}`, secret, secretSha256: hashSecret(secret) }
}

function checkName(text: string): string {
  const name = text.normalize('NFC').trim()
  if (name === '') throw errors.KEY_NAME_INVALID({ reason: 'it is empty' }, { path: ['name'] })
  const { length } = [...name]
  if (length > maxNameLength) {
    throw errors.KEY_NAME_INVALID(
      { reason: `it has ${length} characters; ${maxNameLength} is the limit` },
      { path: ['name'] },
    )
  }
  if (/[\p{Cc}\p{Cs}]/u.test(name))
    throw errors.KEY_NAME_INVALID({ reason: 'it holds control characters' }, { path: ['name'] })
  return name
}
