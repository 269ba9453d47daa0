import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { measureFloor, median } from './floor'

const fixtures = join(__dirname, '../../fixtures')
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lakelens-floor-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function manifestOf(name: string): Promise<unknown> {
  const { models } = JSON.parse(await readFile(join(fixtures, 'models.json'), 'utf8')) as {
    models: { name: string; manifest: unknown }[]
  }
  return models.find((model) => model.name === name)?.manifest
}

/** A grey PNG of 128×64 with one 32×32 square, `left` pixels from the left. */
async function pictureWith(name: string, background: string, left: number): Promise<string> {
  const square = await sharp({ create: { width: 32, height: 32, channels: 3, background } })
    .png()
    .toBuffer()
  const grey = sharp({ create: { width: 128, height: 64, channels: 3, background: '#808080' } })
  const file = join(folder, name)
  await writeFile(
    file,
    await grey
      .composite([{ input: square, left, top: 32 }])
      .png()
      .toBuffer(),
  )
  return file
}

test('every picture is answered, in the order of the files, over all threads', async () => {
  const colours = ['#ff0000', '#00ff00', '#0000ff']
  const files = await Promise.all(colours.map((colour, i) => pictureWith(`${i}.png`, colour, 32 * i)))
  const result = await measureFloor({
    modelFile: join(fixtures, 'tiny-detector.onnx'),
    manifest: await manifestOf('tiny-detector'),
    kind: 'detect',
    files: [...files, ...files],
    resolution: { width: 128, height: 128 },
    rounds: 2,
  })
  expect(result.answers).toEqual(
    [0, 1, 2, 0, 1, 2].map((i) => ({
      detections: [
        { classId: i, confidence: expect.closeTo(1, 5) as number, x: i / 4, y: 0.5, width: 0.25, height: 0.5 },
      ],
    })),
  )
  expect(result.rounds).toHaveLength(2)
  expect(result.imagesPerSecond).toBeGreaterThan(0)
  expect(result.parts.run).toBeGreaterThan(0)
})

test('a vector comes from a crop, taken as it is when it has the size already', async () => {
  const file = join(folder, 'crop.png')
  await sharp({ create: { width: 32, height: 32, channels: 3, background: { r: 255, g: 51, b: 0 } } })
    .png()
    .toFile(file)
  const { answers } = await measureFloor({
    modelFile: join(fixtures, 'tiny-embedder.onnx'),
    manifest: await manifestOf('tiny-embedder'),
    kind: 'embed',
    files: [file],
    rounds: 1,
  })
  const [answer] = answers
  if (!answer || !('vector' in answer)) throw new Error('no vector')
  ;[1, 1, 1, 1, 0.2, 0.2, 0.2, 0.2, 0, 0, 0, 0].forEach((value, i) => expect(answer.vector[i]).toBeCloseTo(value, 5))
})

test('what fails in a thread fails the measurement', async () => {
  const manifest = await manifestOf('tiny-detector')
  const setup = { modelFile: join(fixtures, 'tiny-detector.onnx'), manifest, kind: 'detect' as const, rounds: 1 }
  await expect(measureFloor({ ...setup, files: [join(folder, 'missing.png')] })).rejects.toThrow(/ENOENT/)
  await expect(measureFloor({ ...setup, files: [] })).rejects.toMatchObject({ code: 'BENCH_NOTHING_TO_MEASURE' })
  const unknown = { ...setup, manifest: { output: 'yolov8-seg' }, files: ['x'] }
  await expect(measureFloor(unknown)).rejects.toThrow(/yolov8-seg/)
})

test('the median', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 2, 3])).toBe(2.5)
})
