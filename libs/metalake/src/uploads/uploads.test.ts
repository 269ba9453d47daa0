import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { useDatabase } from '@lakelens/db/testing'
import { viewerOf } from '../access'
import type { Lake } from '../lake'
import { createUpload, ensureProbed, probesSettled, receiveUpload } from '.'
import { useTestLake } from './uploadsTestLake'

const database = useDatabase()
const { lake, backend, root } = useTestLake(database)
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const declare = (text: string, sha?: string) =>
  createUpload(lake(), { fileName: 'a.png', byteSize: Buffer.byteLength(text), purpose: 'ITEM', sha256: sha })
const send = (id: string, text: string, on: Lake = lake()) =>
  receiveUpload(on, id, Readable.from([Buffer.from(text)], { objectMode: false }))
const upload = async (text: string): Promise<string> => {
  const { id } = await declare(text)
  await send(id, text)
  return id
}
const statusOf = async (id: string): Promise<unknown> =>
  (await database().query('select status from upload where id = $1', [id])).rows[0]?.status

beforeEach(() => {
  backend.isAway = false
})
afterEach(() => probesSettled(database()))

describe('createUpload', () => {
  const base = { fileName: 'a.png', byteSize: 1, purpose: 'ITEM' }

  test('gives an absolute signed address for exactly the declared bytes', async () => {
    const ticket = await createUpload(lake(), { ...base, byteSize: 1234, sha256: sha256('x').toUpperCase() })
    expect(ticket).toMatchObject({
      method: 'PUT',
      maxBytes: 1234,
      headers: [{ name: 'Content-Type', value: 'application/octet-stream' }],
    })
    const { origin, pathname, search } = new URL(ticket.url)
    expect(origin).toBe('http://127.0.0.1:4000')
    expect(await lake().signer.verify('PUT', pathname + search)).toMatchObject({
      path: `/uploads/${ticket.id}`,
      maxBytes: 1234,
    })
    expect(ticket.expiresAt.getTime() / 1000).toBeCloseTo(Date.now() / 1000 + 24 * 60 * 60, -1)
  })

  test.each([
    [{ fileName: '' }, 'UPLOAD_FILE_NAME_INVALID', 'fileName'],
    [{ fileName: '  ' }, 'UPLOAD_FILE_NAME_INVALID', 'fileName'],
    [{ fileName: '..' }, 'UPLOAD_FILE_NAME_INVALID', 'fileName'],
    [{ fileName: '../a.png' }, 'UPLOAD_FILE_NAME_INVALID', 'fileName'],
    [{ fileName: 'C:\\a.png' }, 'UPLOAD_FILE_NAME_INVALID', 'fileName'],
    [{ fileName: 'a\0.png' }, 'UPLOAD_FILE_NAME_INVALID', 'fileName'],
    [{ fileName: 'a\nb.png' }, 'UPLOAD_FILE_NAME_INVALID', 'fileName'],
    [{ fileName: 'a\ud800.png' }, 'UPLOAD_FILE_NAME_INVALID', 'fileName'],
    [{ fileName: 'ž'.repeat(256) }, 'UPLOAD_FILE_NAME_INVALID', 'fileName'],
    [{ byteSize: -1 }, 'UPLOAD_SIZE_INVALID', 'byteSize'],
    [{ byteSize: 1.5 }, 'UPLOAD_SIZE_INVALID', 'byteSize'],
    [{ byteSize: NaN }, 'UPLOAD_SIZE_INVALID', 'byteSize'],
    [{ byteSize: 2 ** 60 }, 'UPLOAD_SIZE_INVALID', 'byteSize'],
    [{ byteSize: 10_000_001 }, 'UPLOAD_TOO_LARGE', 'byteSize'],
    [{ purpose: 'EMBEDDINGS' }, 'NOT_SUPPORTED', 'purpose'],
    [{ purpose: 'MODEL', byteSize: 20_000_001 }, 'UPLOAD_TOO_LARGE', 'byteSize'],
    [{ sha256: 'abc' }, 'UPLOAD_SHA256_INVALID', 'sha256'],
    [{ sha256: `${'a'.repeat(64)}\n` }, 'UPLOAD_SHA256_INVALID', 'sha256'],
  ])('refuses %j', async (change, code, field) => {
    await expect(createUpload(lake(), { ...base, ...change })).rejects.toMatchObject({ code, path: [field] })
  })

  test('takes names of any script, of 255 characters, and the largest size', async () => {
    for (const fileName of ['Žluťoučký kůň.png', '猫 👩‍👩‍👧.jpg', 'x'.repeat(255), '.hidden', "'; drop table upload; --"]) {
      expect((await createUpload(lake(), { ...base, fileName, byteSize: 10_000_000 })).id).toMatch(/^[\w-]{22}$/)
    }
  })

  test('needs the permission to run', async () => {
    await expect(createUpload({ ...lake(), viewer: viewerOf('VIEWER') }, base)).rejects.toMatchObject({
      category: 'FORBIDDEN',
    })
  })
})

