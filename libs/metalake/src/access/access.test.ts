import { createHash } from 'node:crypto'
import { useDatabase } from '@lakelens/db/testing'
import { maxUrlSeconds } from '@lakelens/media'
import { useTestLake } from '../uploads/uploadsTestLake'
import {
  authenticate,
  createApiKey,
  ensureFirstKey,
  listApiKeys,
  openViewer,
  revokeApiKey,
  signingKeys,
  viewerOf,
} from '.'

const database = useDatabase()
const { lake } = useTestLake(database)

const basic = (key: string, secret: string): string => `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}`
const bearer = (key: string, secret: string): string => `Bearer ${key}.${secret}`

beforeEach(async () => {
  await database().query('delete from api_key')
  await database().query('delete from signing_key')
})

describe('a viewer', () => {
  test.each([
    ['VIEWER', ['read']],
    ['ANALYST', ['read', 'run']],
    ['ADMIN', ['read', 'run', 'admin']],
  ] as const)('%s may %j and nothing else', (role, allowed) => {
    const viewer = viewerOf(role)
    for (const permission of ['read', 'run', 'admin'] as const) {
      const ask = (): void => viewer.require(permission)
      if ((allowed as readonly string[]).includes(permission)) expect(ask).not.toThrow()
      else expect(ask).toThrow(expect.objectContaining({ code: 'PERMISSION_MISSING', category: 'FORBIDDEN' }))
    }
  })

  test('everything that is missing is named at once, with the roles that have it', () => {
    expect(() => viewerOf('VIEWER', { keyId: '1', name: 'ci' }).require('read', 'run', 'admin')).toThrow(
      expect.objectContaining({
        facts: { name: 'ci', role: 'VIEWER', missing: ['run', 'admin'], roles: ['ADMIN'] },
        message: '"ci" has the role VIEWER, which lacks: run, admin. Use a key with the role ADMIN.',
      }),
    )
    expect(() => viewerOf('VIEWER').require('run')).toThrow('ANALYST or ADMIN')
  })

  test('without access control everybody may everything', () => {
    expect(() => openViewer().require('read', 'run', 'admin')).not.toThrow()
    expect(openViewer()).toMatchObject({ name: 'anonymous', role: 'ADMIN' })
  })
})

describe('authenticate', () => {
  test('Basic and Bearer are the same key, in any spelling of their names', async () => {
    const { keyId, key, secret } = await createApiKey(lake(), { name: 'ci', role: 'ANALYST' })
    for (const header of [
      basic(key, secret),
      bearer(key, secret),
      basic(key, secret).replace('Basic', 'basic'),
      bearer(key, secret).replace('Bearer ', 'BEARER  '),
    ]) {
      expect(await authenticate(database(), header)).toMatchObject({ keyId, name: 'ci', role: 'ANALYST' })
    }
  })

  test('a wrong secret and an unknown key are refused alike', async () => {
    const { key, secret } = await createApiKey(lake(), { name: 'ci', role: 'ADMIN' })
    const wrong = `${secret[0] === 'A' ? 'B' : 'A'}${secret.slice(1)}`
    const messages = await Promise.all(
      [
        basic(key, wrong),
        bearer(key, wrong),
        bearer('lk_nobody', secret),
        bearer(key, secret.slice(1)),
        bearer(key, `${secret}x`),
        bearer("' or true --".replaceAll(' ', '_'), secret),
      ].map((header) =>
        authenticate(database(), header).then(
          String,
          (error: { code: string; message: string }) => `${error.code} ${error.message}`,
        ),
      ),
    )
    expect(new Set(messages).size).toBe(1)
    expect(messages[0]).toMatch(/^CREDENTIALS_INVALID /)
  })

  test.each([undefined, '', '   '])('%j is no credentials', async (header) => {
    await expect(authenticate(database(), header)).rejects.toMatchObject({
      code: 'CREDENTIALS_MISSING',
      category: 'UNAUTHENTICATED',
    })
  })

  test.each([
    'Basic',
    'Basic ',
    'Basic !!!!',
    `Basic ${Buffer.from('no colon').toString('base64')}`,
    basic('', 'secret'),
    basic('key', ''),
    basic('key\0', 'secret'),
    basic('klíč', 'secret'),
    'Bearer',
    'Bearer nodot',
    'Bearer .secret',
    'Bearer key.',
    'Bearer a.b c.d',
    'Digest a.b',
    'constructor a.b',
    `Bearer a.${'b'.repeat(2_000)}`,
    `Basic ${'QUFB'.repeat(1_000_000)}`,
  ])('%.40s is malformed', async (header) => {
    await expect(authenticate(database(), header)).rejects.toMatchObject({
      code: 'CREDENTIALS_MALFORMED',
      category: 'UNAUTHENTICATED',
    })
  })

  test('an expired and a revoked key say so, but only to who knows the secret', async () => {
    const expired = await createApiKey(lake(), { name: 'old', role: 'ADMIN', expiresAt: new Date(Date.now() + 60_000) })
    expect(await authenticate(database(), bearer(expired.key, expired.secret))).toMatchObject({ name: 'old' })
    await database().query("update api_key set expires_at = now() - interval '1 second' where id = $1", [expired.keyId])
    const revoked = await createApiKey(lake(), { name: 'lost', role: 'ADMIN' })
    expect(await revokeApiKey(lake(), revoked)).toEqual({ revoked: true })
    expect(await revokeApiKey(lake(), revoked)).toEqual({ revoked: false })
    const code = (header: string): Promise<unknown> =>
      authenticate(database(), header).catch((error: { code: string }) => error.code)
    expect(await code(bearer(expired.key, expired.secret))).toBe('KEY_EXPIRED')
    expect(await code(bearer(revoked.key, revoked.secret))).toBe('KEY_REVOKED')
    expect(await code(bearer(expired.key, 'guess'))).toBe('CREDENTIALS_INVALID')
    expect(await code(bearer(revoked.key, 'guess'))).toBe('CREDENTIALS_INVALID')
  })
})

