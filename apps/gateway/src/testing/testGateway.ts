import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from '@lakelens/db'
import { silentLogger } from '@lakelens/kernel'
import { loadConfig } from '../config'
import { startGateway, type Gateway } from '../gateway'

const fixtures = join(__dirname, '..', '..', '..', '..', 'tools', 'fixtures')

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  // What a test expects is what it checks.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  json: any
}

export interface Asked {
  method?: string
  headers?: Record<string, string>
  body?: string | Buffer
}

/** A request with exactly these headers: `fetch` does not let a test choose its Host. */
export function ask(url: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

export interface Operation {
  query?: string
  variables?: Record<string, unknown>
  operationName?: string
  extensions?: Record<string, unknown>
}

export interface TestGateway {
  gateway: Gateway
  dataDir: string
  ask(path: string, asked?: Asked): Promise<Answer>
  graphql(operation: Operation | string, headers?: Record<string, string>): Promise<Answer>
  /** The data of an operation that must have no errors. */
  run<T>(query: string, variables?: Record<string, unknown>): Promise<T>
  /** Sends a file as a client does, and returns the id of its upload. */
  upload(fileName: string, bytes: Buffer, purpose?: string): Promise<string>
}

/**
 * One gateway for a whole test file, on a free port, with a folder of its own and the tiny models. Without inference unless
 * asked: most of what the gateway does needs none.
 */
export function useGateway(environment: Record<string, string>, database: () => Database): () => TestGateway {
  let running: TestGateway | undefined

  beforeAll(async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'lakelens-gateway-'))
    const config = loadConfig({
      PORT: '0',
      INFERENCE_URL: '127.0.0.1:9',
      LAKELENS_ROLES: 'api',
      LAKELENS_DATA: dataDir,
      LAKELENS_MODELS_DIR: fixtures,
      LAKELENS_DEFAULT_TAGGING: 'tiny-detector',
      LAKELENS_DEFAULT_EMBEDDING: 'tiny-embedder',
      LAKELENS_OFFLINE: '1',
      ...environment,
    })
    const gateway = await startGateway(config, silentLogger(), {
      database: database(),
      onInferenceLine: () => undefined,
    })
    const graphql: TestGateway['graphql'] = (operation, headers = {}) =>
      ask(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(typeof operation === 'string' ? { query: operation } : operation),
      })
    const run = async <T>(query: string, variables: Record<string, unknown> = {}): Promise<T> => {
      const { json } = await graphql({ query, variables })
      expect(json.errors).toBeUndefined()
      return json.data as T
    }
    const upload: TestGateway['upload'] = async (fileName, bytes, purpose = 'ITEM') => {
      const { createUpload } = await run<{ createUpload: { upload: { id: string; url: string } } }>(
        'mutation ($input: CreateUploadInput!) { createUpload(input: $input) { upload { id url } userErrors { message } } }',
        { input: { fileName, byteSize: bytes.length, purpose } },
      )
      const { id, url } = createUpload.upload
      const sent = await ask(url, { method: 'PUT', headers: { 'content-length': String(bytes.length) }, body: bytes })
      expect(sent.status).toBe(200)
      return id
    }
    running = { gateway, dataDir, graphql, run, upload, ask: (path, asked) => ask(`${gateway.url}${path}`, asked) }
  }, 60_000)

  afterAll(async () => {
    await running?.gateway.close()
    if (running) await rm(running.dataDir, { recursive: true, force: true })
  }, 30_000)

  return () => {
    if (!running) throw new Error('The gateway runs only inside tests and hooks.')
    return running
  }
}
