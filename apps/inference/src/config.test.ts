import { EnvironmentError } from '@lakelens/kernel'
import { loadConfig } from './config'

test('Python models are run with whatever Python is there, in a sandbox, offline only when told so', () => {
  expect(loadConfig({ PATH: '/bin', HOME: '/home/me' }).python).toMatchObject({
    interpreter: null,
    searchPath: '/bin',
    idleMs: 600_000,
    installMs: 600_000,
    useSandbox: true,
    allowUnsandboxed: false,
    allowSourceBuilds: false,
    allowRequirementSources: false,
    offline: false,
    installEnvironment: {},
  })
  expect(loadConfig({ INFERENCE_PYTHON: 'off' }).python).toBeNull()
  expect(loadConfig({ INFERENCE_PYTHON: '/opt/python3', LAKELENS_OFFLINE: '1' }).python).toMatchObject({
    interpreter: '/opt/python3',
    offline: true,
  })
})

test('of the environment, installing gets what pip and uv read, and nothing else', () => {
  const given = { PIP_INDEX_URL: 'https://a', UV_INDEX: 'https://b', HTTPS_PROXY: 'http://c', SSL_CERT_DIR: '/d' }
  const python = loadConfig({ ...given, HOME: '/home/me', AWS_SECRET_ACCESS_KEY: 's', PYTHONPATH: '/x' }).python
  expect(python?.installEnvironment).toEqual(given)
})

test('what cannot be meant is refused by name', () => {
  for (const [name, value] of [
    ['INFERENCE_SANDBOX', 'maybe'],
    ['INFERENCE_PYTHON_IDLE_SECONDS', '0'],
    ['LAKELENS_ALLOW_UNSANDBOXED', 'perhaps'],
  ] as const) {
    expect(() => loadConfig({ [name]: value })).toThrow(EnvironmentError)
    expect(() => loadConfig({ [name]: value })).toThrow(name)
  }
})