describe('receiveUpload', () => {
  test('stores the bytes and lets them be looked into without being asked', async () => {
    const text = 'picture 640x480 received'
    const { id } = await declare(text, sha256(text))
    expect(await send(id, text)).toEqual({ digest: sha256(text), byteSize: text.length })
    await probesSettled(database())
    expect(await statusOf(id)).toBe('READY')
    expect(String(await lake().blobs.read(sha256(text), 100))).toBe(text)
  })

  test('a model package may be larger than a picture, and nobody looks into it', async () => {
    const text = `picture 640x480 ${'x'.repeat(10_000_001)}`
    const { id } = await createUpload(lake(), { fileName: 'm.tar', byteSize: text.length, purpose: 'MODEL' })
    const before = backend.probes
    await send(id, text)
    await probesSettled(database())
    expect([await statusOf(id), backend.probes]).toEqual(['RECEIVED', before])
  })

  test.each([
    ['UPLOAD_OVERFLOW', 'LIMIT_EXCEEDED', '123456'],
    ['UPLOAD_INCOMPLETE', 'INVALID_INPUT', '1234'],
  ])('%s: other sizes than declared are refused, and the right one may still come', async (code, category, text) => {
    const { id } = await declare('12345')
    await expect(send(id, text)).rejects.toMatchObject({ code, category })
    const body = new PassThrough()
    await expect(receiveUpload(lake(), id, body, { contentLength: text.length })).rejects.toMatchObject({ code })
    expect(body.readableFlowing).toBeNull()
    expect(await statusOf(id)).toBe('WAITING')
    expect((await send(id, '12345')).digest).toBe(sha256('12345'))
  })

  test('bytes of another digest than declared are refused, and the right ones may still come', async () => {
    const { id } = await declare('right', sha256('right'))
    await expect(send(id, 'wrong')).rejects.toMatchObject({
      code: 'UPLOAD_DIGEST_DIFFERS',
      facts: { declared: sha256('right'), received: sha256('wrong') },
    })
    expect(await lake().blobs.stat(sha256('wrong'))).toBeNull()
    await send(id, 'right')
  })

  test('no bytes at all are an upload, too', async () => {
    const { id } = await declare('')
    expect(await receiveUpload(lake(), id, Readable.from([]), { contentLength: 0 })).toEqual({
      digest: sha256(''),
      byteSize: 0,
    })
    await expect(ensureProbed(lake(), id)).rejects.toMatchObject({ category: 'CONTENT_TYPE_UNSUPPORTED' })
  })

  test('sent again it answers the same; other bytes are a conflict and change nothing', async () => {
    const id = await upload('picture 1x1')
    await ensureProbed(lake(), id)
    expect(await send(id, 'picture 1x1')).toEqual({ digest: sha256('picture 1x1'), byteSize: 11 })
    await expect(send(id, 'picture 2x2')).rejects.toMatchObject({ code: 'UPLOAD_FINISHED', category: 'ALREADY_EXISTS' })
    expect(await ensureProbed(lake(), id)).toMatchObject({ digest: sha256('picture 1x1'), width: 1 })
  })

  test('of two that send different bytes at once one wins and the other is told', async () => {
    const { id } = await declare('12345')
    const results = await Promise.allSettled(['aaaaa', 'bbbbb'].map((text) => send(id, text)))
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(results.find((result) => result.status === 'rejected')).toMatchObject({
      reason: { code: 'UPLOAD_FINISHED' },
    })
  })

  test('cut off in the middle it leaves nothing and may be sent again', async () => {
    const text = 'picture 3x3 cut off'
    const { id } = await declare(text)
    const body = new PassThrough()
    const cut = receiveUpload(lake(), id, body)
    body.write(text.slice(0, 5))
    setTimeout(() => body.destroy(new Error('connection reset')), 20)
    await expect(cut).rejects.toThrow('connection reset')

    const aborting = new AbortController()
    const stalled = new PassThrough()
    const aborted = receiveUpload(lake(), id, stalled, { signal: aborting.signal })
    stalled.write(text.slice(0, 5))
    setTimeout(() => aborting.abort(new Error('closing')), 20)
    await expect(aborted).rejects.toThrow('closing')

    expect(await readdir(join(root(), 'tmp'))).toEqual([])
    await send(id, text)
    expect(await ensureProbed(lake(), id)).toMatchObject({ width: 3 })
  })

  test.each(['', 'nobody', '../../../etc/passwd', "' or 1=1 --", 'a\0b', 'A'.repeat(22), 'A'.repeat(10_000)])(
    '%j is no upload',
    async (id) => {
      await expect(send(id, 'x')).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
      await expect(ensureProbed(lake(), id)).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
    },
  )

  test('once its time is over there is no upload any more', async () => {
    const { id } = await declare('12345')
    await database().query("update upload set expires_at = now() - interval '1 second' where id = $1", [id])
    await expect(send(id, '12345')).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
  })

  test('the bytes give an upload its time anew', async () => {
    const { id } = await declare('12345')
    await database().query("update upload set expires_at = now() + interval '1 minute' where id = $1", [id])
    await send(id, '12345')
    const { rows } = await database().query(
      "select expires_at > now() + interval '23 hours' as renewed from upload where id = $1",
      [id],
    )
    expect(rows).toEqual([{ renewed: true }])
  })
})

