import { errors } from '../errors'
import type { VideoSampling } from './videoTools'

/** How a sampling arrives from outside: every way may be named, exactly one has a value. */
export interface SamplingInput {
  fps?: number | null | undefined
  everyNthFrame?: number | null | undefined
  keyframesOnly?: boolean | null | undefined
  frameCount?: number | null | undefined
}

const maxFps = 1000
/** More than a day at 1000 frames a second. */
const maxFrames = 100_000_000

/** What is looked at unless somebody says otherwise. */
export const defaultSampling: VideoSampling = { fps: 1 }

/** Throws SAMPLING_INVALID with the path below the sampling: more or less than one way, or a number that means nothing. */
export function checkSampling(input: SamplingInput): VideoSampling {
  const given = Object.entries(input).filter(([, value]) => value != null)
  const [way, value] = given[0] ?? []
  if (given.length !== 1 || way === undefined)
    throw errors.SAMPLING_INVALID({
      field: 'videoSampling',
      reason: 'takes exactly one of `fps`, `everyNthFrame`, `keyframesOnly` and `frameCount`',
    })
  const refuse = (reason: string) => errors.SAMPLING_INVALID({ field: way, reason }, { path: [way] })
  if (way === 'fps') {
    if (typeof value !== 'number' || !(value > 0 && value <= maxFps))
      throw refuse(`is a number of frames a second above 0, at most ${maxFps}`)
    return { fps: value }
  }
  if (way === 'keyframesOnly') {
    if (value !== true) throw refuse('is true, or left out for another way')
    return { keyframesOnly: true }
  }
  if (way !== 'everyNthFrame' && way !== 'frameCount') throw refuse('is no way of choosing frames')
  if (!Number.isInteger(value) || !((value as number) >= 1 && (value as number) <= maxFrames))
    throw refuse(`is a whole number from 1 to ${maxFrames}`)
  return way === 'everyNthFrame' ? { everyNthFrame: value as number } : { frameCount: value as number }
}

/**
 * A sampling as an expression of FFmpeg's `select` filter, over `n` (index among the frames shown) and `t` (seconds).
 *
 * - `fps`: time is cut into steps of 1/fps; the first frame of each step is taken, so that a video of variable rate gives at most
 *   one a step and no frame twice. 1e-6 of a step lets a frame whose time was rounded down (0.29 · 100 = 28.999…) into its own.
 * - `frameCount`: the frames in the middle of k equal parts, ⌊(i + ½) · N / k⌋; all N where N ≤ k. ⌈(n + 1) · k / N − ½⌉ of them
 *   are at or before frame n, so one that makes this number grow is taken.
 */
export function selectExpression(sampling: VideoSampling, frameCount: number): string {
  if ('fps' in sampling) {
    const step = (time: string): string => `floor(${time}*${sampling.fps}+1e-6)`
    return `isnan(prev_selected_t)+gt(${step('t')},${step('prev_selected_t')})`
  }
  if ('everyNthFrame' in sampling) return `not(mod(n,${sampling.everyNthFrame}))`
  if ('keyframesOnly' in sampling) return 'key'
  const wanted = Math.min(sampling.frameCount, frameCount)
  const share = (n: string): string => `ceil(${n}*${wanted}/${frameCount}-0.5)`
  return `gt(${share('(n+1)')},${share('n')})`
}
