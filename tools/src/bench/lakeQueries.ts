import { listItems, type Lake, type SelectionInput } from '@lakelens/metalake'

/** A question, and statements that somebody who knows the tables may write for its first page: what counts is the best of them. */
export interface LakeQuestion {
  name: string
  ask: SelectionInput
  statements: string[]
  values: unknown[]
}

const firstPage = 20
/** One row more than is shown says whether there is a next page. */
const limit = firstPage + 1
const byId = `order by i.id desc limit ${limit}`
const byTime = `order by i.created_at desc, i.id desc limit ${limit}`
const counts = `a.superseded_at is null and a.review <> 'REJECTED' and lower(a.label) = $1`
/** Item by item until the page is full, or all of the label's items first: best for a frequent one, and for a rare one. */
const tried = `exists (select from annotation a where a.item_id = i.id and ${counts})`
const gathered = `i.id = any (array(select a.item_id from annotation a where ${counts}))`
/** Alone, straight off the index. */
const read = `i.id = any (array(select distinct a.item_id from annotation a where ${counts} order by a.item_id desc limit ${limit}))`

const where = (condition: string, order = byId): string => `select i.* from item i where ${condition} ${order}`
const label = (name: string, shown: string): LakeQuestion => ({
  name,
  ask: { query: `annotation.label=${shown}` },
  statements: [tried, gathered, read].map((condition) => where(condition)),
  values: [shown.toLowerCase()],
})
const other = (name: string, query: string, condition: string, values: unknown[]): LakeQuestion => ({
  name,
  ask: { query },
  statements: [where(condition)],
  values,
})

const inMarch = { fromDate: '2026-03-01', toDate: '2026-03-31' }
const march = (first: number): string => `i.created_at >= $${first} and i.created_at < $${first + 1}`
const marchValues = ['2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z']
const labelInMarch = (name: string, shown: string): LakeQuestion => ({
  name,
  ask: { query: `annotation.label=${shown}`, filter: inMarch },
  statements: [tried, gathered].map((condition) => where(`${condition} and ${march(2)}`, byTime)),
  values: [shown, ...marchValues],
})

export const lakeQuestions = (collection: { id: string }): LakeQuestion[] => [
  { name: 'the newest', ask: {}, statements: [where('true')], values: [] },
  label('a rare label', 'axolotl'),
  label('a frequent label', 'Person'),
  label('a label nobody has', 'unicorn'),
  other('a field', 'metadata.project=project 7', `i.metadata @> '{"project": "project 7"}'::jsonb`, []),
  other('a nested field', 'metadata.camera.make=Borel', `i.metadata @> '{"camera": {"make": "Borel"}}'::jsonb`, []),
  other('a rare tag', 'metadata.Tags=Eclipse', 'folded(i.tags) && $1::text[]', [['eclipse']]),
  other('a frequent tag', 'metadata.Tags=Water', 'folded(i.tags) && $1::text[]', [['water']]),
  { name: 'a month', ask: { filter: inMarch }, statements: [where(march(1), byTime)], values: marchValues },
  labelInMarch('a frequent label in a month', 'person'),
  labelInMarch('a rare label in a month', 'axolotl'),
  {
    name: 'a label in a collection',
    ask: { scope: { collectionId: collection.id }, query: 'annotation.label=bus' },
    statements: [tried, gathered].map((condition) => where(`${condition} and i.collection_id = $2`)),
    values: ['bus', collection.id],
  },
]

export interface QuestionCost {
  name: string
  /** Milliseconds, medians: the use-case, the bare statement, and GraphQL over HTTP. */
  product: number
  bare: number
  http: number
  rows: number
}

const median = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const began = performance.now()
  const result = await work()
  return { ms: performance.now() - began, result }
}

/** Over HTTP: what a client gets, parsed. */
export type AskHttp = (
  query: string,
  variables: Record<string, unknown>,
) => Promise<{ items: { nodes: { uniqueName: string }[] } }>

const document = `query ($query: String, $filter: FilterInput, $scope: ScopeInput) {
  items(query: $query, filter: $filter, scope: $scope, first: ${firstPage}) { nodes { uniqueName } } }`

/**
 * Asks in turns, so that a drifting machine moves all of them, and compares the answers every time. The statement is the best of
 * its kind: the others are not asked in between, for some read so much that they would empty the caches.
 */
export async function costOfQuestion(
  lake: Lake,
  askHttp: AskHttp,
  asked: LakeQuestion,
  globalScope: SelectionInput['scope'],
  rounds: number,
): Promise<QuestionCost> {
  const sql = await bestStatement(lake, asked)
  const times = { product: [] as number[], bare: [] as number[], http: [] as number[] }
  let rows = 0
  for (let round = 0; round < rounds; round++) {
    const bare = await timed(() => lake.db.query<{ unique_name: string }>(sql, asked.values))
    const product = await timed(() => listItems(lake, { ...asked.ask, first: firstPage }))
    const http = await timed(() => askHttp(document, { ...asked.ask, scope: globalScope }))
    const names = [
      bare.result.rows.slice(0, firstPage).map((row) => row.unique_name),
      product.result.edges.map(({ node }) => node.uniqueName),
      http.result.items.nodes.map((node) => node.uniqueName),
    ]
    if (new Set(names.map((list) => list.join('\n'))).size !== 1)
      throw new Error(`"${asked.name}" is answered differently: ${JSON.stringify(names)}`)
    rows = names[0]?.length ?? 0
    times.bare.push(bare.ms)
    times.product.push(product.ms)
    times.http.push(http.ms)
  }
  return { name: asked.name, rows, product: median(times.product), bare: median(times.bare), http: median(times.http) }
}

/** By the second of two runs: the first reads pages from disk. */
async function bestStatement(lake: Lake, { statements, values }: LakeQuestion): Promise<string> {
  let best = { sql: '', ms: Infinity }
  for (const sql of statements) {
    await lake.db.query(sql, values)
    const { ms } = await timed(() => lake.db.query(sql, values))
    if (ms < best.ms) best = { sql, ms }
  }
  return best.sql
}

/** Milliseconds of a first page of a hundred, and of one behind half of the lake. */
export async function costOfDepth(
  lake: Lake,
  rounds: number,
): Promise<{ first: number; deep: number; behind: number }> {
  // All of it, and half of it: in the same order, so that a cursor of one list is one of the other.
  const [all, older] = [{ fromDate: '2020-01-01' }, { toDate: '2025-10-31' }]
  const after = (await listItems(lake, { filter: older, first: 1 })).edges[0]?.cursor
  if (after === undefined) throw new Error('Nothing lies behind half of the lake.')
  const first: number[] = []
  const deep: number[] = []
  for (let round = 0; round < rounds; round++) {
    first.push((await timed(() => listItems(lake, { filter: all, first: 100 }))).ms)
    deep.push((await timed(() => listItems(lake, { filter: all, first: 100, after }))).ms)
  }
  const newer = await listItems(lake, { filter: { fromDate: '2025-11-01' }, first: 0 })
  return { first: median(first), deep: median(deep), behind: await newer.totalCount() }
}
