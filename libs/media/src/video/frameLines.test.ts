import { createFrameLines } from './frameLines'

const config = '[showinfo@all @ 0x55d] config in time_base: 1/12800, frame_rate: 25/1'
const line = (which: 'all' | 'kept', n: number, pts: number | string, time: number | string): string =>
  `[showinfo@${which} @ 0x55d5] n:${String(n).padStart(4)} pts:${String(pts).padStart(7)} pts_time:${time}     pos:  48 fmt:yuv420p`

test('a chosen frame is found among all frames shown, with its exact time', async () => {
  const lines = createFrameLines()
  lines.add(config)
  // 2 h into a video the log rounds to a tenth of a second.
  for (const [n, pts] of [92160000, 92160512, 92161024].entries()) lines.add(line('all', n, pts, '7200.1'))
  lines.add(line('kept', 0, 92161024, '7200.1'))
  lines.end()
  expect(await lines.next()).toEqual({ index: 2, time: 92161024 / 12800 })
  expect(await lines.next()).toBeNull()
  expect(lines.shown()).toBe(3)
})

test('who asks before the line is there waits for it', async () => {
  const lines = createFrameLines()
  const first = lines.next()
  lines.add(line('all', 0, 0, 0))
  lines.add(line('kept', 0, 0, 0))
  expect(await first).toEqual({ index: 0, time: 0 })
  const last = lines.next()
  lines.end()
  expect(await last).toBeNull()
})

test('filters that begin anew do not make the count begin anew', async () => {
  const lines = createFrameLines()
  for (let n = 0; n < 5; n++) lines.add(line('all', n, n * 10, n))
  lines.add(line('all', 0, 50, 5))
  lines.add(line('kept', 0, 50, 5))
  expect(await lines.next()).toEqual({ index: 5, time: 5 })
})

test('a million frames nobody chose are counted and forgotten; a frame without a time has none', async () => {
  const lines = createFrameLines()
  for (let n = 0; n < 1_000; n++) lines.add(line('all', n, n, n))
  lines.add(line('kept', 0, 1, 1))
  lines.add(line('all', 1000, 'NOPTS', 'NOPTS'))
  lines.add(line('kept', 1, 'NOPTS', 'NOPTS'))
  expect(await lines.next()).toEqual({ index: 1000, time: null })
})

test.each([
  ['[matroska,webm @ 0x55] File ended prematurely', 'cut off'],
  ['[mov,mp4,m4a,3gp,3g2,mj2 @ 0x5] stream 0, offset 0x32020: partial file', 'cut off'],
  ['Error while decoding stream #0:0: Invalid data found when processing input', 'damaged'],
  ['[h264 @ 0x5] error while decoding MB 12 5, bytestream -7', 'damaged'],
  ['[vist#0:0/h264 @ 0x5] [dec:h264 @ 0x6] Error submitting packet to decoder: Invalid data', 'damaged'],
])('%s: the file is at fault', (text, reason) => {
  const lines = createFrameLines()
  lines.add(line('all', 0, 0, 0))
  lines.add(text)
  lines.add(line('all', 1, 1, 1))
  expect(lines.fault()).toEqual({ reason: expect.stringContaining(reason), frame: reason === 'cut off' ? 2 : 1 })
})

test('what a file says of itself is not believed', async () => {
  const lines = createFrameLines()
  for (const said of [
    '    title           : File ended prematurely',
    `      comment : ${line('kept', 0, 0, 0)}`,
    `  ${config}`,
  ])
    lines.add(said)
  lines.end()
  expect(lines.fault()).toBeNull()
  expect(await lines.next()).toBeNull()
})
