import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { useDatabase } from '@lakelens/db/testing'
import { encodeId } from '../graphql/globalId'
import { lakeSchema } from '../graphql/schema'
import { useGateway } from '../testing/testGateway'

const database = useDatabase()
const gateway = useGateway(
  { LAKELENS_AUTH: 'keys', LAKELENS_PUBLIC_URL: 'https://lake.example', LAKELENS_INTROSPECTION: '0' },
  database,
)

const scope = '{ uniqueNames: ["nobody"] }'
const unknown = encodeId('ApiKey', '999999')

/** Every operation there is, and who may call it. A new root field without a line here fails. */
const operations: Record<string, { needs: 'VIEWER' | 'ANALYST' | 'ADMIN'; document: string }> = {
  node: { needs: 'VIEWER', document: `{ node(id: "${unknown}") { id } }` },
  viewer: { needs: 'VIEWER', document: '{ viewer { name } }' },
  system: { needs: 'VIEWER', document: '{ system { version } }' },
  models: { needs: 'VIEWER', document: '{ models { totalCount } }' },
  model: { needs: 'VIEWER', document: '{ model(application: EMBEDDING) { modelId } }' },
  collections: { needs: 'VIEWER', document: '{ collections { totalCount } }' },
  collection: { needs: 'VIEWER', document: '{ collection(id: "x") { id } }' },
  items: { needs: 'VIEWER', document: '{ items { totalCount } }' },
  item: { needs: 'VIEWER', document: '{ item(uniqueName: "x") { id } }' },
  embeddingVector: { needs: 'VIEWER', document: '{ embeddingVector(uniqueName: "x") { modelName } }' },
  embeddingVectors: { needs: 'VIEWER', document: '{ embeddingVectors(uniqueNames: ["x"]) { status } }' },
  job: { needs: 'VIEWER', document: '{ job(id: "x") { id } }' },
  jobs: { needs: 'VIEWER', document: '{ jobs { totalCount } }' },
  validateQuery: { needs: 'VIEWER', document: '{ validateQuery(query: "date=2026-01-02") { ok } }' },
  queryFields: { needs: 'VIEWER', document: '{ queryFields { path } }' },
  apiKeys: { needs: 'ADMIN', document: '{ apiKeys { totalCount } }' },
  createCollection: {
    needs: 'ANALYST',
    document: 'mutation { createCollection(input: { name: "a", contentType: IMAGE }) { userErrors { code } } }',
  },
  createUpload: {
    needs: 'ANALYST',
    document:
      'mutation { createUpload(input: { fileName: "a.jpg", byteSize: 1, purpose: ITEM }) { userErrors { code } } }',
  },
  addItems: {
    needs: 'ANALYST',
    document: `mutation { addItems(input: { collectionId: "${encodeId('Collection', '9')}", items: [] }) { userErrors { code } } }`,
  },
  autoTag: { needs: 'ANALYST', document: `mutation { autoTag(input: { scope: ${scope} }) { userErrors { code } } }` },
  embeddings: {
    needs: 'ANALYST',
    document: `mutation { embeddings(input: { scope: ${scope} }) { userErrors { code } } }`,
  },
  previewAutoTag: {
    needs: 'ANALYST',
    document: 'mutation { previewAutoTag(input: { uniqueNames: ["nobody"] }) { userErrors { code } } }',
  },
  updateCollection: {
    needs: 'ANALYST',
    document: `mutation { updateCollection(input: { collectionId: "${encodeId('Collection', '9')}" }) { userErrors { code } } }`,
  },
  updateItemMetadata: {
    needs: 'ANALYST',
    document:
      'mutation { updateItemMetadata(input: { uniqueNames: ["nobody"], addTags: ["a"] }) { userErrors { code } } }',
  },
  createAnnotation: {
    needs: 'ANALYST',
    document: 'mutation { createAnnotation(input: { uniqueName: "nobody", label: "a" }) { userErrors { code } } }',
  },
  updateAnnotation: {
    needs: 'ANALYST',
    document: `mutation { updateAnnotation(input: { annotationId: "${encodeId('Annotation', '9')}", label: "a" }) { userErrors { code } } }`,
  },
  deleteAnnotations: {
    needs: 'ANALYST',
    document: `mutation { deleteAnnotations(input: { annotationIds: ["${encodeId('Annotation', '9')}"] }) { userErrors { code } } }`,
  },
  reviewAnnotations: {
    needs: 'ANALYST',
    document: `mutation { reviewAnnotations(input: { target: { annotationIds: ["${encodeId('Annotation', '9')}"] }, decision: ACCEPT }) { userErrors { code } } }`,
  },
  exportAnnotations: {
    needs: 'ANALYST',
    document: `mutation { exportAnnotations(input: { scope: ${scope}, format: CSV }) { userErrors { code } } }`,
  },
  importAnnotations: {
    needs: 'ANALYST',
    document: `mutation { importAnnotations(input: { uploadId: "x", collectionId: "${encodeId('Collection', '9')}" }) { userErrors { code } } }`,
  },
  deleteItems: {
    needs: 'ADMIN',
    document: `mutation { deleteItems(input: { scope: ${scope} }) { userErrors { code } } }`,
  },
  deleteCollection: {
    needs: 'ADMIN',
    document: `mutation { deleteCollection(input: { collectionId: "${encodeId('Collection', '9')}" }) { userErrors { code } } }`,
  },
  registerModel: {
    needs: 'ANALYST',
    document:
      'mutation { registerModel(input: { source: { uploadId: "x" }, modelName: "m", application: EMBEDDING }) { userErrors { code } } }',
  },
  validateModel: {
    needs: 'ANALYST',
    document:
      'mutation { validateModel(input: { source: { uploadId: "x" }, application: EMBEDDING }) { userErrors { code } } }',
  },
  setModelAlias: {
    needs: 'ANALYST',
    document: 'mutation { setModelAlias(input: { modelId: "m", alias: "a", version: 1 }) { userErrors { code } } }',
  },
  archiveModel: {
    needs: 'ANALYST',
    document: 'mutation { archiveModel(input: { modelId: "m" }) { userErrors { code } } }',
  },
  createApiKey: {
    needs: 'ADMIN',
    document: 'mutation { createApiKey(input: { name: "k", role: VIEWER }) { keyId userErrors { code } } }',
  },
  revokeApiKey: { needs: 'ADMIN', document: `mutation { revokeApiKey(input: { keyId: "${unknown}" }) { revoked } }` },
}
/** Over WebSocket alone; `subscriptions.test.ts` has their access. */
const subscriptions = ['jobProgress']

