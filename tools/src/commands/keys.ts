import { openDatabase } from '@lakelens/db'
import { silentLogger } from '@lakelens/kernel'
import { createApiKey, listApiKeys, revokeApiKey, systemViewer, type Lake } from '@lakelens/metalake'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { Api, UserError } from '../api'
import { databaseUrl } from '../database'
import { errors } from '../errors'
import { interruptible, openApi, withApiOptions, type ApiOptions } from '../options'
import { table } from '../printable'
import { dataFolder } from '../settings'

const roles = ['VIEWER', 'ANALYST', 'ADMIN'] as const
type Role = (typeof roles)[number]

interface Options extends ApiOptions {
  database: boolean
}

interface ListedKey {
  keyId: string
  key: string
  name: string
  role: string
  createdAt: string
  expiresAt: string | null
  revokedAt: string | null
}

interface Page {
  keys: ListedKey[]
  next: string | null
}

/** The two ways to the keys: through the API with an ADMIN key, or straight to the database by whoever has its address. */
interface KeyStore {
  create(name: string, role: Role, expiresAt: string | null): Promise<{ keyId: string; key: string; secret: string }>
  page(after: string | null): Promise<Page>
  revoke(keyId: string): Promise<boolean>
}

export const keysCommand = (): Command =>
  new Command('keys')
    .description('make, list and revoke API keys')
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand())

const withStore = (command: Command): Command =>
  withApiOptions(command).option('--database', 'speak straight to DATABASE_URL instead of to the API', false)

const createCommand = (): Command =>
  withStore(
    new Command('create')
      .description('make a key; its secret is shown once')
      .argument('<name>', 'who or what it is for')
      .addOption(
        new Option('--role <role>', 'VIEWER reads, ANALYST also uploads and runs, ADMIN may do all')
          .choices(roles)
          .makeOptionMandatory(),
      )
      .option('--expires <date>', 'YYYY-MM-DD or an ISO 8601 instant; after it the key is refused', instant),
  ).action(async (name: string, options: Options & { role: Role; expires?: string }) => {
    await withKeys(options, async (store) => {
      const { keyId, key, secret } = await store.create(name, options.role, options.expires ?? null)
      // The key alone on standard output: `LAKELENS_KEY=$(lakelens keys create ...)` works.
      console.error(
        `Key ${keyId} for ${JSON.stringify(name)}, ${options.role}. It is shown this once; send it as "Authorization: Bearer <it>".`,
      )
      console.log(`${key}.${secret}`)
    })
  })

const listCommand = (): Command =>
  withStore(new Command('list').description('list all keys, never their secrets')).action(async (options: Options) => {
    await withKeys(options, async (store) => {
      const rows: string[][] = []
      for await (const key of allKeys(store)) {
        const state = key.revokedAt
          ? `revoked ${day(key.revokedAt)}`
          : key.expiresAt
            ? `until ${day(key.expiresAt)}`
            : 'valid'
        rows.push([key.key, key.name, key.role, day(key.createdAt), state])
      }
      console.log(table(['key', 'name', 'role', 'made', 'state'], rows))
    })
  })

const revokeCommand = (): Command =>
  withStore(
    new Command('revoke')
      .description('end a key; requests with it are refused from then on')
      .argument('<key>', 'as `keys list` shows it, or its id'),
  ).action(async (wanted: string, options: Options) => {
    await withKeys(options, async (store) => {
      for await (const { keyId, key, name } of allKeys(store)) {
        // People paste what they have: the public half, its id, or the whole key with its secret.
        if (keyId !== wanted && key !== wanted && key !== wanted.split('.')[0]) continue
        const revoked = await store.revoke(keyId)
        console.log(revoked ? `Revoked ${key} (${name}).` : `${key} (${name}) had been revoked before.`)
        return
      }
      throw errors.KEY_UNKNOWN()
    })
  })

async function* allKeys(store: KeyStore): AsyncGenerator<ListedKey> {
  let after: string | null = null
  do {
    const page: Page = await store.page(after)
    yield* page.keys
    after = page.next
  } while (after !== null)
}

async function withKeys(options: Options, work: (store: KeyStore) => Promise<void>): Promise<void> {
  await interruptible(async (signal) => {
    if (!options.database) return work(apiStore(await openApi(options), signal))
    const db = await openDatabase({ url: databaseUrl(), dataDir: dataFolder(), poolSize: 1, log: silentLogger() })
    try {
      // The use-cases of keys touch nothing else of a lake; whoever has the database's address is above roles anyway.
      await work(
        databaseStore({
          db,
          viewer: systemViewer(),
          limits: { maxPageSize: 100, maxUploadBytes: 0, maxModelBytes: 0 },
        } as Lake),
      )
    } finally {
      await db.close()
    }
  })
}

function apiStore(api: Api, signal: AbortSignal): KeyStore {
  return {
    create: (name, role, expiresAt) =>
      api.mutate<{ keyId: string; key: string; secret: string; userErrors: UserError[] }>(
        `mutation Create($input: CreateApiKeyInput!) {
           createApiKey(input: $input) { keyId key secret userErrors { code message path } }
         }`,
        { input: { name, role, expiresAt } },
        signal,
      ),
    async page(after) {
      const { apiKeys } = await api.request<{
        apiKeys: { nodes: ListedKey[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } }
      }>(
        `query Keys($after: String) {
           apiKeys(first: 100, after: $after) {
             nodes { keyId key name role createdAt expiresAt revokedAt }
             pageInfo { hasNextPage endCursor }
           }
         }`,
        { after },
        { signal },
      )
      return { keys: apiKeys.nodes, next: apiKeys.pageInfo.hasNextPage ? apiKeys.pageInfo.endCursor : null }
    },
    async revoke(keyId) {
      const { revoked } = await api.mutate<{ revoked: boolean; userErrors: UserError[] }>(
        `mutation Revoke($input: RevokeApiKeyInput!) {
           revokeApiKey(input: $input) { revoked userErrors { code message path } }
         }`,
        { input: { keyId } },
        signal,
      )
      return revoked
    },
  }
}

function databaseStore(lake: Lake): KeyStore {
  return {
    create: (name, role, expiresAt) =>
      createApiKey(lake, { name, role, expiresAt: expiresAt === null ? null : new Date(expiresAt) }),
    async page(after) {
      const { edges, hasNextPage } = await listApiKeys(lake, { first: 100, ...(after !== null && { after }) })
      const keys = edges.map(({ node }) => ({
        ...node,
        keyId: node.id,
        createdAt: node.createdAt.toISOString(),
        expiresAt: node.expiresAt?.toISOString() ?? null,
        revokedAt: node.revokedAt?.toISOString() ?? null,
      }))
      return { keys, next: hasNextPage ? (edges.at(-1)?.cursor ?? null) : null }
    },
    revoke: async (keyId) => (await revokeApiKey(lake, { keyId })).revoked,
  }
}

const day = (instantText: string): string => instantText.slice(0, 10)

function instant(text: string): string {
  const iso = /^\d{4}-\d{2}-\d{2}(T.*)?$/.test(text) ? new Date(text) : new Date(Number.NaN)
  if (Number.isNaN(iso.getTime())) throw new InvalidArgumentError('Expected YYYY-MM-DD or an ISO 8601 instant.')
  return iso.toISOString()
}
