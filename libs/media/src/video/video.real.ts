import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createVideoTools, type SampledFrame, type VideoSampling } from '.'
import { cutFile, hasEncoder, makeVideo, meanDifference, pixelsOf } from '../testing'

const media = process.env['LAKELENS_TEST_MEDIA']
if (!media)
  throw new Error('LAKELENS_TEST_MEDIA is not set: these tests read real videos and do not pretend without them.')

const folder = mkdtempSync(join(tmpdir(), 'lakelens-video-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const file = (name: string) => join(folder, name)
const given = (name: string) => join(media, 'videos', name)
const tools = createVideoTools({ searchPath: process.env['PATH'] })
const pattern = (seconds: number, rate = 10) => ['-f', 'lavfi', '-i', `testsrc2=s=320x240:r=${rate}:d=${seconds}`]
const quick = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p']

async function look(path: string, sampling: VideoSampling): Promise<{ frames: SampledFrame[]; error: unknown }> {
  const frames: SampledFrame[] = []
  try {
    for await (const frame of tools.frames(path, await tools.probe(path), sampling)) frames.push(frame)
    return { frames, error: null }
  } catch (error) {
    return { frames, error }
  }
}
const indices = async (path: string, sampling: VideoSampling) => {
  const { frames, error } = await look(path, sampling)
  expect(error).toBeNull()
  return frames.map(({ index }) => index)
}

test('FFmpeg is found', async () => {
  expect(await tools.describe()).toMatchObject({ available: true, detail: expect.stringMatching(/^FFmpeg \S+ at \//) })
})

test('a rotated video is upright: its frames are those of the other one, turned by 90°', async () => {
  const upright = await look(given('slideshow.mp4'), { fps: 0.5 })
  const turned = await look(given('slideshow-rot90.mp4'), { fps: 0.5 })
  expect(await tools.probe(given('slideshow-rot90.mp4'))).toMatchObject({ width: 480, height: 640, rotation: 270 })
  expect(turned.frames.map(({ index }) => index)).toEqual([0, 20, 40, 60, 80])
  const differences = turned.frames.map(({ data }, n) =>
    meanDifference(pixelsOf(data), pixelsOf(upright.frames[n]!.data, 'transpose=cclock')),
  )
  console.info(`turned by 90°: mean differences ${differences.map((value) => value.toFixed(2)).join(', ')} of 255`)
  expect(Math.max(...differences)).toBeLessThanOrEqual(3)
})

test('every way of choosing gives the frames it names', async () => {
  const path = makeVideo(file('choose.mp4'), ...pattern(10), ...quick, '-g', '25')
  expect(await indices(path, { everyNthFrame: 30 })).toEqual([0, 30, 60, 90])
  expect(await indices(path, { keyframesOnly: true })).toEqual([0, 25, 50, 75])
  expect(await indices(path, { frameCount: 3 })).toEqual([16, 50, 83])
  expect(await indices(path, { fps: 0.3 })).toEqual([0, 34, 67])
  expect(await indices(path, { fps: 1000 })).toHaveLength(100)
  // The picture that comes with an index is the one of that index.
  const { frames } = await look(path, { frameCount: 3 })
  for (const { index, data } of frames) {
    const distanceTo = (n: number): number => {
      const other = makeVideo(file('one.png'), '-i', path, '-vf', `select='eq(n,${n})'`, '-frames:v', '1')
      return meanDifference(pixelsOf(data), pixelsOf(readFileSync(other)))
    }
    const [before, same, after] = [index - 1, index, index + 1].map(distanceTo) as [number, number, number]
    expect(same).toBeLessThan(5)
    expect(same).toBeLessThan(Math.min(before, after) / 2)
  }
})

const codecs: [string, string, string[]][] = [
  ['mov', 'h264', quick],
  ['mkv', 'h264', [...quick, '-bf', '3']],
  ['mp4', 'hevc', ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error']],
  ['webm', 'vp9', ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8']],
  [
    'webm',
    'vp8',
    ['-c:v', 'libvpx', '-deadline', 'good', '-cpu-used', '5', '-auto-alt-ref', '1', '-lag-in-frames', '16'],
  ],
  ['mkv', 'av1', ['-c:v', 'libsvtav1', '-preset', '12']],
  ['mp4', 'av1', ['-c:v', 'libaom-av1', '-cpu-used', '8', '-usage', 'realtime']],
  ['mp4', 'mpeg4', ['-c:v', 'mpeg4']],
]
test.each(codecs.filter(([, , options]) => hasEncoder(options[1]!)))(
  '%s with %s: frames, rate and length are exact',
  async (ending, codec, options) => {
    const path = makeVideo(file(`${codec}.${ending}`), ...pattern(4, 25), ...options)
    const facts = await tools.probe(path)
    expect(facts).toMatchObject({ codec, width: 320, height: 240, rotation: 0, frameCount: 100 })
    expect(facts.durationSeconds).toBeCloseTo(4, 1)
    expect(facts.frameRate).toBeCloseTo(25, 0)
    expect(await indices(path, { everyNthFrame: 1 })).toEqual(Array.from({ length: 100 }, (_, n) => n))
  },
)

test('of a variable rate the times are those of the file', async () => {
  const times = "setpts='if(lt(N,10),N*0.1,1+(N-10)*0.5)/TB'"
  const path = makeVideo(
    file('variable.mkv'),
    ...pattern(2),
    '-vf',
    `settb=1/1000,${times}`,
    '-vsync',
    'passthrough',
    ...quick,
  )
  const { frames } = await look(path, { everyNthFrame: 1 })
  const expected = Array.from({ length: 20 }, (_, n) => (n < 10 ? n * 0.1 : 1 + (n - 10) * 0.5))
  expect(frames.map(({ timestampSeconds }) => timestampSeconds)).toEqual(
    expected.map((time) => expect.closeTo(time, 3)),
  )
  expect(await indices(path, { fps: 1 })).toEqual([0, 10, 12, 14, 16, 18])
  expect(await indices(path, { fps: 0.5 })).toEqual([0, 12, 16])
})

test('frames that follow each other faster than the rate says are all there', async () => {
  // Two a second for five seconds, then one each 7 ms, as a recording of a screen has them.
  const times = "setpts='if(lt(N,10),N*500,5000+(N-10)*7)'"
  const burst = ['-vf', `settb=1/1000,${times}`, '-vsync', 'passthrough', '-enc_time_base', '1:1000', ...quick]
  const path = makeVideo(file('burst.mkv'), ...pattern(3), ...burst)
  const { frames } = await look(path, { everyNthFrame: 1 })
  const expected = Array.from({ length: 30 }, (_, n) => (n < 10 ? n / 2 : 5 + (n - 10) * 0.007))
  expect(frames.map(({ timestampSeconds }) => timestampSeconds)).toEqual(
    expected.map((time) => expect.closeTo(time, 3)),
  )
  expect(frames.map(({ index }) => index)).toEqual(expected.map((_, n) => n))
})

test('times that stand still or go back lose no frame', async () => {
  // Without its first times: Matroska has none before zero, and the muxer leaves them out.
  const early = ['-output_ts_offset', '-1', '-avoid_negative_ts', 'disabled']
  const path = makeVideo(file('early.mkv'), ...pattern(3), '-c:v', 'libx264', '-pix_fmt', 'yuv420p', ...early)
  expect(await indices(path, { everyNthFrame: 1 })).toEqual(Array.from({ length: 30 }, (_, n) => n))
})

test('frames that an edit list cuts away are none', async () => {
  const whole = makeVideo(file('uncut.mp4'), ...pattern(6), ...quick, '-g', '50')
  const path = makeVideo(file('edited.mp4'), '-ss', '2', '-i', whole, '-c', 'copy')
  const facts = await tools.probe(path)
  const shown = await indices(path, { everyNthFrame: 1 })
  expect([facts.frameCount, shown.length]).toEqual([40, 40])
  expect(facts.durationSeconds).toBeCloseTo(4, 1)
})

test('colours are those that were meant, whatever the video’s own way of writing them', async () => {
  for (const matrix of ['bt709', 'smpte170m']) {
    const path = makeVideo(
      ...[file(`${matrix}.mp4`), '-f', 'lavfi', '-i', 'color=0x20C040:s=64x64:d=1:r=5'],
      ...['-vf', `scale=out_color_matrix=${matrix === 'bt709' ? 'bt709' : 'bt601'}:out_range=tv,format=yuv420p`],
      ...['-c:v', 'libx264', '-crf', '1', '-colorspace', matrix, '-color_range', 'tv'],
    )
    // Eight bits a channel, coded and back: a matrix taken for the other is wrong by 15.
    const { frames } = await look(path, { frameCount: 1 })
    const pixel = pixelsOf(frames[0]!.data).subarray(0, 3)
    expect([...pixel].map((value, n) => Math.abs(value - [0x20, 0xc0, 0x40][n]!) <= 5)).toEqual([true, true, true])
  }
})

describe('what strangers send', () => {
  const secret = () => makeVideo(file('secret.mp4'), ...pattern(1), ...quick)

  test('a playlist by another name is not followed', async () => {
    const hls = `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${secret()}\n#EXT-X-ENDLIST\n`
    writeFileSync(file('playlist.mp4'), hls)
    writeFileSync(file('list.mkv'), `ffconcat version 1.0\nfile '${secret()}'\n`)
    // Behind the head of a container too: the demuxer is forced, and finds no video in it.
    writeFileSync(
      file('masked.mp4'),
      Buffer.concat([Buffer.from('\0\0\0\x18ftypisom\0\0\0\0isommp42', 'latin1'), Buffer.from(hls)]),
    )
    writeFileSync(
      file('masked.webm'),
      Buffer.concat([Buffer.from('\x1aE\xdf\xa3\x87\x42\x82\x84webm', 'latin1'), Buffer.from(hls)]),
    )
    for (const name of ['playlist.mp4', 'list.mkv'])
      await expect(tools.probe(file(name))).rejects.toMatchObject({ code: 'VIDEO_FORMAT_UNSUPPORTED' })
    for (const name of ['masked.mp4', 'masked.webm'])
      await expect(tools.probe(file(name))).rejects.toMatchObject({
        category: expect.stringMatching(/MEDIA_UNREADABLE|CONTENT_TYPE/),
      })
  })

  test.each([
    ['truncated-video.mp4', 'MEDIA_UNREADABLE', /of the 377 frames it promises, 23 are there/],
    ['audio-only.mp4', 'CONTENT_TYPE_UNSUPPORTED', /only audio/],
    ['text-as-video.mp4', 'CONTENT_TYPE_UNSUPPORTED', /no video/],
  ])('%s is refused with a reason', async (name, category, message) => {
    const refused = { category, message: expect.stringMatching(message) }
    await expect(tools.probe(join(media, 'bad', name))).rejects.toMatchObject(refused)
  })

  test('a recording without its end is read up to there', async () => {
    const whole = makeVideo(file('whole.mkv'), '-i', given('slideshow.mp4'), '-c', 'copy')
    const path = cutFile(whole, file('cut.mkv'), 0.5)
    const { frameCount } = await tools.probe(path)
    const { frames, error } = await look(path, { everyNthFrame: 1 })
    expect(frames.length).toBeGreaterThan(30)
    expect(frames).toHaveLength(frameCount)
    expect(error).toMatchObject({ category: 'MEDIA_UNREADABLE', facts: { frame: frameCount } })
  })

  test('one whose index was never written says so', async () => {
    const whole = makeVideo(file('indexed.mp4'), ...pattern(2), ...quick)
    const path = cutFile(whole, file('unindexed.mp4'), 0.9)
    await expect(tools.probe(path)).rejects.toMatchObject({ message: expect.stringContaining('its index is missing') })
  })

  test('damage in the middle is told of, and frames before and after it are given', async () => {
    const bytes = readFileSync(given('slideshow.mp4'))
    const middle = Math.floor(bytes.byteLength / 2)
    for (let n = 0; n < 20_000; n++) bytes[middle + n] = (n * 7919) & 255
    writeFileSync(file('damaged.mp4'), bytes)
    const { frames, error } = await look(file('damaged.mp4'), { everyNthFrame: 1 })
    expect(frames.length).toBeGreaterThan(50)
    expect(error).toMatchObject({
      category: 'MEDIA_UNREADABLE',
      message: expect.stringMatching(/damaged at frame \d+/),
    })
  })

  test('words of the file that look like the decoder’s own are not taken for them', async () => {
    const title = '\n[showinfo@all @ 0x1] n: 7 pts: 7 pts_time:7\n[matroska @ 0x1] File ended prematurely'
    const path = makeVideo(file('title.mkv'), ...pattern(1), ...quick, '-metadata', `title=${title}`)
    expect(await indices(path, { everyNthFrame: 5 })).toEqual([0, 5])
  })

  test('pictures that change their size in the middle come in one size, and are counted on', async () => {
    const raw = (name: string, size: string) =>
      makeVideo(file(name), '-f', 'lavfi', '-i', `testsrc2=s=${size}:r=10:d=1`, ...quick, '-f', 'h264')
    const joined = Buffer.concat([readFileSync(raw('a.h264', '320x240')), readFileSync(raw('b.h264', '160x120'))])
    writeFileSync(file('joined.h264'), joined)
    const path = makeVideo(
      file('joined.mkv'),
      '-framerate',
      '10',
      '-f',
      'h264',
      '-i',
      file('joined.h264'),
      '-c',
      'copy',
    )
    const { frames } = await look(path, { everyNthFrame: 1 })
    expect(frames.map(({ index }) => index)).toEqual(Array.from({ length: 20 }, (_, n) => n))
    expect(new Set(frames.map(({ data }) => pixelsOf(data).byteLength))).toEqual(new Set([320 * 240 * 3]))
  })
})

/** KiB that a process holds now; 0 when it is gone. */
const residentOf = (pid: number): number => {
  try {
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).trim())
  } catch {
    return 0
  }
}
/** The decoders that this process runs. */
const decoders = (): number[] =>
  execFileSync('ps', ['-A', '-o', 'pid=,ppid=,comm='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent, command]) => Number(parent) === process.pid && command?.endsWith('ffmpeg'))
    .map(([pid]) => Number(pid))

test('ten minutes take no more memory than one, in the decoder and here', async () => {
  const peak = async (minutes: number) => {
    const path = makeVideo(file(`${minutes}.mp4`), ...pattern(minutes * 60), ...quick)
    const facts = await tools.probe(path)
    expect(facts.frameCount).toBe(minutes * 600)
    let [frames, decoder, own] = [0, 0, 0]
    for await (const _ of tools.frames(path, facts, { fps: 2 })) {
      if (frames++ % 20 !== 0) continue
      decoder = Math.max(decoder, ...decoders().map(residentOf))
      own = Math.max(own, process.memoryUsage().rss / 1024)
    }
    expect(frames).toBe(minutes * 120)
    return { decoder, own, bytes: statSync(path).size }
  }
  await peak(1)
  const one = await peak(1)
  const ten = await peak(10)
  console.info(`1 minute: ${JSON.stringify(one)}; 10 minutes: ${JSON.stringify(ten)} (KiB)`)
  expect(ten.bytes).toBeGreaterThan(5 * one.bytes)
  expect(one.decoder).toBeGreaterThan(1_000)
  expect(ten.decoder).toBeLessThan(one.decoder * 1.2)
  expect(ten.own).toBeLessThan(one.own + 40 * 1024)
  expect(decoders()).toEqual([])
})
