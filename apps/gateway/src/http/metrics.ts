import { collectDefaultMetrics, Histogram, Registry } from 'prom-client'

export interface Metrics {
  readonly contentType: string
  text(): Promise<string>
  http(method: string, path: string, status: number, seconds: number): void
  operation(type: string, field: string, outcome: 'ok' | 'error', seconds: number): void
  close(): void
}

const areas = ['graphql', 'graphiql', 'uploads', 'media', 'health', 'metrics']
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS']

/** Labels come from short lists of our own: a label taken from the request would let anyone fill the memory. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const http = new Histogram({
    name: 'lakelens_http_request_duration_seconds',
    help: 'Time to answer HTTP requests.',
    labelNames: ['method', 'area', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  })
  const operations = new Histogram({
    name: 'lakelens_graphql_operation_duration_seconds',
    help: 'Time to answer GraphQL operations, by their first root field.',
    labelNames: ['type', 'field', 'outcome'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  })
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    http(method, path, status, seconds) {
      const area = path.split('/')[1] ?? ''
      http.observe(
        {
          method: methods.includes(method) ? method : 'other',
          area: areas.includes(area) ? area : 'other',
          status: `${Math.floor(status / 100)}xx`,
        },
        seconds,
      )
    },
    operation: (type, field, outcome, seconds) => operations.observe({ type, field, outcome }, seconds),
    close: () => registry.clear(),
  }
}
