import { useDatabase } from '@lakelens/db/testing'
import { WebSocket } from 'ws'
import { encodeId } from '../graphql/globalId'
import { useGateway, type TestGateway } from '../testing/testGateway'

const database = useDatabase()
const gateway = useGateway({}, database)
const closedDatabase = useDatabase()
const closed = useGateway({ LAKELENS_AUTH: 'keys', LAKELENS_INTROSPECTION: '0' }, closedDatabase)

interface Message {
  type: string
  id?: string
  // What a test expects is what it checks.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  payload?: any
}

/** The protocol by hand: what a client library would hide is what is tested. */
class Client {
  readonly messages: Message[] = []
  readonly ended: Promise<{ code: number; reason: string }>
  private readonly waiting = new Set<() => void>()

  constructor(private readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      this.messages.push(JSON.parse(data.toString()) as Message)
      this.waiting.forEach((wake) => wake())
    })
    this.ended = new Promise((resolve) =>
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    )
  }

  send(message: object): void {
    this.sendText(JSON.stringify(message))
  }

  sendText(text: string): void {
    this.socket.send(text)
  }

  async next(matches: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.messages.find(matches)
      if (found) return found
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.waiting.delete(wake)
          resolve()
        }
        this.waiting.add(wake)
      })
    }
  }

  close(): void {
    this.socket.close()
  }
}

function open({ gateway: running }: TestGateway, headers: Record<string, string> = {}): Promise<Client> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${running.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers })
    const client = new Client(socket)
    socket.once('open', () => resolve(client))
    socket.once('error', reject)
  })
}

async function initialised(where: TestGateway, payload: object = {}): Promise<Client> {
  const client = await open(where)
  client.send({ type: 'connection_init', payload })
  await client.next((message) => message.type === 'connection_ack')
  return client
}

const subscribe = (id: string, jobId: string) => ({
  id,
  type: 'subscribe',
  payload: {
    query:
      'subscription ($id: ID!) { jobProgress(id: $id) { seq status progress counts { succeeded } job { id status } } }',
    variables: { id: jobId },
  },
})

async function insertJob(status: string): Promise<string> {
  const { rows } = await database().query<{ id: string }>(
    `insert into job (kind, name, status, key, payload, parameters, created_by) values ('autoTag', 'a job', $1, gen_random_uuid()::text, '{}', '{}', 'test') returning id`,
    [status],
  )
  return rows[0]?.id ?? ''
}

test('progress comes with the present state first, then what changes, then the end, and completes', async () => {
  const id = await insertJob('IN_PROGRESS')
  const client = await initialised(gateway())
  client.send(subscribe('1', encodeId('Job', id)))
  const first = await client.next((message) => message.type === 'next')
  expect(first.payload.data.jobProgress).toMatchObject({
    status: 'IN_PROGRESS',
    job: { id: encodeId('Job', id), status: 'IN_PROGRESS' },
  })
  await database().query(`update job set status = 'COMPLETED', succeeded = 3, total = 3, seq = seq + 1 where id = $1`, [
    id,
  ])
  await client.next((message) => message.type === 'complete' && message.id === '1')
  const events = client.messages
    .filter((message) => message.type === 'next')
    .map((message) => message.payload.data.jobProgress)
  expect(events.at(-1)).toMatchObject({ status: 'COMPLETED', progress: 100, counts: { succeeded: 3 } })
  expect(events.map((event) => event.seq)).toEqual([...events.map((event) => event.seq)].sort((a, b) => a - b))
  client.close()
})

test('a job that has ended is told once', async () => {
  const client = await initialised(gateway())
  client.send(subscribe('1', encodeId('Job', await insertJob('FAILED'))))
  await client.next((message) => message.type === 'complete')
  expect(client.messages.filter((message) => message.type === 'next')).toHaveLength(1)
  client.close()
})

test('an unknown job is an error with a code and a request id', async () => {
  const client = await initialised(gateway())
  client.send(subscribe('1', encodeId('Job', '999999')))
  const message = await client.next(({ type }) => type === 'error' || type === 'next')
  const [error] = message.type === 'error' ? message.payload : message.payload.errors
  expect(error.extensions).toMatchObject({
    code: 'BAD_USER_INPUT',
    reason: 'JOB_NOT_FOUND',
    requestId: expect.any(String) as unknown,
  })
  client.close()
})

test('whoever leaves is polled for no longer', async () => {
  const id = await insertJob('IN_PROGRESS')
  const client = await initialised(gateway())
  client.send(subscribe('1', encodeId('Job', id)))
  await client.next((message) => message.type === 'next')
  client.send({ id: '1', type: 'complete' })
  await database().query(`update job set status = 'COMPLETED', seq = seq + 1 where id = $1`, [id])
  client.send({ id: '2', type: 'subscribe', payload: { query: '{ viewer { name } }' } })
  await client.next((message) => message.type === 'complete' && message.id === '2')
  expect(client.messages.filter((message) => message.id === '1' && message.type === 'next')).toHaveLength(1)
  client.close()
})