describe('keys', () => {
  test('the secret has 256 random bits and is kept as its SHA-256 alone', async () => {
    const [one, other] = [
      await createApiKey(lake(), { name: 'a', role: 'ADMIN' }),
      await createApiKey(lake(), { name: 'a', role: 'ADMIN' }),
    ]
    expect(one.secret).toMatch(/^[\w-]{43}$/)
    expect(one.key).toMatch(/^lk_[\w-]{16}$/)
    expect([one.key, one.secret]).not.toEqual([other.key, other.secret])
    const { rows } = await database().query<{ row: string }>(
      'select row_to_json(api_key)::text as row from api_key where id = $1',
      [one.keyId],
    )
    expect(rows[0]!.row).toContain(createHash('sha256').update(one.secret).digest('hex'))
    expect(rows[0]!.row).not.toContain(one.secret)
  })

  test.each([
    [{ name: '' }, 'KEY_NAME_INVALID', 'name'],
    [{ name: ' \t ' }, 'KEY_NAME_INVALID', 'name'],
    [{ name: 'a\nb' }, 'KEY_NAME_INVALID', 'name'],
    [{ name: 'x'.repeat(101) }, 'KEY_NAME_INVALID', 'name'],
    [{ name: '\ud800' }, 'KEY_NAME_INVALID', 'name'],
    [{ role: 'ROOT' as never }, 'KEY_ROLE_INVALID', 'role'],
    [{ expiresAt: new Date(Date.now() - 1) }, 'KEY_EXPIRY_INVALID', 'expiresAt'],
    [{ expiresAt: new Date(NaN) }, 'KEY_EXPIRY_INVALID', 'expiresAt'],
  ])('refuses %j', async (change, code, field) => {
    await expect(createApiKey(lake(), { name: 'a', role: 'VIEWER', ...change })).rejects.toMatchObject({
      code,
      path: [field],
    })
  })

  test.each(['', '0', '-1', '1; drop table api_key', '99999999999999999999', '123456'])(
    'there is no key %j to revoke',
    async (keyId) => {
      await expect(revokeApiKey(lake(), { keyId })).rejects.toMatchObject({ code: 'KEY_NOT_FOUND', path: ['keyId'] })
    },
  )

  test('all are listed, the newest first, page by page, without a secret', async () => {
    for (const name of ['a', 'b', 'c']) await createApiKey(lake(), { name, role: 'VIEWER' })
    const first = await listApiKeys(lake(), { first: 2 })
    expect(first.edges.map(({ node }) => node.name)).toEqual(['c', 'b'])
    expect([first.hasNextPage, await first.totalCount()]).toEqual([true, 3])
    const second = await listApiKeys(lake(), { first: 2, after: first.edges[1]!.cursor })
    expect(second.edges.map(({ node }) => node.name)).toEqual(['a'])
    expect(Object.keys(second.edges[0]!.node).sort()).toEqual([
      'createdAt',
      'createdBy',
      'expiresAt',
      'id',
      'key',
      'name',
      'revokedAt',
      'role',
    ])
  })

  test('only an administrator makes, revokes and lists them', async () => {
    const analyst = { ...lake(), viewer: viewerOf('ANALYST') }
    await expect(createApiKey(analyst, { name: 'a', role: 'VIEWER' })).rejects.toMatchObject({ category: 'FORBIDDEN' })
    await expect(revokeApiKey(analyst, { keyId: '1' })).rejects.toMatchObject({ category: 'FORBIDDEN' })
    await expect(listApiKeys(analyst, {})).rejects.toMatchObject({ category: 'FORBIDDEN' })
  })

  test('of twenty replicas that start at once one makes the first key, and it works', async () => {
    const made = (await Promise.all(Array.from({ length: 20 }, () => ensureFirstKey(database())))).filter(
      (key) => key !== null,
    )
    expect(made).toHaveLength(1)
    expect(await authenticate(database(), bearer(made[0]!.key, made[0]!.secret))).toMatchObject({
      role: 'ADMIN',
      name: 'first key',
    })
    expect(await ensureFirstKey(database())).toBeNull()
    await database().query('update api_key set revoked_at = now()')
    expect(await ensureFirstKey(database())).toBeNull()
  })

  test('where there is a key none is made', async () => {
    await createApiKey(lake(), { name: 'a', role: 'VIEWER' })
    expect(await ensureFirstKey(database())).toBeNull()
  })
})

