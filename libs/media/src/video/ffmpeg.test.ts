import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '@lakelens/kernel'
import { createVideoTools } from './ffmpeg'
import type { KnownFacts } from './videoTools'

// Stand-ins for the programs, as shell scripts: what is tested is how they are found, run, read and ended.
const root = mkdtempSync(join(tmpdir(), 'lakelens-video-tools-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const facts: KnownFacts = { width: 2, height: 2, durationSeconds: 10, frameCount: 100, frameRate: 10 }
const video = join(root, 'video.mkv')
writeFileSync(video, Buffer.from('\x1aE\xdf\xa3\x9f\x42\x82\x84webm', 'latin1'))
const streams = (stream: object): string => JSON.stringify({ streams: [{ index: 0, codec_type: 'video', ...stream }] })
const aStream = streams({ codec_name: 'vp9', width: 2, height: 2 })

let folders = 0
/** A folder with both programs; `decode` is what ffmpeg does when it is not asked what it is. */
function programs({ decode = '', probe = aStream, packets = '' } = {}): string {
  const folder = join(root, String(folders++))
  mkdirSync(folder)
  const about = `case "$*" in *-version*) echo "ffmpeg version 6.1 Copyright"; exit;; *-decoders*) echo " V....D h264  H.264"; exit;; esac`
  writeFileSync(join(folder, 'ffmpeg'), `#!/bin/sh\n${about}\n${decode}\n`)
  const look = `case "$*" in *packet=*) printf '${packets}';; *) printf '%s' '${probe}';; esac`
  writeFileSync(join(folder, 'ffprobe'), `#!/bin/sh\n${look}\n`)
  for (const name of ['ffmpeg', 'ffprobe']) chmodSync(join(folder, name), 0o755)
  return folder
}

const told = (n: number): string =>
  ['all', 'kept'].map((which) => `echo "[showinfo@${which} @ 0x1] n: 0 pts: ${n} pts_time:${n} x" >&2`).join('\n')
const frame = (n: number, body = 'jpeg'): string =>
  `${told(n)}\nprintf -- '--ffmpeg\\r\\nContent-type: image/jpeg\\r\\nContent-length: ${body.length}\\r\\n\\r\\n${body}\\r\\n'`

async function framesOf(folder: string, signal?: AbortSignal): Promise<{ seen: string[]; error: unknown }> {
  const seen: string[] = []
  try {
    const tools = createVideoTools({ ffmpeg: folder })
    for await (const { index, timestampSeconds, data } of tools.frames(
      video,
      facts,
      { fps: 1 },
      signal ? { signal } : {},
    ))
      seen.push(`${index} ${timestampSeconds} ${Buffer.from(data).toString()}`)
    return { seen, error: null }
  } catch (error) {
    return { seen, error }
  }
}

describe('finding the programs', () => {
  test('without them, every use says what is missing and how to get it', async () => {
    const tools = createVideoTools({ searchPath: join(root, 'nowhere') })
    expect(await tools.describe()).toEqual({
      available: false,
      detail: expect.stringMatching(/not on the PATH.*apt-get install ffmpeg/),
    })
    const missing = {
      code: 'VIDEO_TOOLS_MISSING',
      category: 'UNAVAILABLE',
      message: expect.stringContaining('LAKELENS_FFMPEG'),
    }
    await expect(tools.probe(video)).rejects.toMatchObject(missing)
    await expect(tools.thumbnail(video, facts, 320)).rejects.toMatchObject(missing)
    expect((await framesOf(join(root, 'nowhere'))).error).toMatchObject(missing)
  })

  test('switched off, they are not looked for', async () => {
    const tools = createVideoTools({ ffmpeg: 'off', searchPath: programs() })
    expect(await tools.describe()).toEqual({ available: false, detail: expect.stringContaining('LAKELENS_FFMPEG=off') })
  })

  test('on the search path, in a folder, or by the path of one; a codec that is missing is named', async () => {
    const folder = programs()
    const searchPath = `${join(root, 'nowhere')}:${folder}`
    for (const options of [{ searchPath }, { ffmpeg: folder }, { ffmpeg: join(folder, 'ffmpeg') }]) {
      expect(await createVideoTools(options).describe()).toEqual({
        available: true,
        detail: `FFmpeg 6.1 at ${join(folder, 'ffmpeg')}, without a decoder for H.265, VP9, AV1`,
      })
    }
  })

  test('installed while the program runs, they are found', async () => {
    const later = join(root, 'later')
    const tools = createVideoTools({ searchPath: later })
    expect((await tools.describe()).available).toBe(false)
    const folder = programs()
    mkdirSync(later)
    for (const name of ['ffmpeg', 'ffprobe']) {
      writeFileSync(join(later, name), readFileSync(join(folder, name)))
      chmodSync(join(later, name), 0o755)
    }
    expect((await tools.describe()).available).toBe(true)
  })

  test('something else of that name is not taken for it', async () => {
    const folder = programs()
    writeFileSync(join(folder, 'ffmpeg'), '#!/bin/sh\necho hello\n')
    expect(await createVideoTools({ ffmpeg: folder }).describe()).toMatchObject({
      available: false,
      detail: expect.stringContaining("can't be run"),
    })
  })
})

describe('running them', () => {
  test('frames come with index and time; the programs see nothing of our environment', async () => {
    process.env['LAKELENS_SECRET_OF_TEST'] = 'secret'
    const seen = join(root, 'environment')
    const folder = programs({ decode: `env > ${seen}\n${frame(0, 'one')}\n${frame(3, 'two')}` })
    expect(await framesOf(folder)).toEqual({ seen: ['0 0 one', '1 3 two'], error: null })
    delete process.env['LAKELENS_SECRET_OF_TEST']
    expect(readFileSync(seen, 'utf8')).not.toMatch(/secret|HOME=\/(?!$)|DATABASE/)
  })

  test('the demuxer is forced, only files are opened, and a path can not be an option', async () => {
    const seen = join(root, 'arguments')
    const folder = programs({ decode: `printf '%s\\n' "$@" > ${seen}\n${frame(0)}` })
    await framesOf(folder)
    const args = readFileSync(seen, 'utf8')
    expect(args).toContain('-protocol_whitelist\nfile\n-f\nmatroska\n-i\nfile:/')
    expect(args).toMatch(/^-nostdin$/m)
    expect(args).toMatch(/^-fps_mode$/m)
  })

  test('what was read before it failed is given, then why it failed and where', async () => {
    const folder = programs({
      decode: `${frame(0)}\n${frame(1)}\necho 'Invalid data found when processing input' >&2\nexit 1`,
    })
    const { seen, error } = await framesOf(folder)
    expect(seen).toEqual(['0 0 jpeg', '1 1 jpeg'])
    expect(error).toMatchObject({
      category: 'MEDIA_UNREADABLE',
      facts: { frame: 2 },
      message: expect.stringContaining('damaged'),
    })
  })

  test('a fault that is only told of in the log is one all the same', async () => {
    const folder = programs({ decode: `${frame(0)}\necho '[matroska @ 0x1] File ended prematurely' >&2` })
    const { seen, error } = await framesOf(folder)
    expect(seen).toHaveLength(1)
    expect(error).toMatchObject({
      category: 'MEDIA_UNREADABLE',
      facts: { frame: 1 },
      message: expect.stringContaining('cut off'),
    })
  })

  test('a decoder that can not be started says nothing against the file', async () => {
    const folder = programs({ decode: "echo 'error while loading shared libraries: libx.so' >&2; exit 127" })
    expect((await framesOf(folder)).error).toMatchObject({
      code: 'VIDEO_DECODER_UNAVAILABLE',
      category: 'UNAVAILABLE',
      facts: { retryable: true },
      message: expect.stringContaining('libx.so'),
    })
  })

  test('one that is taken away while we run is missed, and found again', async () => {
    const folder = programs({ decode: frame(0) })
    const tools = createVideoTools({ ffmpeg: folder })
    expect((await tools.describe()).available).toBe(true)
    renameSync(join(folder, 'ffprobe'), join(folder, 'away'))
    await expect(tools.probe(video)).rejects.toMatchObject({ code: 'VIDEO_TOOLS_MISSING' })
    renameSync(join(folder, 'away'), join(folder, 'ffprobe'))
    expect((await tools.describe()).available).toBe(true)
  })

  test('one that the system ends is no reason to try for ever', async () => {
    const { seen, error } = await framesOf(programs({ decode: `${frame(0)}\nkill -9 $$` }))
    expect(seen).toHaveLength(1)
    expect(error).toMatchObject({ category: 'MEDIA_UNREADABLE', message: expect.stringContaining('the system ended') })
  })

  test('no frame at all, a frame without its time, and noise are no video', async () => {
    for (const decode of ['exit 0', `${frame(0).split('\n').slice(2).join('\n')}`, 'yes noise | head -c 100000'])
      expect((await framesOf(programs({ decode }))).error).toMatchObject({ category: 'MEDIA_UNREADABLE' })
  })

  test('a log without end costs no memory and stops nothing', async () => {
    const folder = programs({ decode: `head -c 3000000 /dev/zero | tr '\\0' 'x' >&2\necho >&2\n${frame(0)}` })
    expect(await framesOf(folder)).toEqual({ seen: ['0 0 jpeg'], error: null })
  })

  const endless = (mark: string): string =>
    `echo $$ > ${mark}\n${told(0)}\nwhile :; do ${frame(0).split('\n').slice(2).join(';')}; ${told(1).split('\n').join(';')}; done`
  const isGone = async (mark: string): Promise<boolean> => {
    const pid = Number(readFileSync(mark, 'utf8'))
    for (let tries = 0; tries < 50; tries++, await sleep(20)) {
      try {
        process.kill(pid, 0)
      } catch {
        return true
      }
    }
    return false
  }

  test('a loop that ends early leaves no process', async () => {
    const mark = join(root, 'early')
    const tools = createVideoTools({ ffmpeg: programs({ decode: endless(mark) }) })
    for await (const _ of tools.frames(video, facts, { fps: 1 })) break
    expect(await isGone(mark)).toBe(true)
  })

  test('an abort ends the process and the loop, also while it says nothing', async () => {
    const mark = join(root, 'abort')
    const stop = new AbortController()
    const running = framesOf(programs({ decode: `echo $$ > ${mark}\n${frame(0)}\nexec sleep 60` }), stop.signal)
    while (!existsSync(mark) || readFileSync(mark, 'utf8') === '') await sleep(10)
    stop.abort(new Error('enough'))
    expect(await running).toMatchObject({ error: { message: 'enough' } })
    expect(await isGone(mark)).toBe(true)
    expect(await framesOf(programs(), stop.signal)).toMatchObject({ error: { message: 'enough' } })
  })

  test('nobody asking makes the decoder wait', async () => {
    const count = join(root, 'count')
    const body = 'x'.repeat(60_000)
    const decode = `n=0\nwhile [ $n -lt 100 ]; do ${frame(0, body).split('\n').join(';')}; n=$((n+1)); echo $n > ${count}; done`
    const tools = createVideoTools({ ffmpeg: programs({ decode }) })
    const frames = tools.frames(video, facts, { fps: 1 })[Symbol.asyncIterator]()
    await frames.next()
    await sleep(300)
    expect(Number(readFileSync(count, 'utf8'))).toBeLessThan(10)
    await frames.return?.()
  })
})

describe('facts', () => {
  const probe = (given: Parameters<typeof programs>[0]) =>
    createVideoTools({ ffmpeg: programs({ decode: `echo '0, 0, 0, 1, 6, 0x0'`, ...given }) }).probe(video)
  const four = '0.0,0.1,K__\\n0.1,0.1,___\\n0.3,0.1,___\\n0.2,0.1,___\\n'

  test('frames are counted, and duration and rate are those of the frames shown', async () => {
    expect(await probe({ packets: four })).toEqual({
      mediaType: 'video/webm',
      codec: 'vp9',
      width: 2,
      height: 2,
      rotation: 0,
      durationSeconds: 0.4,
      frameCount: 4,
      frameRate: 10,
    })
    // An edit list cuts the first away; the last says nothing of its length.
    expect(await probe({ packets: '0.0,N/A,KD_\\n0.5,N/A,___\\n1.0,N/A,___\\n' })).toMatchObject({
      frameCount: 2,
      durationSeconds: 1,
      frameRate: 2,
    })
  })

  test.each([
    [-90, 90, 480, 640],
    [90, 270, 480, 640],
    [180, 180, 640, 480],
    [-180, 180, 640, 480],
    [0, 0, 640, 480],
    [33, 0, 640, 480],
  ])('a display matrix of %d° turns clockwise by %d°', async (matrix, rotation, width, height) => {
    const turned = streams({ codec_name: 'h264', width: 640, height: 480, side_data_list: [{}, { rotation: matrix }] })
    expect(await probe({ probe: turned, packets: four })).toMatchObject({ rotation, width, height })
  })

  test.each([
    [
      'MEDIA_UNREADABLE',
      /of the 9 frames it promises, 4 are there/,
      { probe: streams({ codec_name: 'vp9', width: 2, height: 2, nb_frames: '9' }), packets: four },
    ],
    ['MEDIA_UNREADABLE', /no frame/, { packets: '' }],
    ['MEDIA_UNREADABLE', /how large/, { probe: streams({ codec_name: 'vp9' }), packets: four }],
    ['MEDIA_UNREADABLE', /none of its frames/, { decode: 'exit 0', packets: four }],
    [
      'CONTENT_TYPE_UNSUPPORTED',
      /only audio and no video/,
      { probe: streams({ codec_type: 'audio', codec_name: 'aac' }) },
    ],
    [
      'CONTENT_TYPE_UNSUPPORTED',
      /only a cover picture and no video/,
      { probe: streams({ codec_name: 'mjpeg', disposition: { attached_pic: 1 } }) },
    ],
    [
      'CONTENT_TYPE_UNSUPPORTED',
      /coded as flic\. Videos may be/,
      { probe: streams({ codec_name: 'flic', width: 2, height: 2 }) },
    ],
    [
      'CONTENT_TYPE_UNSUPPORTED',
      /coded as av1.*can't read/,
      {
        probe: streams({ codec_name: 'av1', width: 2, height: 2 }),
        packets: four,
        decode: `echo 'Decoding requested, but no decoder found for: av1' >&2; exit 1`,
      },
    ],
    ['LIMIT_EXCEEDED', /65536 × 65536/, { probe: streams({ codec_name: 'vp9', width: 65536, height: 65536 }) }],
  ])('%s: %s', async (category, message, given) => {
    await expect(probe(given)).rejects.toMatchObject({ category, message: expect.stringMatching(message) })
  })
})

test('a process that exits takes along a decoder that hangs, and listens no longer than one runs', async () => {
  const before = process.listenerCount('exit')
  const pidFile = join(root, 'hanging.pid')
  const hanging = framesOf(programs({ decode: `echo $$ > ${pidFile}; exec sleep 600` }))
  while (!existsSync(pidFile) || readFileSync(pidFile, 'utf8') === '') await sleep(20)
  const pid = Number(readFileSync(pidFile, 'utf8'))
  expect(process.kill(pid, 0)).toBe(true)
  process.emit('exit', 0)
  expect((await hanging).error).toMatchObject({ code: 'VIDEO_UNREADABLE' })
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  expect(process.listenerCount('exit')).toBe(before)
})

test.each(['exit 255', 'kill -TERM $$', 'kill -INT $$; sleep 1'])(
  '%s: told to end, it says nothing of the file',
  async (decode) => {
    const { seen, error } = await framesOf(programs({ decode: `${frame(0)}; ${decode}` }))
    expect(seen).toEqual(['0 0 jpeg'])
    expect(error).toMatchObject({
      code: 'VIDEO_DECODER_UNAVAILABLE',
      category: 'UNAVAILABLE',
      facts: { retryable: true },
    })
  },
)

test('a decoder that is a script around another ends with it', async () => {
  const pidFile = join(root, 'inner.pid')
  const abort = new AbortController()
  const wrapped = framesOf(programs({ decode: `sleep 600 & echo $! > ${pidFile}; wait` }), abort.signal)
  while (!existsSync(pidFile) || readFileSync(pidFile, 'utf8') === '') await sleep(20)
  abort.abort(new Error('enough'))
  // The inner one holds the other end of what is read: as long as it lives, there is no end.
  expect((await wrapped).error).toMatchObject({ message: 'enough' })
})