describe('limits are those of HTTP', () => {
  test.each([
    [
      'depth',
      `{ item(uniqueName: "a") { ${'tags { job { failures { nodes { item { '.repeat(3)} id ${'}'.repeat(15)} } }`,
      'OPERATION_TOO_LARGE',
    ],
    ['nesting', '{ a '.repeat(2_000) + '}'.repeat(2_000), 'OPERATION_TOO_LARGE'],
    ['validity', '{ nothing }', undefined],
    ['syntax', '{', undefined],
    ['tokens', `{ ${'__typename '.repeat(7_000)} }`, undefined],
    ['the operation', 'query A { __typename } query B { __typename }', 'BAD_USER_INPUT'],
  ])('%s', async (_name, query, code) => {
    const client = await initialised(gateway())
    client.send({ id: '1', type: 'subscribe', payload: { query } })
    const { payload } = await client.next((message) => message.type === 'error')
    if (code) expect(payload[0].extensions.code).toBe(code)
    expect(payload[0].extensions.requestId).toEqual(expect.any(String))
    client.close()
  })

  test('a message of 2 MB ends the connection', async () => {
    const client = await initialised(gateway())
    client.send({
      id: '1',
      type: 'subscribe',
      payload: { query: '{ __typename }', variables: { padding: 'x'.repeat(2_000_000) } },
    })
    expect(await client.ended).toMatchObject({ code: 1009 })
  })

  test.each(['no json', '{"type":"unknown"}'])(
    'a message that is none of the protocol ends it without being quoted: %s',
    async (text) => {
      const client = await initialised(gateway())
      client.sendText(text)
      expect(await client.ended).toEqual({ code: 4400, reason: 'Bad request' })
    },
  )

  test('one connection holds fifty operations', async () => {
    const id = encodeId('Job', await insertJob('IN_PROGRESS'))
    const client = await initialised(gateway())
    for (let i = 1; i <= 51; i++) client.send(subscribe(String(i), id))
    expect((await client.next((message) => message.type === 'error')).payload[0].message).toContain('50')
    client.close()
  })
})

describe('who may connect', () => {
  test.each([
    ['a foreign Origin', { origin: 'https://evil.example' }],
    ['a foreign Host', { host: 'evil.example' }],
  ])('not %s', async (_name, headers) => {
    await expect(open(gateway(), headers)).rejects.toThrow('403')
  })

  test('not at another path', async () => {
    const url = `${gateway().gateway.url.replace('http', 'ws')}/other`
    await expect(new Promise((_resolve, reject) => new WebSocket(url).once('error', reject))).rejects.toThrow('404')
  })

  test('with keys: nobody without one, by parameters or by header', async () => {
    const client = await open(closed())
    client.send({ type: 'connection_init' })
    expect(await client.ended).toMatchObject({ code: 4401 })
    const wrong = await open(closed())
    wrong.send({ type: 'connection_init', payload: { authorization: 'Bearer a.b' } })
    expect(await wrong.ended).toMatchObject({ code: 4401 })

    const authorization = `Bearer ${closed().gateway.firstKey?.bearer}`
    for (const Authorization of ['authorization', 'Authorization'])
      (await initialised(closed(), { [Authorization]: authorization })).close()
    const byHeader = await open(closed(), { authorization })
    byHeader.send({ type: 'connection_init' })
    await byHeader.next((message) => message.type === 'connection_ack')
    byHeader.send(subscribe('1', encodeId('Job', '1')))
    const answer = await byHeader.next(({ type }) => type === 'error' || type === 'next')
    expect(JSON.stringify(answer)).toContain('JOB_NOT_FOUND')
    byHeader.close()
  })

  test('introspection that is off is off here too', async () => {
    const client = await initialised(closed(), { authorization: `Bearer ${closed().gateway.firstKey?.bearer}` })
    client.send({ id: '1', type: 'subscribe', payload: { query: '{ __schema { queryType { name } } }' } })
    expect((await client.next(({ id }) => id === '1')).type).toBe('error')
    client.close()
  })

  test('with keys: a connection does not outlive its key', async () => {
    const authorization = `Bearer ${closed().gateway.firstKey?.bearer}`
    const client = await initialised(closed(), { authorization })
    client.send({ id: '1', type: 'subscribe', payload: { query: '{ viewer { role } }' } })
    expect((await client.next(({ id }) => id === '1')).payload).toEqual({ data: { viewer: { role: 'ADMIN' } } })
    await closedDatabase().query('update api_key set revoked_at = now()')
    client.send({ id: '2', type: 'subscribe', payload: { query: '{ viewer { role } }' } })
    expect((await client.next(({ id }) => id === '2')).payload[0].extensions.code).toBe('UNAUTHENTICATED')
    client.close()
  })
})