const roles = ['VIEWER', 'ANALYST', 'ADMIN'] as const
const bearers: Record<string, string> = {}
const firstKey = async (): Promise<string> => (await readFile(join(gateway().dataDir, 'admin-key'), 'utf8')).trim()

beforeAll(async () => {
  const admin = await firstKey()
  for (const role of roles) {
    const { json } = await gateway().graphql(
      `mutation { createApiKey(input: { name: "${role}", role: ${role} }) { key secret userErrors { message } } }`,
      {
        authorization: `Bearer ${admin}`,
      },
    )
    bearers[role] = `${json.data.createApiKey.key}.${json.data.createApiKey.secret}`
  }
})

test('the table has every operation of the schema', () => {
  const roots = [lakeSchema().getQueryType(), lakeSchema().getMutationType()]
  expect(Object.keys(operations).sort()).toEqual(roots.flatMap((type) => Object.keys(type?.getFields() ?? {})).sort())
  expect(Object.keys(lakeSchema().getSubscriptionType()?.getFields() ?? {})).toEqual(subscriptions)
})

describe.each(Object.entries(operations))('%s', (_name, { needs, document }) => {
  test('needs a key', async () => {
    const { status, json, headers } = await gateway().graphql(document)
    expect([status, json.errors[0].extensions.code, json.data]).toEqual([401, 'UNAUTHENTICATED', undefined])
    expect(headers['www-authenticate']).toContain('Bearer')
  })

  test.each(roles)(`as %s, where ${needs} is needed`, async (role) => {
    const { json } = await gateway().graphql(document, { authorization: `Bearer ${bearers[role]}` })
    const codes: string[] = (json.errors ?? []).map((error: { extensions: { code: string } }) => error.extensions.code)
    if (roles.indexOf(role) >= roles.indexOf(needs)) expect(codes).toEqual([])
    else expect(codes).toEqual(['FORBIDDEN'])
  })
})

