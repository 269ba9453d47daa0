import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { migrate, openDatabase, releaseAllPages, type Database } from '@lakelens/db'
import { createGrpcBackend } from '@lakelens/inference-client'
import { messageOf, type Closeable, type Logger } from '@lakelens/kernel'
import { createDiskBlobStore, createUrlSigner, createVideoTools } from '@lakelens/media'
import { signingKeys, startWorker, systemViewer, type Lake } from '@lakelens/metalake'
import { createApp } from './app'
import type { GatewayConfig } from './config'
import { errors } from './errors'
import { writeFirstKey, type FirstKey } from './firstKey'
import { createAuthenticator } from './http/authentication'
import { isLoopbackHost } from './http/hosts'
import { serveSubscriptions } from './http/subscriptions'
import { withModelAddress } from './modelAddress'
import { superviseInference, type Supervisor } from './supervisor'
import { version } from './version'

export interface Gateway extends Closeable {
  /** Where it really listens, for this machine. */
  readonly url: string
  readonly database: string
  readonly firstKey: FirstKey | null
  readonly inference: { addresses: readonly string[]; pid(): number | undefined }
}

export interface GatewayOptions {
  /** What to do with the log lines of the inference process; written to standard error unless said. */
  onInferenceLine?: (line: string) => void
  /** The database is lost and the process should end. */
  onLost?: (error: Error) => void
  /** In place of opening one; whoever gives it migrates and closes it. */
  database?: Database
}

const maxPageSize = 100
const closeMs = 3_000

/** Puts everything together and starts it; what was started when a later piece fails is closed again. */
export async function startGateway(config: GatewayConfig, log: Logger, options: GatewayOptions = {}): Promise<Gateway> {
  const started = new Stack()
  try {
    return await assemble(config, log, options, started)
  } catch (error) {
    await started.close()
    throw error
  }
}

async function assemble(config: GatewayConfig, log: Logger, options: GatewayOptions, started: Stack): Promise<Gateway> {
  // The slow ones side by side: opening a new embedded database takes three seconds, loading the inference program one.
  const [inference, database] = await settleBoth(
    startInferenceFor(config, log, options).then((supervisor) => started.push(supervisor)),
    options.database
      ? Promise.resolve(options.database)
      : openMigrated(config, log, options).then((opened) => started.push(opened)),
  )
  const firstKey = config.auth === 'keys' ? await writeFirstKey(database, config.dataDir) : null

  const addresses = 'addresses' in config.inference ? config.inference.addresses : [inference?.address ?? '']
  const backend = started.push(createGrpcBackend({ addresses, log }))
  const server = createServer()
  const own = (): string => localUrl(config.host, portOf(server))
  const lake: Lake = {
    db: database,
    blobs: createDiskBlobStore(config.mediaDir),
    backend: withModelAddress(backend, () => config.internalUrl ?? (inference ? own() : (config.publicUrl ?? own()))),
    videos: createVideoTools(config.videos),
    signer: createUrlSigner({ keys: signingKeys(database), publicUrl: () => config.publicUrl ?? own() }),
    models: config.models,
    limits: { maxUploadBytes: config.maxUploadBytes, maxModelBytes: config.maxModelBytes, maxPageSize },
    log,
    viewer: systemViewer(),
  }
  let closing = false
  const authenticator = createAuthenticator(config.auth, database)
  const facts = { version, databaseKind: database.kind === 'embedded' ? ('EMBEDDED' as const) : ('POSTGRES' as const) }
  const served = started.push(
    await createApp({ config, lake, facts, authenticator, port: () => portOf(server), isClosing: () => closing }),
  )
  server.on('request', served.app)
  const { rules, isTrusted } = served
  const endSubscriptions = config.roles.includes('api')
    ? serveSubscriptions(server, { lake, facts, authenticator, introspection: config.introspection, rules, isTrusted })
    : () => Promise.resolve()
  await listen(server, config)
  lake.videos.describe().then(
    ({ available, detail }) => log[available ? 'info' : 'warn'](detail),
    (error: unknown) => log.warn({ err: error }, 'could not look for FFmpeg'),
  )
  // Closed the other way round: first nothing new comes in, then the work in hand goes back, then what both need ends.
  if (config.roles.includes('worker')) started.push(startWorker(lake))
  started.push({ close: () => closeServer(server, endSubscriptions) })

  return {
    url: own(),
    database: database.description,
    firstKey,
    inference: { addresses, pid: () => inference?.pid() },
    close() {
      closing = true
      return started.close()
    },
  }
}

/** Closes in the reverse order of starting, whatever fails on the way. */
class Stack implements Closeable {
  private readonly pieces: Closeable[] = []
  private closed: Promise<void> | undefined

  push<T extends Closeable | null>(piece: T): T {
    if (piece) this.pieces.push(piece)
    return piece
  }

  close(): Promise<void> {
    return (this.closed ??= this.closeAll())
  }

  private async closeAll(): Promise<void> {
    const failures: unknown[] = []
    for (const piece of this.pieces.reverse()) await piece.close().catch((error: unknown) => failures.push(error))
    if (failures.length > 0)
      throw new AggregateError(failures, `Could not close everything: ${failures.map(messageOf).join('; ')}`)
  }
}

/** Waits for both also when one fails, so that what the other started can be closed. */
async function settleBoth<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b])
  return [await a, await b]
}

async function openMigrated(config: GatewayConfig, log: Logger, { onLost }: GatewayOptions): Promise<Database> {
  const database = await openDatabase({ url: config.databaseUrl, dataDir: config.dataDir, log, onLost })
  try {
    const { applied } = await migrate(database)
    if (applied.length > 0) log.info({ applied }, 'migrated the database')
    // The embedded database is ours alone: whoever held a page in it is dead, and nobody needs to wait for its lease to end.
    if (database.kind === 'embedded') await releaseAllPages(database)
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}

async function startInferenceFor(
  config: GatewayConfig,
  log: Logger,
  options: GatewayOptions,
): Promise<Supervisor | null> {
  if ('addresses' in config.inference) return null
  const onLine = options.onInferenceLine ?? ((line: string) => void process.stderr.write(`${line}\n`))
  return superviseInference({ ...config.inference, log, onLine })
}

const portOf = (server: Server): number => (server.address() as AddressInfo | null)?.port ?? 0

function listen(server: Server, { host, port }: GatewayConfig): Promise<void> {
  // Uploads over slow lines take what they take; silence is limited where bodies are read.
  server.requestTimeout = 0
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') reject(errors.PORT_TAKEN({ host, port }))
      else reject(errors.HOST_UNUSABLE({ host, port, reason: error.message }))
    })
    server.listen(port, host, () => resolve())
  })
}

/** A wildcard address can't be called: on this machine loopback is the same. */
function localUrl(host: string, port: number): string {
  const name =
    host === '0.0.0.0' || host === ''
      ? '127.0.0.1'
      : host === '::'
        ? '[::1]'
        : host.includes(':') && !host.startsWith('[')
          ? `[${host}]`
          : host
  return `http://${isLoopbackHost(name) && name === 'localhost' ? 'localhost' : name}:${port}`
}

/** No new requests; those that run may end; then whoever still holds a connection is cut off. */
async function closeServer(server: Server, endSubscriptions: () => Promise<void>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  await endSubscriptions()
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), closeMs)
  await closed
  clearTimeout(timer)
}