describe('signing keys', () => {
  const stored = async (): Promise<number> => (await database().query('select from signing_key')).rowCount
  const ids = async (keys: ReturnType<typeof signingKeys>): Promise<string[]> => (await keys()).map(({ id }) => id)

  test('of twenty replicas that start at once one makes the key all of them use', async () => {
    const rings = await Promise.all(Array.from({ length: 20 }, () => signingKeys(database())()))
    expect(await stored()).toBe(1)
    expect(
      new Set(rings.map((ring) => ring.map(({ id, secret }) => `${id} ${secret.toString('hex')}`).join())).size,
    ).toBe(1)
    expect(rings[0]![0]!.secret).toHaveLength(32)
  })

  test('after 30 days a new one signs; the old one verifies until its last address has expired, then goes', async () => {
    const [old] = await ids(signingKeys(database()))
    await database().query("update signing_key set created_at = now() - interval '31 days'")
    const rings = await Promise.all(Array.from({ length: 10 }, () => ids(signingKeys(database()))))
    expect(new Set(rings.map(String)).size).toBe(1)
    const [[fresh, kept]] = rings as [string[], ...string[][]]
    expect(kept).toBe(old)
    expect(Number(fresh)).toBeGreaterThan(Number(old))
    const { rows } = await database().query<{ seconds: number }>(
      'select extract(epoch from retired_at - now())::float8 as seconds from signing_key where retired_at is not null',
    )
    expect(rows[0]!.seconds).toBeGreaterThan(maxUrlSeconds + 15 * 60)
    await database().query(
      "update signing_key set retired_at = now() - interval '1 second' where retired_at is not null",
    )
    expect(await ids(signingKeys(database()))).toEqual([fresh])
    await database().query("update signing_key set created_at = now() - interval '31 days' where retired_at is null")
    await ids(signingKeys(database()))
    expect(await stored()).toBe(2)
  })

  test('they are read once, and again when somebody names a key that another replica made since', async () => {
    const keys = signingKeys(database())
    const [first] = await ids(keys)
    await database().query("insert into signing_key (secret) values (decode(repeat('00', 32), 'hex'))")
    expect(await ids(keys)).toEqual([first])
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    expect(await ids(keys)).toEqual([first])
    expect((await keys('made elsewhere')).map(({ id }) => id)).toEqual([expect.any(String), first])
  })
})