describe('keys', () => {
  test('the first one is in a file for its owner alone, and in no log', async () => {
    const { mode } = await stat(join(gateway().dataDir, 'admin-key'))
    expect(mode & 0o777).toBe(0o600)
    expect(gateway().gateway.firstKey?.bearer).toBe(await firstKey())
  })

  test('Basic and Bearer are the same', async () => {
    const basic = Buffer.from((await firstKey()).replace('.', ':')).toString('base64')
    const { json } = await gateway().graphql('{ viewer { role keyId } }', { authorization: `Basic ${basic}` })
    expect(json.data.viewer.role).toBe('ADMIN')
    const { json: keys } = await gateway().graphql('{ apiKeys(first: 100) { nodes { keyId name } } }', {
      authorization: `Bearer ${await firstKey()}`,
    })
    expect(keys.data.apiKeys.nodes.map((key: { keyId: string }) => key.keyId)).toContain(json.data.viewer.keyId)
  })

  test.each(['Bearer nonsense', 'Bearer lk_x.y', 'Basic !!!', 'Digest x', `Bearer ${'a'.repeat(5_000)}`])(
    '%s is refused',
    async (authorization) => {
      expect((await gateway().graphql('{ viewer { name } }', { authorization })).status).toBe(401)
    },
  )

  test('a revoked key is refused with the next request', async () => {
    const admin = { authorization: `Bearer ${await firstKey()}` }
    const made = (
      await gateway().graphql(
        'mutation { createApiKey(input: { name: "short", role: VIEWER }) { keyId key secret } }',
        admin,
      )
    ).json.data.createApiKey
    const authorization = `Bearer ${made.key}.${made.secret}`
    expect((await gateway().graphql('{ viewer { name } }', { authorization })).status).toBe(200)
    const revoke = {
      query: 'mutation ($id: ID!) { revokeApiKey(input: { keyId: $id }) { revoked userErrors { reason } } }',
      variables: { id: made.keyId },
    }
    expect((await gateway().graphql(revoke, admin)).json.data.revokeApiKey).toEqual({ revoked: true, userErrors: [] })
    expect((await gateway().graphql('{ viewer { name } }', { authorization })).status).toBe(401)
    expect((await gateway().graphql(revoke, admin)).json.data.revokeApiKey.revoked).toBe(false)
  })
})

describe('with keys', () => {
  test('the pages are public, and what they call is not', async () => {
    expect((await gateway().ask('/graphql', { headers: { accept: 'text/html' } })).status).toBe(200)
    expect((await gateway().ask('/graphiql')).status).toBe(200)
    expect(
      (
        await gateway().ask('/graphql?query=%7B__typename%7D', {
          headers: { accept: 'text/html', 'apollo-require-preflight': '1' },
        })
      ).status,
    ).toBe(401)
  })

  test('a request that only looks like one for the page gets neither page nor answer', async () => {
    const headers = { accept: '*/*', 'apollo-require-preflight': '1' }
    for (const query of ['', '?operationName=x', '?variables=%7B%7D']) {
      expect((await gateway().ask(`/graphql${query}`, { headers })).status).toBe(400)
    }
  })

  test('introspection can be turned off, suggestions of names with it', async () => {
    const headers = { authorization: `Bearer ${bearers['ADMIN']}` }
    const { json } = await gateway().graphql('{ __schema { types { name } } }', headers)
    expect(json.errors[0].extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
    expect((await gateway().graphql('{ itemss { totalCount } }', headers)).text).not.toContain('Did you mean')
  })

  test('a large body is not read before the key is', async () => {
    const answer = await gateway().ask('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"query": "${'x'.repeat(1_000_000)}`,
    })
    expect(answer.status).toBe(401)
  })

  test('metrics need a key, and take any Host', async () => {
    expect((await gateway().ask('/metrics', { headers: { host: '10.1.2.3' } })).status).toBe(401)
    const answer = await gateway().ask('/metrics', {
      headers: { host: '10.1.2.3', authorization: `Bearer ${bearers['VIEWER']}` },
    })
    expect(answer.status).toBe(200)
  })

  test('the host of the public address is served, and addresses of uploads begin with it', async () => {
    const headers = { host: 'lake.example', authorization: `Bearer ${bearers['ANALYST']}` }
    const { json } = await gateway().graphql(
      'mutation { createUpload(input: { fileName: "a.jpg", byteSize: 1, purpose: ITEM }) { upload { url } } }',
      headers,
    )
    expect(json.data.createUpload.upload.url).toMatch(/^https:\/\/lake\.example\/uploads\//)
    expect((await gateway().graphql('{ __typename }', { ...headers, host: 'evil.example' })).status).toBe(403)
  })
})
