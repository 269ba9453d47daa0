import { open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { PublishedModel } from './catalogue'
import { download, downloadLimits, WriteFailure } from './download'
import { fetchModel } from './fetchModel'
import { merge } from './known'
import { obtainFile } from './obtain'
import { fetchedFolder, type ModelSettings } from './settings'
import { newFolder, settingsOf, systemModel } from './testing/lake'
import { fileHandler, sha256Of, someBytes, startPublisher, type Publisher } from './testing/publisher'

const bytes = someBytes(300_000)
let publisher: Publisher
let settings: ModelSettings
const signal = new AbortController().signal

beforeEach(async () => {
  publisher = await startPublisher()
  settings = await settingsOf()
})
afterEach(async () => {
  await publisher.close()
  await rm(settings.dataDir, { recursive: true, force: true })
})

const model = (
  publisherOf: Partial<PublishedModel['publisher']> = {},
  given: Partial<PublishedModel> = {},
): PublishedModel => {
  const whole = systemModel({ name: 'm', ...given }, bytes, `${publisher.url}/m.onnx`)
  return { ...whole, publisher: { ...whole.publisher, ...publisherOf } }
}
const left = async (): Promise<string[]> => (await readdir(fetchedFolder(settings))).sort()
const parts = async (): Promise<string[]> => (await left()).filter((name) => name.endsWith('.part'))

describe('fetching', () => {
  test('a file arrives whole, verified, alone, and with its progress told', async () => {
    publisher.serve(fileHandler(bytes))
    const told: number[] = []
    const file = await fetchModel(settings, model(), {
      signal,
      onProgress: ({ receivedBytes, totalBytes }) => told.push(receivedBytes / (totalBytes ?? 0)),
    })
    expect(sha256Of(await readFile(file))).toBe(sha256Of(bytes))
    expect(await left()).toEqual(['m.onnx'])
    expect(told.at(-1)).toBe(1)
    expect(told).toEqual([...told].sort((a, b) => a - b))
  })

  test('a cut transfer is taken up where it stopped, under the same validator', async () => {
    publisher.serve(fileHandler(bytes, { cutAfter: 120_000 }))
    const file = await fetchModel(settings, model(), { signal })
    expect(sha256Of(await readFile(file))).toBe(sha256Of(bytes))
    expect(publisher.requests.length).toBeGreaterThanOrEqual(3)
    expect(
      publisher.requests
        .slice(1)
        .every(({ range, ifRange }) => /^bytes=[1-9]\d*-$/.test(range ?? '') && ifRange === '"v1"'),
    ).toBe(true)
  })

  test('what an ended attempt left is continued by the next one', async () => {
    publisher.serve(fileHandler(bytes, { cutAfter: 50_000 }))
    await expect(fetchModel(settings, model(), { signal, limits: { resumptions: 0 } })).rejects.toMatchObject({
      code: 'MODEL_UNAVAILABLE',
    })
    expect(await parts()).toHaveLength(1)
    publisher.requests.length = 0
    publisher.serve(fileHandler(bytes))
    expect(sha256Of(await readFile(await fetchModel(settings, model(), { signal })))).toBe(sha256Of(bytes))
    expect(publisher.requests).toHaveLength(1)
    expect(publisher.requests[0]?.range).toMatch(/^bytes=[1-9]/)
    expect(await left()).toEqual(['m.onnx'])
  })

  test('a file that changed at the publisher meanwhile is begun anew', async () => {
    const old = someBytes(300_000)
    publisher.serve(fileHandler(old, { cutAfter: 50_000 }))
    const unpinned = { sha256: null, byteSize: null }
    await expect(fetchModel(settings, model(unpinned), { signal, limits: { resumptions: 0 } })).rejects.toThrow()
    publisher.serve(fileHandler(bytes, { etag: '"v2"' }))
    expect(sha256Of(await readFile(await fetchModel(settings, model(unpinned), { signal })))).toBe(sha256Of(bytes))
  })

  test('a beginning that was wrong is thrown away and everything fetched once more', async () => {
    const folder = fetchedFolder(settings)
    publisher.serve(fileHandler(bytes, { cutAfter: 50_000 }))
    await expect(fetchModel(settings, model(), { signal, limits: { resumptions: 0 } })).rejects.toThrow()
    const [part] = await parts()
    await writeFile(path.join(folder, part as string), Buffer.alloc(1000, 1))
    publisher.serve(fileHandler(bytes))
    expect(sha256Of(await readFile(await fetchModel(settings, model(), { signal })))).toBe(sha256Of(bytes))
  })

  test.each([
    ['ignores ranges', fileHandler(bytes, { ignoreRange: true })],
    ['has no validators', fileHandler(bytes, { etag: null })],
    ['has weak validators', fileHandler(bytes, { etag: 'W/"v1"' })],
  ])('a server that %s still gives the right file after a cut', async (_, handler) => {
    publisher.serve(fileHandler(bytes, { cutAfter: 50_000 }))
    await expect(fetchModel(settings, model(), { signal, limits: { resumptions: 0 } })).rejects.toThrow()
    publisher.serve(handler)
    expect(sha256Of(await readFile(await fetchModel(settings, model(), { signal })))).toBe(sha256Of(bytes))
  })

  test('a redirect is followed, and the range goes with it', async () => {
    publisher.serve((request, response) =>
      request.url === '/m.onnx'
        ? response.writeHead(302, { location: '/elsewhere' }).end()
        : fileHandler(bytes)(request, response),
    )
    expect(sha256Of(await readFile(await fetchModel(settings, model(), { signal })))).toBe(sha256Of(bytes))
  })

  test('a dead process leaves a part that the next one continues; a living one keeps its own', async () => {
    const folder = fetchedFolder(settings)
    publisher.serve(fileHandler(bytes, { cutAfter: 50_000 }))
    await expect(fetchModel(settings, model(), { signal, limits: { resumptions: 0 } })).rejects.toThrow()
    const [part] = await parts()
    const [, , host] = (part as string).split('.')
    // Process 1 lives on every system; no process has a number this large.
    const living = `m.onnx.${host}.1.x.part`
    const dead = `m.onnx.${host}.99999999.x.part`
    await writeFile(path.join(folder, living), bytes.subarray(0, 200_000))
    await writeFile(path.join(folder, dead), bytes.subarray(0, 100_000))
    publisher.serve(fileHandler(bytes))
    publisher.requests.length = 0
    await fetchModel(settings, model(), { signal })
    expect(publisher.requests[0]?.range).toBe('bytes=100000-')
    expect(await left()).toEqual(['m.onnx', living].sort())
  })

  test('jobs that start together fetch once', async () => {
    publisher.serve(fileHandler(bytes))
    const own = { ...settings, catalogue: [model()] }
    const [known] = merge(own, null)
    if (!known) throw new Error('no model')
    const files = await Promise.all(Array.from({ length: 5 }, () => obtainFile(own, known, { signal })))
    expect(new Set(files.map((file) => file.sha256))).toEqual(new Set([sha256Of(bytes)]))
    expect(publisher.requests).toHaveLength(1)
  })
})

describe('refusals', () => {
  const refused = async (publisherOf: Partial<PublishedModel['publisher']> = {}, limits = {}) =>
    fetchModel(settings, model(publisherOf), { signal, limits }).then(
      () => {
        throw new Error('was not refused')
      },
      (error: { code: string; message: string; facts: Record<string, unknown> }) => error,
    )

  test('another digest than the pinned one is refused and nothing is kept', async () => {
    publisher.serve(fileHandler(someBytes(bytes.length)))
    expect(await refused()).toMatchObject({ code: 'MODEL_DIGEST_MISMATCH', facts: { expected: sha256Of(bytes) } })
    expect(await left()).toEqual([])
  })

  test('another size than the known one is refused before a byte of it is kept', async () => {
    publisher.serve(fileHandler(someBytes(10)))
    expect((await refused()).message).toContain('offers 10 bytes, and the file has 300000')
    expect(await left()).toEqual([])
  })

  test('an endless body stops at the limit', async () => {
    publisher.serve((_, response) => {
      response.writeHead(200)
      const write = (): void =>
        void (response.destroyed || response.write(Buffer.alloc(65_536), () => setImmediate(write)))
      write()
    })
    expect((await refused({ sha256: null, byteSize: null }, { maxBytes: 200_000 })).message).toContain(
      'more than the 200000 bytes allowed',
    )
  })

  test('the message names file, address, folder and variable', async () => {
    publisher.serve((_, response) => response.writeHead(404).end())
    const { message, facts } = await refused()
    expect(message).toContain('m.onnx')
    expect(message).toContain(`${publisher.url}/m.onnx`)
    expect(message).toContain(fetchedFolder(settings))
    expect(message).toContain('LAKELENS_MODELS_DIR')
    expect(facts).toMatchObject({ file: 'm.onnx', address: `${publisher.url}/m.onnx`, folder: fetchedFolder(settings) })
  })

  test.each<[string, (own: string) => string, RegExp]>([
    ['a redirect loop', () => '/m.onnx', /redirects/],
    ['a redirect to plain http elsewhere', () => 'http://lake.example/m.onnx', /not a secure address/],
    ['a redirect to a file', () => 'file:///etc/passwd', /not a secure address/],
    ['a redirect to nonsense', () => 'http://[', /no address/],
  ])('%s is refused', async (_, location, reason) => {
    publisher.serve((request, response) => response.writeHead(302, { location: location(publisher.url) }).end())
    expect((await refused()).message).toMatch(reason)
    expect(publisher.requests.length).toBeLessThanOrEqual(6)
  })

  test('a web page in place of the file is refused', async () => {
    publisher.serve((_, response) =>
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<html>sign in</html>'),
    )
    expect((await refused({ sha256: null, byteSize: null })).message).toContain('a web page came')
  })

  test('a server that accepts and never answers is given up in the time allowed', async () => {
    publisher.serve(() => undefined)
    const begun = Date.now()
    expect((await refused({}, { connectMs: 300 })).message).toContain('no answer within 0.3 s')
    expect(Date.now() - begun).toBeLessThan(2000)
  })

  test('a transfer that falls silent is given up', async () => {
    publisher.serve((_, response) => {
      response.writeHead(200, { 'content-length': bytes.length })
      response.write(bytes.subarray(0, 1000))
    })
    expect((await refused({}, { idleMs: 200, resumptions: 0 })).message).toContain('nothing came for 0.2 s')
  })

  test('a port nobody listens on is said at once', async () => {
    await publisher.close()
    expect((await refused()).message).toContain('ECONNREFUSED')
    publisher = await startPublisher()
  })

  test('nothing is asked when offline, or when the licence is denied', async () => {
    publisher.serve(fileHandler(bytes))
    settings = { ...settings, offline: true }
    expect(await refused()).toMatchObject({
      code: 'MODEL_UNAVAILABLE',
      facts: { reason: expect.stringContaining('LAKELENS_OFFLINE') },
    })
    settings = { ...settings, offline: false, deniedLicenses: ['mit'] }
    expect(await refused()).toMatchObject({ code: 'LICENSE_DENIED', facts: { license: 'MIT' } })
    expect(publisher.requests).toHaveLength(0)
  })

  test('a model without an address says what to do by hand', async () => {
    const { message } = await refused({ address: null, byHand: 'export it with the trainer' })
    expect(message).toContain('export it with the trainer')
    expect(message).toContain(fetchedFolder(settings))
  })

  test('the caller may stop, and what came is kept', async () => {
    const stop = new AbortController()
    publisher.serve((_, response) => {
      response.writeHead(200, { 'content-length': bytes.length, etag: '"v1"' })
      response.write(bytes.subarray(0, 70_000))
    })
    const fetching = fetchModel(settings, model(), {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    })
    await expect(fetching).rejects.toThrow('enough')
    // The attempt ends behind the caller's back; its part stays for the next.
    await new Promise((resolve) => setTimeout(resolve, 100))
    publisher.serve(fileHandler(bytes))
    expect(sha256Of(await readFile(await fetchModel(settings, model(), { signal })))).toBe(sha256Of(bytes))
    expect(publisher.requests.at(-1)?.range).toMatch(/^bytes=[1-9]/)
  })

  test('a full disk is its own error, told from a broken connection', async () => {
    publisher.serve(fileHandler(bytes))
    const target = await open('/dev/full', 'r+')
    try {
      const job = {
        address: `${publisher.url}/m.onnx`,
        target,
        file: 'm',
        resume: { receivedBytes: 0, etag: null },
        byteSize: null,
        pinned: false,
        limits: downloadLimits,
        signal,
      }
      const failure: unknown = await download(job).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(WriteFailure)
      expect((failure as WriteFailure).cause).toMatchObject({ code: 'ENOSPC' })
    } finally {
      await target.close()
    }
  })

  test('a data folder that is a file is said as such', async () => {
    const folder = await newFolder()
    await writeFile(path.join(folder, 'models'), '')
    settings = { ...settings, dataDir: folder }
    expect((await refused()).message).toContain("can't be written")
    settings = await settingsOf()
  })
})

describe('a file nobody pinned', () => {
  const unpinned = { sha256: null, byteSize: null }

  test('is recorded at the first fetch and held to from then on', async () => {
    publisher.serve(fileHandler(bytes))
    const file = await fetchModel(settings, model(unpinned), { signal })
    expect(JSON.parse(await readFile(path.join(fetchedFolder(settings), 'digests.json'), 'utf8'))).toEqual({
      'm.onnx': sha256Of(bytes),
    })
    await rm(file)
    publisher.serve(fileHandler(someBytes(1000), { etag: '"v2"' }))
    await expect(fetchModel(settings, model(unpinned), { signal })).rejects.toMatchObject({
      code: 'MODEL_DIGEST_MISMATCH',
      facts: { expected: sha256Of(bytes) },
    })
  })

  test('ten first fetches of different files lose no record', async () => {
    publisher.serve(fileHandler(bytes))
    const names = Array.from({ length: 10 }, (_, index) => `m${index}.onnx`)
    await Promise.all(
      names.map((file) =>
        fetchModel(settings, model({ ...unpinned, file }, { name: file }), { signal: new AbortController().signal }),
      ),
    )
    expect(
      Object.keys(
        JSON.parse(await readFile(path.join(fetchedFolder(settings), 'digests.json'), 'utf8')) as object,
      ).sort(),
    ).toEqual(names)
  })

  test('is never trusted anew because the record is damaged', async () => {
    publisher.serve(fileHandler(bytes))
    const file = await fetchModel(settings, model(unpinned), { signal })
    await rm(file)
    await writeFile(path.join(fetchedFolder(settings), 'digests.json'), '{"m.onnx":')
    await expect(fetchModel(settings, model(unpinned), { signal })).rejects.toMatchObject({
      code: 'MODELS_RECORD_DAMAGED',
    })
  })
})
