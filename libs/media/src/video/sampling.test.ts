import { checkSampling, selectExpression, type SamplingInput } from './sampling'
import type { VideoSampling } from './videoTools'

/** What FFmpeg's `select` does with an expression: the indices of the frames at these times that are chosen. */
function chosen(sampling: VideoSampling, times: readonly number[], keys: readonly number[] = []): number[] {
  const expression = selectExpression(sampling, times.length)
  const functions = {
    floor: Math.floor,
    ceil: Math.ceil,
    isnan: (value: number) => Number(Number.isNaN(value)),
    gt: (a: number, b: number) => Number(a > b),
    not: (value: number) => Number(value === 0),
    mod: (a: number, b: number) => a % b,
  }
  const names = [...Object.keys(functions), 'n', 't', 'prev_selected_t', 'key']

  const evaluate = new Function(...names, `return ${expression}`) as (...values: unknown[]) => number
  const found: number[] = []
  for (const [n, t] of times.entries()) {
    const previous = times[found.at(-1) ?? -1] ?? NaN
    if (evaluate(...Object.values(functions), n, t, previous, Number(keys.includes(n)))) found.push(n)
  }
  return found
}

const at = (fps: number, seconds: number): number[] => Array.from({ length: fps * seconds }, (_, n) => n / fps)

test('one frame a second: the first of each second', () => {
  expect(chosen({ fps: 1 }, at(10, 4))).toEqual([0, 10, 20, 30])
  // NTSC: the first frame after each full second.
  expect(
    chosen(
      { fps: 1 },
      Array.from({ length: 100 }, (_, n) => (n * 1001) / 30000),
    ),
  ).toEqual([0, 30, 60, 90])
  expect(chosen({ fps: 0.5 }, at(10, 5))).toEqual([0, 20, 40])
})

test.each([10, 25, 30, 50, 100, 120])('at %d frames a second, that rate takes every frame once', (fps) => {
  expect(chosen({ fps }, at(fps, 30))).toHaveLength(fps * 30)
  expect(chosen({ fps: 1000 }, at(fps, 3))).toHaveLength(fps * 3)
})

test('of a variable rate no second gives two frames, and one without frames gives none', () => {
  const times = [0, 0.1, 0.9, 1.5, 1.6, 1.99, 5.2, 5.3, 6.0]
  expect(chosen({ fps: 1 }, times)).toEqual([0, 3, 6, 8])
  expect(chosen({ fps: 2 }, times)).toEqual([0, 2, 3, 6, 8])
})

test('every nth, and keyframes', () => {
  expect(chosen({ everyNthFrame: 4 }, at(10, 1))).toEqual([0, 4, 8])
  expect(chosen({ everyNthFrame: 1 }, at(10, 1))).toHaveLength(10)
  expect(chosen({ keyframesOnly: true }, at(10, 1), [0, 5])).toEqual([0, 5])
})

test('evenly n: the middles of n parts, exactly n whatever the numbers are', () => {
  expect(chosen({ frameCount: 1 }, at(10, 10))).toEqual([50])
  expect(chosen({ frameCount: 2 }, at(10, 10))).toEqual([25, 75])
  expect(chosen({ frameCount: 5 }, at(10, 1))).toEqual([1, 3, 5, 7, 9])
  for (let total = 1; total <= 60; total++) {
    for (let wanted = 1; wanted <= 70; wanted++) {
      const frames = chosen(
        { frameCount: wanted },
        Array.from({ length: total }, (_, n) => n),
      )
      expect(frames).toEqual(
        wanted >= total
          ? Array.from({ length: total }, (_, n) => n)
          : Array.from({ length: wanted }, (_, i) => Math.floor(((2 * i + 1) * total) / (2 * wanted))),
      )
    }
  }
})

test.each<[SamplingInput, VideoSampling]>([
  [{ fps: 0.001 }, { fps: 0.001 }],
  [{ fps: 1000, everyNthFrame: null }, { fps: 1000 }],
  [{ everyNthFrame: 1 }, { everyNthFrame: 1 }],
  [{ keyframesOnly: true, fps: undefined }, { keyframesOnly: true }],
  [{ frameCount: 16 }, { frameCount: 16 }],
])('%j is taken', (input, sampling) => {
  expect(checkSampling(input)).toEqual(sampling)
})

test.each<[SamplingInput, string[] | undefined]>([
  [{}, undefined],
  [{ fps: null }, undefined],
  [{ fps: 1, frameCount: 2 }, undefined],
  [{ fps: 0 }, ['fps']],
  [{ fps: -1 }, ['fps']],
  [{ fps: NaN }, ['fps']],
  [{ fps: Infinity }, ['fps']],
  [{ fps: 1000.1 }, ['fps']],
  [{ fps: '1;quit' as never }, ['fps']],
  [{ everyNthFrame: 0 }, ['everyNthFrame']],
  [{ everyNthFrame: 1.5 }, ['everyNthFrame']],
  [{ keyframesOnly: false }, ['keyframesOnly']],
  [{ frameCount: 0 }, ['frameCount']],
  [{ frameCount: 1e9 }, ['frameCount']],
  [{ often: 3 } as never, ['often']],
])('%j is refused with where', (input, path) => {
  expect(() => checkSampling(input)).toThrow(expect.objectContaining({ code: 'SAMPLING_INVALID', path }))
})
