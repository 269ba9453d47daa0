import { EnvironmentError } from '@lakelens/kernel'
import { loadConfig } from './config'

const faultsOf = (environment: NodeJS.ProcessEnv): string => {
  try {
    loadConfig(environment)
  } catch (error) {
    expect(error).toBeInstanceOf(EnvironmentError)
    return (error as Error).message
  }
  throw new Error('The environment was accepted.')
}

test('an empty environment is a gateway for this machine alone', () => {
  const config = loadConfig({})
  expect(config).toMatchObject({
    host: '127.0.0.1',
    port: 4000,
    auth: 'off',
    roles: ['api', 'worker'],
    introspection: true,
    databaseUrl: undefined,
  })
  expect(config.inference).toMatchObject({ port: 50051 })
  expect(config.allowedOrigins).toContain('https://studio.apollographql.com')
  expect(Object.isFrozen(config)).toBe(true)
})

test('every fault is listed at once, with the name of its variable', () => {
  const message = faultsOf({
    PORT: 'x',
    LAKELENS_AUTH: 'maybe',
    LAKELENS_ROLES: 'api,king',
    DATABASE_URL: 'mysql://x',
    INFERENCE_URL: 'nowhere',
    MEDIA_URL: 's3://b',
  })
  for (const name of ['PORT', 'LAKELENS_AUTH', 'LAKELENS_ROLES', 'DATABASE_URL', 'INFERENCE_URL', 'MEDIA_URL'])
    expect(message).toContain(name)
})

test.each([
  ['off said', { HOST: '0.0.0.0', LAKELENS_AUTH: 'off', LAKELENS_PUBLIC_URL: 'http://lake.example' }, 'LAKELENS_AUTH'],
  ['off by default', { HOST: '192.168.1.4', LAKELENS_PUBLIC_URL: 'http://lake.example' }, 'LAKELENS_AUTH=keys'],
  ['no public address', { HOST: '::', LAKELENS_AUTH: 'keys' }, 'LAKELENS_PUBLIC_URL'],
  [
    'a name that only looks like loopback',
    { HOST: '127.0.0.1.example', LAKELENS_PUBLIC_URL: 'http://lake.example' },
    'LAKELENS_AUTH',
  ],
])('an open address without access control is refused: %s', (_name, environment, expected) => {
  expect(faultsOf(environment)).toContain(expected)
})

test('keys with a public address may listen anywhere, and then no foreign page is let in by default', () => {
  const config = loadConfig({ HOST: '0.0.0.0', LAKELENS_AUTH: 'keys', LAKELENS_PUBLIC_URL: 'https://lake.example/' })
  expect(config).toMatchObject({ auth: 'keys', publicUrl: 'https://lake.example', allowedOrigins: [] })
})

const childOf = (environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> => {
  const { inference } = loadConfig(environment)
  if (!('environment' in inference)) throw new Error('A child process was expected.')
  return inference.environment
}

test('the inference process gets nothing secret of our environment', () => {
  const given = {
    PATH: '/bin',
    DATABASE_URL: 'postgres://u:p@h/d',
    AWS_SECRET_ACCESS_KEY: 's',
    INFERENCE_THREADS: '1',
    LAKELENS_AUTH: 'keys',
    LAKELENS_DATA: '/data',
  }
  expect(childOf(given)).toEqual({ PATH: '/bin', INFERENCE_THREADS: '1', LAKELENS_DATA: '/data' })
})

test('what requirements are installed with reaches the inference process', () => {
  const given = {
    LAKELENS_AUTH: 'keys',
    LAKELENS_OFFLINE: '1',
    LAKELENS_ALLOW_SOURCE_BUILDS: '1',
    PIP_INDEX_URL: 'https://pypi.example/simple',
    UV_DEFAULT_INDEX: 'https://pypi.example/simple',
    https_proxy: 'http://proxy.example:3128',
    SSL_CERT_FILE: '/etc/ca.pem',
  }
  const { LAKELENS_AUTH: _, ...passed } = given
  expect(childOf(given)).toMatchObject(passed)
})

test('models run without a sandbox only where access control is off, or where that is said', () => {
  const allowed = (environment: NodeJS.ProcessEnv): string | undefined =>
    childOf(environment)['LAKELENS_ALLOW_UNSANDBOXED']
  expect(allowed({})).toBe('1')
  expect(allowed({ LAKELENS_AUTH: 'keys' })).toBeUndefined()
  expect(allowed({ LAKELENS_AUTH: 'keys', LAKELENS_ALLOW_UNSANDBOXED: '1' })).toBe('1')
  expect(allowed({ LAKELENS_AUTH: 'off', LAKELENS_ALLOW_UNSANDBOXED: '0' })).toBe('0')
})

test('empty variables count as unset, as compose files write them', () => {
  expect(loadConfig({ DATABASE_URL: '', LAKELENS_AUTH: '', INFERENCE_URL: '' })).toMatchObject({
    auth: 'off',
    databaseUrl: undefined,
  })
})

test('platforms that this version does not serve are refused', () => {
  expect(faultsOf({ INFERENCE_PLATFORM: 'AWS' })).toContain('INFERENCE_PLATFORM')
  expect(loadConfig({ INFERENCE_PLATFORM: 'local' })).toBeDefined()
})

test('FFmpeg is looked for on the search path unless a place is named', () => {
  expect(loadConfig({ PATH: '/usr/bin:/bin' }).videos).toEqual({ ffmpeg: undefined, searchPath: '/usr/bin:/bin' })
  expect(loadConfig({ PATH: '/usr/bin', LAKELENS_FFMPEG: 'off' }).videos).toEqual({
    ffmpeg: 'off',
    searchPath: '/usr/bin',
  })
  expect(loadConfig({ LAKELENS_FFMPEG: '/opt/ffmpeg' }).videos.ffmpeg).toBe('/opt/ffmpeg')
})
