import { createHash } from 'node:crypto'
import { useDatabase } from '@lakelens/db/testing'
import { silentLogger } from '@lakelens/kernel'
import { loadConfig } from '../config'
import { startGateway } from '../gateway'
import { useGateway } from '../testing/testGateway'

// As deployed: libraries that turn pages and introspection off by it must not.
process.env.NODE_ENV = 'production'

const database = useDatabase()
const gateway = useGateway({}, database)
const json = { 'content-type': 'application/json' }
const typename = JSON.stringify({ query: '{ __typename }' })

describe('Host and Origin', () => {
  const post = (headers: Record<string, string>) =>
    gateway().ask('/graphql', { method: 'POST', headers: { ...json, ...headers }, body: typename })

  test.each(['localhost', '127.0.0.1', '[::1]'])('Host %s is served', async (name) => {
    expect((await post({ host: `${name}:${new URL(gateway().gateway.url).port}` })).status).toBe(200)
  })

  test.each(['/graphql', '/graphiql', '/metrics', '/uploads/x', '/media/x'])(
    'a foreign Host is refused at %s',
    async (path) => {
      const answer = await gateway().ask(path, { headers: { host: 'evil.example' } })
      expect(answer.status).toBe(403)
      expect(answer.json.errors[0].extensions.code).toBe('FORBIDDEN')
      expect(answer.text).not.toContain('evil.example')
    },
  )

  test.each(['https://evil.example', 'null', 'http://localhost.evil.example'])(
    'Origin %s is refused',
    async (origin) => {
      const answer = await post({ origin })
      expect(answer.status).toBe(403)
      expect(answer.headers['access-control-allow-origin']).toBeUndefined()
    },
  )

  test.each(['https://studio.apollographql.com', 'http://localhost:5173', 'http://127.0.0.1:3000'])(
    'Origin %s is let in',
    async (origin) => {
      const answer = await post({ origin })
      expect(answer.status).toBe(200)
      expect(answer.headers['access-control-allow-origin']).toBe(origin)
      expect(answer.headers['vary']).toContain('Origin')
    },
  )

  test('its own pages are let in, and a request without Origin', async () => {
    expect((await post({ origin: gateway().gateway.url })).status).toBe(200)
    expect((await post({})).status).toBe(200)
  })

  test('a preflight from the public network is answered', async () => {
    const headers = {
      origin: 'https://studio.apollographql.com',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
      'access-control-request-private-network': 'true',
    }
    const answer = await gateway().ask('/graphql', { method: 'OPTIONS', headers })
    expect(answer.status).toBe(204)
    expect(answer.headers['access-control-allow-private-network']).toBe('true')
    expect(answer.headers['access-control-allow-headers']).toBe('authorization,content-type')
    expect(answer.headers['access-control-allow-methods']).toContain('POST')
    const foreign = await gateway().ask('/graphql', {
      method: 'OPTIONS',
      headers: { ...headers, origin: 'https://evil.example' },
    })
    expect(foreign.status).toBe(403)
    expect(foreign.headers['access-control-allow-private-network']).toBeUndefined()
  })
})

