import { errors } from './errors'
import type { Rectangle, Size } from './geometry'

/**
 * A mask as COCO keeps it: lengths of runs of 0 and 1 by turns, beginning with 0, down the columns from left to right. They sum
 * up to width × height.
 */
export interface RunLengths extends Size {
  counts: number[]
}

/** More than any mask drawn or predicted has (a person of COCO: some hundred), and little memory. */
const maxRuns = 1_000_000
/** Of the mask, in pixels: what differences of counts in 32 bits hold. */
const maxPixels = 2 ** 30

/** Throws RLE_INVALID unless the runs are whole numbers that cover the picture exactly. */
export function checkRunLengths({ counts, width, height }: RunLengths): void {
  const pixels = width * height
  if (!Number.isSafeInteger(width) || !Number.isSafeInteger(height) || width < 1 || height < 1 || pixels > maxPixels)
    throw errors.RLE_INVALID({ reason: `a mask of ${width} × ${height} pixels can't be` })
  if (counts.length > maxRuns) throw errors.RLE_INVALID({ reason: `it has more than ${maxRuns} runs` })
  let sum = 0
  for (const count of counts) {
    if (!Number.isSafeInteger(count) || count < 0)
      throw errors.RLE_INVALID({ reason: 'a run is no whole number from 0' })
    sum += count
    if (sum > pixels) break
  }
  if (sum !== pixels)
    throw errors.RLE_INVALID({
      reason: `its runs cover ${sum > pixels ? 'more' : `${sum}`} of the ${pixels} pixels of ${width} × ${height}`,
    })
}

/**
 * COCO's compressed code (`rleToString` of its maskApi): from the fourth run on a count is the difference to the one two
 * before it; five bits a character from the lowest, bit 5 says that more follow, and 48 is added to make it printable.
 */
export function encodeRle(counts: readonly number[]): string {
  const characters: string[] = []
  counts.forEach((count, index) => {
    let rest = index > 2 ? count - counts[index - 2]! : count
    for (let more = true; more;) {
      const bits = rest & 0x1f
      rest >>= 5
      more = bits & 0x10 ? rest !== -1 : rest !== 0
      characters.push(String.fromCharCode((more ? bits | 0x20 : bits) + 48))
    }
  })
  return characters.join('')
}

/** The runs of a compressed code; throws RLE_INVALID for any text that is none of a mask of this size. */
export function decodeRle(code: string, size: Size): RunLengths {
  const counts: number[] = []
  for (let at = 0; at < code.length;) {
    let value = 0
    let shift = 0
    for (let more = true; more; shift += 5) {
      const bits = code.charCodeAt(at++) - 48
      // NaN beyond the end.
      if (!(bits >= 0 && bits < 64)) throw errors.RLE_INVALID({ reason: 'it is not compressed as COCO does it' })
      if (shift > 30) throw errors.RLE_INVALID({ reason: 'a run is longer than any picture' })
      value += (bits & 0x1f) * 2 ** shift
      more = (bits & 0x20) !== 0
      if (!more && bits & 0x10) value -= 2 ** (shift + 5)
    }
    if (counts.length >= maxRuns) throw errors.RLE_INVALID({ reason: `it has more than ${maxRuns} runs` })
    counts.push(counts.length > 2 ? value + counts[counts.length - 2]! : value)
  }
  const mask = { ...size, counts }
  checkRunLengths(mask)
  return mask
}

/** Pixels of the mask. */
export const maskArea = ({ counts }: RunLengths): number =>
  counts.reduce((area, count, index) => (index % 2 === 1 ? area + count : area), 0)

/** The smallest rectangle of whole pixels around the mask; null for an empty one. */
export function maskBounds({ counts, height }: RunLengths): Rectangle | null {
  let start = 0
  let [left, right, top, bottom] = [Infinity, -1, Infinity, -1]
  counts.forEach((count, index) => {
    const end = start + count
    if (index % 2 === 1 && count > 0) {
      const [first, last] = [Math.floor(start / height), Math.floor((end - 1) / height)]
      left = Math.min(left, first)
      right = Math.max(right, last)
      // A run over the foot of a column goes on at the head of the next.
      top = Math.min(top, first === last ? start % height : 0)
      bottom = Math.max(bottom, first === last ? (end - 1) % height : height - 1)
    }
    start = end
  })
  return right < 0 ? null : { left, top, width: right - left + 1, height: bottom - top + 1 }
}

/** One byte a pixel, 0 or 1, row by row. */
export function maskOf({ counts, width, height }: RunLengths): Uint8Array {
  const mask = new Uint8Array(width * height)
  let pixel = 0
  counts.forEach((count, index) => {
    for (const end = pixel + count; pixel < end; pixel++)
      if (index % 2 === 1) mask[(pixel % height) * width + Math.floor(pixel / height)] = 1
  })
  return mask
}

/** The runs of a mask of one byte a pixel, row by row; anything but 0 is inside. */
export function runLengthsOf(mask: Uint8Array, { width, height }: Size): RunLengths {
  const counts: number[] = []
  let inside = false
  let run = 0
  for (let column = 0; column < width; column++) {
    for (let row = 0; row < height; row++) {
      const set = mask[row * width + column] !== 0
      if (set !== inside) {
        counts.push(run)
        run = 0
        inside = set
      }
      run++
    }
  }
  counts.push(run)
  return { width, height, counts }
}
