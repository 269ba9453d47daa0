import { isAllowedHost, isAllowedOrigin, isLoopbackHost } from './hosts'

test.each([
  ['localhost', true],
  ['LOCALHOST', true],
  ['127.0.0.1', true],
  ['127.9.8.7', true],
  ['[::1]', true],
  ['::1', true],
  ['0.0.0.0', false],
  ['127.0.0.1.evil.example', false],
  ['localhost.evil.example', false],
  ['127.0.0.256', false],
  ['', false],
])('%s is loopback: %s', (host, expected) => expect(isLoopbackHost(host)).toBe(expected))

const urls = ['https://lake.example', 'http://10.0.0.5:4000']
test.each([
  ['off', 'localhost:4000', true],
  ['off', '127.0.0.1', true],
  ['off', '[::1]:4000', true],
  ['off', 'lake.example', false],
  ['off', 'evil.example:4000', false],
  ['off', undefined, false],
  ['off', 'localhost:4000@evil.example', false],
  ['off', 'localhost, evil.example', false],
  ['keys', 'lake.example', true],
  ['keys', 'LAKE.example:443', true],
  ['keys', 'lake.example:80', false],
  ['keys', '10.0.0.5:4000', true],
  ['keys', '10.0.0.5', false],
  ['keys', 'localhost:4000', true],
  ['keys', 'evil.example', false],
  ['keys', 'evil.example/lake.example', false],
] as const)('with %s, Host %s is allowed: %s', (auth, host, expected) =>
  expect(isAllowedHost(host, { auth, urls })).toBe(expected),
)

test('with keys and no public address any well-formed host is allowed', () => {
  expect(isAllowedHost('whatever.example', { auth: 'keys', urls: [] })).toBe(true)
  expect(isAllowedHost('what ever', { auth: 'keys', urls: [] })).toBe(false)
})

const own = ['http://127.0.0.1:4000']
const patterns = ['http://localhost:*', 'https://studio.apollographql.com']
test.each([
  ['http://127.0.0.1:4000', true],
  ['http://127.0.0.1:4001', false],
  ['http://localhost:5173', true],
  ['http://localhost', true],
  ['https://localhost:5173', false],
  ['http://localhost:5173.evil.example', false],
  ['http://localhost:99999999', false],
  ['http://localhost.evil.example', false],
  ['https://studio.apollographql.com', true],
  ['https://studio.apollographql.com.evil.example', false],
  ['null', false],
  ['', false],
])('Origin %s is allowed: %s', (origin, expected) => expect(isAllowedOrigin(origin, own, patterns)).toBe(expected))

test('a star lets any page in, but not one without an origin', () => {
  expect(isAllowedOrigin('https://any.example', [], ['*'])).toBe(true)
  expect(isAllowedOrigin('null', [], ['*'])).toBe(false)
})
