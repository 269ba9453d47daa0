import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { loadConfig } from '@lakelens/gateway'
import { compose, example, read, root } from './composeFile'

const filled = { ...example, POSTGRES_PASSWORD: 'abc123' }

test("the gateway takes compose's environment: keys, both roles, the services by name", () => {
  const config = loadConfig(compose(filled)['gateway']?.environment ?? {})
  expect(config).toMatchObject({
    host: '0.0.0.0',
    port: 4000,
    auth: 'keys',
    roles: ['api', 'worker'],
    databaseUrl: 'postgres://lakelens:abc123@postgres:5432/lakelens',
    inference: { addresses: ['inference:50051'] },
    publicUrl: 'http://localhost:4000',
    internalUrl: 'http://gateway:4000',
  })
})

test('no password is made up: without one compose refuses', () => {
  expect(() => compose(example)).toThrow('set POSTGRES_PASSWORD in .env')
})

test('every service is confined, and only the gateway is published, on this machine', () => {
  const services = Object.entries(compose(filled))
  expect(services.map(([name]) => name).sort()).toEqual(['gateway', 'inference', 'postgres'])
  for (const [name, service] of services) {
    expect([name, service.cap_drop, service.security_opt]).toEqual([name, ['ALL'], ['no-new-privileges:true']])
    expect(service.deploy.resources.limits.memory).toMatch(/^\d+[mg]$/)
    expect(service.build ? service.read_only : service.user).toBe(service.build ? true : 'postgres')
    expect(service.ports).toEqual(name === 'gateway' ? ['127.0.0.1:4000:4000'] : undefined)
    expect(service.networks.includes('outside')).toBe(name === 'gateway')
  }
})

test.each(['gateway', 'inference'])('the image of %s runs as another than root and says whether it is well', (name) => {
  const dockerfile = read(`docker/${name}.Dockerfile`)
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))
  expect(last.match(/^USER (\d+):\d+$/m)?.[1]).not.toBe('0')
  const script = last.match(/^HEALTHCHECK .*CMD \["node", "([^"]+)"\]$/m)?.[1] ?? 'none'
  expect([script, existsSync(join(root, script))]).toEqual([script, true])
})

interface Manifest {
  name: string
  dependencies?: Record<string, string>
}

test('the image of inference holds every package of ours that it needs', () => {
  const folders = [...read('docker/inference.Dockerfile').matchAll(/^COPY --from=build \/app\/(\S+) \.\/\1$/gm)].map(
    (match) => match[1] as string,
  )
  const manifests = folders.map((folder) => JSON.parse(read(`${folder}/package.json`)) as Manifest)
  const copied = new Set(manifests.map(({ name }) => name))
  const needed = manifests
    .flatMap(({ dependencies = {} }) => Object.keys(dependencies))
    .filter((name) => name.startsWith('@lakelens/'))
  expect(copied).toContain('@lakelens/inference')
  expect(needed.filter((name) => !copied.has(name))).toEqual([])
})

test.each([
  ['ready', 200, 0],
  ['not ready', 503, 1],
])("the gateway's health check: %s", async (_, status, code) => {
  let host: string | undefined
  const server = createServer((request, response) => {
    host = request.headers.host
    response.writeHead(request.url === '/health/ready' ? status : 404).end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const environment = {
    PORT: String((server.address() as AddressInfo).port),
    LAKELENS_PUBLIC_URL: 'https://lake.example:8443/',
  }
  const exit = await new Promise<number | null>((done) => {
    execFile(process.execPath, [join(root, 'docker/healthcheck-gateway.mjs')], { env: environment }).once('exit', done)
  })
  server.close()
  expect([exit, host]).toEqual([code, 'lake.example:8443'])
})
