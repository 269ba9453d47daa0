import type { Database } from '@lakelens/db'
import { useDatabase } from '@lakelens/db/testing'
import { silentLogger } from '@lakelens/kernel'
import { openViewer, type Lake } from '@lakelens/metalake'
import { graphql } from 'graphql'
import { createContext } from '../context'
import { lakeSchema } from './schema'

const database = useDatabase()

/** The database, and how often it was asked. */
function counting(inner: Database): { db: Database; statements: () => number } {
  let count = 0
  const db: Database = new Proxy(inner, {
    get(target, name) {
      if (name !== 'query') return Reflect.get(target, name) as unknown
      return (text: string, values?: readonly unknown[]) => {
        count++
        return target.query(text, values)
      }
    },
  })
  return { db, statements: () => count }
}

const modelIds = { version: '' }

beforeAll(async () => {
  const digest = (n: number) => n.toString(16).padStart(64, '0')
  await database().query(
    `insert into blob (digest, byte_size) select lpad(to_hex(n), 64, '0'), 1 from generate_series(0, 60) n`,
  )
  await database().query(
    `insert into collection (name, content_type, created_by) select 'c' || n, 'IMAGE', 'test' from generate_series(1, 5) n`,
  )
  await database().query(
    `insert into item (collection_id, unique_name, name, content_type, media_type, digest, byte_size, width, height, created_by)
     select c.id, c.name || '_' || n, n::text, 'IMAGE', 'image/png', lpad(to_hex(n), 64, '0'), 1, 2, 3, 'test'
     from collection c, generate_series(1, 10) n`,
  )
  await database().query(
    `insert into model (name, application, is_system) values ('tiny-detector', 'AUTO_TAGGING', true)`,
  )
  const { rows } = await database().query<{ id: string }>(
    `insert into model_version (model_id, version, status, runtime, origin, sha256, package_digest, byte_size, manifest)
     select id, 1, 'READY', 'ONNX', 'LOCAL', $1, 'x', 1, '{}' from model returning id`,
    [digest(0)],
  )
  modelIds.version = rows[0]?.id ?? ''
  await database().query(
    `insert into job (kind, name, key, payload, parameters, created_by, model_id, model_version_id, collection_id)
     select 'autoTag', 'job', c.name, '{}', '{}', 'test', (select id from model), $1, c.id from collection c`,
    [modelIds.version],
  )
  await database().query(
    `insert into item_tag (item_id, label, source, model_version_id, job_id, count, max_confidence)
     select i.id, 'cat', 'MACHINE', $1, (select min(id) from job), 1, 0.5 from item i`,
    [modelIds.version],
  )
})

async function statementsFor(source: string): Promise<number> {
  const { db, statements } = counting(database())
  const lake = {
    db,
    limits: { maxPageSize: 100, maxUploadBytes: 1, maxModelBytes: 1 },
    models: {
      dataDir: '/nowhere',
      offline: true,
      defaults: { AUTO_TAGGING: 'yolov8n', EMBEDDING: 'resnet50' },
      deniedLicenses: [],
    },
    log: silentLogger(),
  } as unknown as Lake
  const contextValue = createContext(lake, { version: '0', databaseKind: 'EMBEDDED' }, openViewer(), 'test')
  const { errors, data } = await graphql({ schema: lakeSchema(), source, contextValue })
  expect(errors).toBeUndefined()
  expect(JSON.stringify(data)).toContain('"nodes":[{')
  return statements()
}

test.each([
  [
    'items',
    (first: number) =>
      `{ items(first: ${first}) { nodes { uniqueName annotationTypes embeddingModels collections { name itemCount } tags { label modelVersion model { modelId } job { id model { modelId } } } } } }`,
  ],
  [
    'jobs',
    (first: number) =>
      `{ jobs(first: ${first}) { nodes { id modelVersion model { modelId currentVersion { version } } scope { collection { name itemCount } } } } }`,
  ],
  ['collections', (first: number) => `{ collections(first: ${first}) { nodes { name itemCount } } }`],
])('%s: a larger page takes no more statements', async (_name, query) => {
  const few = await statementsFor(query(2))
  const many = await statementsFor(query(50))
  expect(many).toBe(few)
  expect(few).toBeLessThan(15)
})

test('what nobody asks for is not counted', async () => {
  const counted = await statementsFor('{ items(first: 2) { totalCount nodes { id } } }')
  const uncounted = await statementsFor('{ items(first: 2) { nodes { id } } }')
  expect(counted).toBe(uncounted + 1)
})