describe('the GraphQL endpoint', () => {
  test('a form or a plain GET cannot run an operation', async () => {
    const form = await gateway().ask('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: typename,
    })
    expect(form.status).toBe(400)
    expect((await gateway().ask('/graphql?query=%7B__typename%7D')).status).toBe(400)
    const tool = await gateway().ask('/graphql?query=%7B__typename%7D', {
      headers: { 'apollo-require-preflight': '1' },
    })
    expect(tool.json).toEqual({ data: { __typename: 'Query' } })
  })

  test('a legal batch of 4 MB is read, 17 MB are refused as a GraphQL error', async () => {
    const body = (bytes: number) =>
      JSON.stringify({ query: '{ __typename }', variables: { padding: 'x'.repeat(bytes) } })
    expect((await gateway().ask('/graphql', { method: 'POST', headers: json, body: body(4_500_000) })).status).toBe(200)
    const answer = await gateway().ask('/graphql', { method: 'POST', headers: json, body: body(17 * 1024 * 1024) })
    expect(answer.status).toBe(413)
    expect(answer.json.errors[0].extensions.code).toBe('PAYLOAD_TOO_LARGE')
  })

  test('a body that is no JSON is refused without being quoted', async () => {
    const answer = await gateway().ask('/graphql', { method: 'POST', headers: json, body: '{"password-hunter2' })
    expect(answer.status).toBe(400)
    expect(answer.text).not.toContain('hunter2')
  })

  test('persisted queries: unknown by hash, then sent once, then known by hash', async () => {
    const query = '{ viewer { name } }'
    const extensions = { persistedQuery: { version: 1, sha256Hash: createHash('sha256').update(query).digest('hex') } }
    const unknown = await gateway().graphql({ extensions })
    expect(unknown.json.errors[0].extensions.code).toBe('PERSISTED_QUERY_NOT_FOUND')
    await gateway().graphql({ query, extensions })
    expect((await gateway().graphql({ extensions })).json).toEqual({ data: { viewer: { name: 'anonymous' } } })
  })

  test('a request id is taken from the client when it is sane, made otherwise, and is on each error', async () => {
    const sane = await gateway().graphql('{ nothing }', { 'x-request-id': 'trace-1' })
    expect(sane.headers['x-request-id']).toBe('trace-1')
    expect(sane.json.errors[0].extensions).toEqual({ code: 'GRAPHQL_VALIDATION_FAILED', requestId: 'trace-1' })
    const insane = await gateway().graphql('{ __typename }', { 'x-request-id': 'two words "quoted"' })
    expect(insane.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('the Sandbox is served to browsers, whatever NODE_ENV says', async () => {
    const answer = await gateway().ask('/graphql', { headers: { accept: 'text/html' } })
    expect(answer.status).toBe(200)
    expect(answer.text).toContain('apollo')
    expect((await gateway().ask('/')).headers['location']).toBe('/graphql')
  })
})

test('introspection is on, whatever NODE_ENV says', async () => {
  const { json } = await gateway().graphql('{ __schema { queryType { name } } }')
  expect(json.data).toEqual({ __schema: { queryType: { name: 'Query' } } })
})

test('a taken port is told by name', async () => {
  const { port } = new URL(gateway().gateway.url)
  const config = loadConfig({
    PORT: port,
    INFERENCE_URL: '127.0.0.1:9',
    LAKELENS_ROLES: 'api',
    LAKELENS_DATA: gateway().dataDir,
  })
  await expect(startGateway(config, silentLogger(), { database: database() })).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    message: expect.stringContaining('Set PORT') as unknown,
  })
})

describe('the offline page', () => {
  test('loads nothing from anywhere, and its policy allows its own script alone', async () => {
    const { status, text, headers } = await gateway().ask('/graphiql')
    expect(status).toBe(200)
    expect(text).not.toMatch(/<(script|link|img|iframe)[^>]+(src|href)\s*=\s*["']?(https?:)?\/\//i)
    expect(text).not.toMatch(/@import|url\(\s*["']?https?:/)
    const script = text.slice(text.indexOf('<script>') + 8, text.lastIndexOf('</script>'))
    const csp = String(headers['content-security-policy'])
    expect(csp).toContain(`'sha256-${createHash('sha256').update(script).digest('base64')}'`)
    expect(csp).toContain("default-src 'none'")
    expect(csp).toContain("connect-src 'self'")
  })

  test('has the examples as tabs', async () => {
    const { text } = await gateway().ask('/graphiql')
    for (const name of ['AutoTag', 'Embeddings', 'JobProgress', 'EmbeddingVectors']) expect(text).toContain(name)
  })

  test('comes compressed, and not at all to who has it', async () => {
    const { gateway: running } = gateway()
    const zipped = await fetch(`${running.url}/graphiql`, { headers: { 'accept-encoding': 'gzip' } })
    expect(zipped.headers.get('content-encoding')).toBe('gzip')
    expect((await zipped.text()).length).toBeGreaterThan(1_000_000)
    const etag = zipped.headers.get('etag') ?? ''
    expect((await gateway().ask('/graphiql', { headers: { 'if-none-match': etag } })).status).toBe(304)
  })
})

describe('operations', () => {
  test('live and ready answer any Host: probes come by address', async () => {
    expect((await gateway().ask('/health/live', { headers: { host: '10.1.2.3:4000' } })).json).toEqual({ status: 'ok' })
    const ready = await gateway().ask('/health/ready', { headers: { host: '10.1.2.3:4000' } })
    expect(ready.json).toEqual({ status: 'ok', checks: { database: true } })
  })

  test('metrics count operations by root field, and never by what a client names', async () => {
    await gateway().graphql({ query: 'query MyOwnName { viewer { name } }' })
    const { text, headers } = await gateway().ask('/metrics')
    expect(headers['content-type']).toContain('text/plain')
    expect(text).toMatch(
      /lakelens_graphql_operation_duration_seconds_count\{type="query",field="viewer",outcome="ok"\} \d+/,
    )
    expect(text).toContain('lakelens_http_request_duration_seconds_count')
    expect(text).toContain('process_cpu_seconds_total')
    expect(text).not.toContain('MyOwnName')
  })

  test('what is not there is a JSON error', async () => {
    const answer = await gateway().ask('/nothing')
    expect(answer.status).toBe(404)
    expect(answer.json.errors[0].extensions.code).toBe('NOT_FOUND')
  })

  test('a malformed address is a client error', async () => {
    expect((await gateway().ask('/media/%E0%A4%A')).status).toBe(400)
  })
})
