import { randomBytes } from 'node:crypto'
import { createUrlSigner, maxUrlSeconds, type GrantRequest, type SigningKey } from './urlSigner'

const key = (id: string): SigningKey => ({ id, secret: randomBytes(32) })
const keys = [key('2'), key('1')]
const signerWith = (ring: readonly SigningKey[], publicUrl = 'https://lake.example/') =>
  createUrlSigner({ keys: async () => ring, publicUrl: () => publicUrl })
const signer = signerWith(keys)

const download: GrantRequest = {
  method: 'GET',
  path: '/media/abc',
  mediaType: 'image/webp',
  fileName: 'Žluťoučký kůň & co?.webp',
  expiresIn: 60,
}
const upload: GrantRequest = { method: 'PUT', path: '/uploads/xyz', maxBytes: 1234, expiresIn: 60 }
const invalid = { code: 'URL_INVALID', category: 'FORBIDDEN' }

const pathAndQuery = (url: string): string => url.slice('https://lake.example'.length)
const signed = async (grant: GrantRequest, by = signer): Promise<string> => pathAndQuery((await by.sign(grant)).url)

beforeEach(() =>
  jest.useFakeTimers({
    now: Date.UTC(2026, 0, 1, 12, 1, 0),
    doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'],
  }),
)
afterEach(() => jest.useRealTimers())

test('a grant comes back as it was signed', async () => {
  const { expiresIn: _, ...granted } = download
  expect(await signer.verify('GET', await signed(download))).toEqual({
    ...granted,
    expiresAt: new Date('2026-01-01T12:15:00Z'),
  })
  expect(await signer.verify('PUT', await signed(upload))).toEqual({
    method: 'PUT',
    path: '/uploads/xyz',
    maxBytes: 1234,
    expiresAt: new Date('2026-01-01T12:02:00Z'),
  })
})

test('addresses are absolute, with the path of a proxy in front when there is one', async () => {
  expect((await signer.sign(download)).url).toMatch(/^https:\/\/lake\.example\/media\/abc\?/)
  expect((await signerWith(keys, 'https://host/lake').sign(download)).url).toMatch(
    /^https:\/\/host\/lake\/media\/abc\?/,
  )
})

test('a download asked for again within the quarter of an hour has the same address; an upload expires to the second', async () => {
  const [first, firstUpload] = [await signer.sign(download), await signer.sign(upload)]
  jest.advanceTimersByTime(12 * 60_000)
  expect((await signer.sign(download)).url).toBe(first.url)
  expect((await signer.sign(upload)).expiresAt.getTime()).toBe(firstUpload.expiresAt.getTime() + 12 * 60_000)
  jest.advanceTimersByTime(2 * 60_000)
  expect((await signer.sign(download)).url).not.toBe(first.url)
})

test('HEAD may what GET may; no other method may', async () => {
  const url = await signed(download)
  expect(await signer.verify('HEAD', url)).toMatchObject({ method: 'GET' })
  for (const method of ['PUT', 'POST', 'DELETE', 'get', ''])
    await expect(signer.verify(method, url)).rejects.toMatchObject(invalid)
  await expect(signer.verify('GET', await signed(upload))).rejects.toMatchObject(invalid)
  await expect(signer.verify('HEAD', await signed(upload))).rejects.toMatchObject(invalid)
})

test('whatever is changed, left out or said twice breaks the signature', async () => {
  for (const grant of [download, upload]) {
    const url = new URL(await signed(grant), 'http://x')
    for (const name of [...url.searchParams.keys()]) {
      const value = url.searchParams.get(name)!
      const changed = new URL(url)
      changed.searchParams.set(
        name,
        name === 'signature' ? `${value[0] === 'A' ? 'B' : 'A'}${value.slice(1)}` : `${value}1`,
      )
      const without = new URL(url)
      without.searchParams.delete(name)
      const twice = new URL(url)
      twice.searchParams.append(name, value)
      for (const attempt of [changed, without, twice]) {
        await expect(signer.verify(grant.method, attempt.pathname + attempt.search)).rejects.toMatchObject(invalid)
      }
    }
    for (const name of ['maxBytes', 'type', 'name']) {
      if (url.searchParams.has(name)) continue
      const added = new URL(url)
      added.searchParams.set(name, '999999')
      await expect(signer.verify(grant.method, added.pathname + added.search)).rejects.toMatchObject(invalid)
    }
  }
})

test('the signature is for the path as it is written', async () => {
  const query = (await signed(download)).split('?')[1]
  for (const path of [
    '/media/abd',
    '/media/ab',
    '/media/abc/',
    '/media/%61bc',
    '//media/abc',
    '/x/../media/abc',
    '/uploads/abc',
    '',
  ]) {
    await expect(signer.verify('GET', `${path}?${query}`)).rejects.toMatchObject(invalid)
  }
  await expect(signer.verify('GET', '/media/abc')).rejects.toMatchObject(invalid)
})

test.each([
  '',
  '?',
  '?key=2&expires=&signature=',
  `?key=2&expires=1e9&signature=${'A'.repeat(43)}`,
  '?key=2&expires=99999999999&signature=%00',
  '?%',
  `?key=__proto__&expires=99999999999&signature=${'A'.repeat(43)}`,
])('%j is no signed query', async (query) => {
  await expect(signer.verify('GET', `/media/abc${query}`)).rejects.toMatchObject(invalid)
})

test('an expired address says since when, but only to who had it', async () => {
  const url = await signed(upload)
  jest.advanceTimersByTime(59_999)
  await signer.verify('PUT', url)
  jest.advanceTimersByTime(1)
  await expect(signer.verify('PUT', url)).rejects.toMatchObject({
    code: 'URL_EXPIRED',
    category: 'FORBIDDEN',
    facts: { expiredAt: '2026-01-01T12:02:00.000Z' },
  })
  await expect(signer.verify('PUT', url.replace('xyz', 'xyy'))).rejects.toMatchObject(invalid)
})

test('the newest key signs, an older one still verifies until it is retired, and a foreign one never does', async () => {
  const old = await signed(download, signerWith([keys[1]!]))
  expect(await signed(download)).toContain('key=2&')
  await signer.verify('GET', old)
  await expect(signerWith([keys[0]!]).verify('GET', old)).rejects.toMatchObject(invalid)
  await expect(signer.verify('GET', await signed(download, signerWith([key('2')])))).rejects.toMatchObject(invalid)
})

test('a key made by another replica is asked for by name', async () => {
  const asked: (string | undefined)[] = []
  const late = createUrlSigner({
    keys: async (wanted) => (asked.push(wanted), wanted === '2' ? keys : [keys[1]!]),
    publicUrl: () => '',
  })
  await late.verify('GET', await signed(download))
  expect(asked).toEqual(['2'])
})

test.each([0, -1, 1.5, NaN, Infinity, maxUrlSeconds + 1])('a lifetime of %p seconds is refused', async (expiresIn) => {
  await expect(signer.sign({ ...download, expiresIn })).rejects.toMatchObject({
    code: 'URL_LIFETIME',
    category: 'INVALID_INPUT',
  })
})
