// Exit 0 when the gateway of this container is ready. The Host header is the public one: with access control on, the
// gateway refuses any other.
import { request } from 'node:http'

const publicUrl = process.env.LAKELENS_PUBLIC_URL
const headers = publicUrl ? { host: new URL(publicUrl).host } : {}
const check = request({
  host: '127.0.0.1',
  port: process.env.PORT ?? 4000,
  path: '/health/ready',
  headers,
  timeout: 4_000,
})
check.on('response', (response) => process.exit(response.statusCode === 200 ? 0 : 1))
check.on('timeout', () => process.exit(1))
check.on('error', () => process.exit(1))
check.end()