describe('ensureProbed', () => {
  test('answers with the facts and a thumbnail that is stored', async () => {
    const text = 'slow picture 640x480'
    const probed = await ensureProbed(lake(), await upload(text))
    expect(probed).toEqual({
      id: expect.any(String),
      fileName: 'a.png',
      digest: sha256(text),
      byteSize: text.length,
      contentType: 'IMAGE',
      mediaType: 'image/png',
      width: 640,
      height: 480,
      thumbnailDigest: sha256(`thumbnail of ${text}`),
      durationSeconds: null,
      frameCount: null,
      frameRate: null,
    })
    expect(String(await lake().blobs.read(probed.thumbnailDigest!, 100))).toBe(`thumbnail of ${text}`)
  })

  test.each([
    ['broken', 'MEDIA_UNREADABLE', 'MEDIA_UNREADABLE', 'The picture ends too early.'],
    ['text', 'CONTENT_TYPE_UNSUPPORTED', 'CONTENT_TYPE_UNSUPPORTED', 'This is no picture.'],
    ['odd', 'SOMETHING_NEW', 'MEDIA_UNREADABLE', 'Not today.'],
  ])('%s content is refused with its reason, and looked at once', async (text, code, category, message) => {
    const id = await upload(text)
    const before = backend.probes
    for (let times = 0; times < 2; times += 1)
      await expect(ensureProbed(lake(), id)).rejects.toMatchObject({ code, category, message })
    expect(backend.probes - before).toBeLessThanOrEqual(1)
  })

  test('who asks before the bytes are there is told to send them', async () => {
    await expect(ensureProbed(lake(), (await declare('x')).id)).rejects.toMatchObject({ code: 'UPLOAD_WAITING' })
  })

  test('twenty who ask at once wait for one look', async () => {
    const id = await upload('slow picture 7x7')
    const before = backend.probes
    const answers = await Promise.all(Array.from({ length: 20 }, () => ensureProbed(lake(), id)))
    expect(new Set(answers.map(({ width }) => width))).toEqual(new Set([7]))
    expect(backend.probes - before).toBeLessThanOrEqual(1)
  })

  test('a service that is away refuses nothing: when it is back the upload is looked into', async () => {
    backend.isAway = true
    const id = await upload('picture 8x8')
    await probesSettled(database())
    expect(await statusOf(id)).toBe('RECEIVED')
    const waiting = ensureProbed(lake(), id)
    setTimeout(() => (backend.isAway = false), 1_500)
    expect(await waiting).toMatchObject({ width: 8 })
  })

  test('a service that stays away is said to be, with what it answered as the cause', async () => {
    backend.isAway = true
    const id = await upload('picture 8x9')
    await expect(ensureProbed(lake(), id, undefined, 1_500)).rejects.toMatchObject({
      code: 'PROBE_UNAVAILABLE',
      category: 'UNAVAILABLE',
      cause: { code: 'INFERENCE_UNAVAILABLE' },
    })
    expect(await statusOf(id)).toBe('RECEIVED')
  })

  test('a fault that another attempt does not mend is thrown at once, and a caller may stop waiting', async () => {
    const faulty = await upload('faulty')
    await probesSettled(database())
    await expect(ensureProbed(lake(), faulty)).rejects.toMatchObject({ code: 'REQUEST_TOO_LARGE' })
    backend.isAway = true
    const id = await upload('picture 9x9')
    await expect(ensureProbed(lake(), id, AbortSignal.timeout(100))).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  test('what another replica found is taken over', async () => {
    backend.isAway = true
    const id = await upload('picture 10x10')
    await probesSettled(database())
    backend.isAway = false
    const before = backend.probes
    const waiting = ensureProbed(lake(), id)
    await database().query(
      "update upload set status = 'READY', media_type = 'image/webp', width = 11, height = 12 where id = $1",
      [id],
    )
    expect(await waiting).toMatchObject({ mediaType: 'image/webp', width: 11, height: 12, thumbnailDigest: null })
    expect(backend.probes).toBe(before)
  })

  test('a hundred uploads at once are looked into eight at a time', async () => {
    backend.mostActive = 0
    const ids = await Promise.all(Array.from({ length: 100 }, (_, index) => upload(`slow picture ${index + 1}x1`)))
    const probed = await Promise.all(ids.map((id) => ensureProbed(lake(), id)))
    expect(probed.map(({ width }) => width)).toEqual(ids.map((_, index) => index + 1))
    expect(backend.mostActive).toBe(8)
  })

  test('a viewer may not', async () => {
    const id = await upload('picture 1x2')
    await expect(ensureProbed({ ...lake(), viewer: viewerOf('VIEWER') }, id)).rejects.toMatchObject({
      category: 'FORBIDDEN',
    })
    expect(await ensureProbed({ ...lake(), viewer: viewerOf('ANALYST') }, id)).toMatchObject({ height: 2 })
  })
})
