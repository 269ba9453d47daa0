import {
  type CallOptions as GrpcCallOptions,
  type ClientUnaryCall,
  type ServiceError,
  type ServiceDefinition,
  connectivityState,
  credentials,
  makeGenericClientConstructor,
} from '@grpc/grpc-js'
import { type InferenceClient, channelOptions, inferenceServiceName, loadInferenceProto } from '@lakelens/proto'
import { service as healthDefinition } from 'grpc-health-check'

export type Answer<Response> = (error: ServiceError | null, response?: Response) => void
type HealthCheck = (
  request: { service: string },
  options: GrpcCallOptions,
  answer: Answer<{ status: string }>,
) => ClientUnaryCall

export interface Connection {
  address: string
  client: InferenceClient
  check: HealthCheck
  close(): void
}

export interface Connections {
  all: readonly Connection[]
  /** In turn, leaving out those that are known not to answer as long as another may. */
  next(): Connection
}

const options = {
  ...channelOptions,
  // A killed service is back in a second; grpc-js would by default wait up to two minutes before it looks again.
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 2_000,
  // A peer whose machine vanished sends no reset: without pings a call would hang until its deadline.
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // Retries are ours: they know the caller's deadline. Look-ups and proxies would only delay what is a plain address.
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_http_proxy': 0,
}

const HealthClient = makeGenericClientConstructor(healthDefinition as unknown as ServiceDefinition, 'Health')

export function openConnections(addresses: readonly string[]): Connections {
  const all = addresses.map(connect)
  if (all.length === 0) throw new RangeError('An inference backend needs at least one address.')
  let turn = 0
  return {
    all,
    next() {
      const inTurn = all.map((_, i) => all[(turn + i) % all.length]!)
      const chosen = inTurn.find(mayAnswer) ?? inTurn[0]!
      turn = (all.indexOf(chosen) + 1) % all.length
      return chosen
    },
  }
}

const mayAnswer = ({ client }: Connection): boolean =>
  client.getChannel().getConnectivityState(true) !== connectivityState.TRANSIENT_FAILURE

function connect(address: string): Connection {
  const insecure = credentials.createInsecure()
  const client = new (loadInferenceProto().Inference)(address, insecure, options)
  const health = new HealthClient(address, insecure, { channelOverride: client.getChannel() })
  return {
    address,
    client,
    check: (request, callOptions, answer) =>
      (health['check'] as HealthCheck).call(health, request, callOptions, answer),
    close: () => client.close(),
  }
}

export const healthOf = inferenceServiceName
