import type { Box, Size } from '@lakelens/vision'
import { answerErrors } from './answerErrors'
import { type Value, asVector } from './values'

const malformed = (reason: string): Error => answerErrors.ANSWER_MALFORMED({ reason: `an RLE mask ${reason}` })

/**
 * The box around a mask in COCO's run lengths: counts of pixels outside and inside in turn, column by column; as a list, or
 * compressed to a string (pycocotools). Null when nothing is inside.
 */
export function rleBox(counts: Value, { width, height }: Size): Box | null {
  const runs = typeof counts === 'string' ? decompress(counts) : asVector(counts)
  if (!runs) throw malformed('has counts that are neither a list of numbers nor a string')
  const box = { x1: Infinity, y1: Infinity, x2: -Infinity, y2: -Infinity }
  let at = 0
  for (let i = 0; i < runs.length; i++) {
    const length = runs[i]!
    if (!Number.isInteger(length) || length < 0) throw malformed('has a count that is no length')
    if (i % 2 === 1 && length > 0) grow(box, at, at + length - 1, height)
    at += length
  }
  if (at !== width * height) throw malformed(`covers ${at} pixels, and the picture has ${width * height}`)
  return box.x2 > box.x1 ? box : null
}

/** By a run from pixel `first` to pixel `last`, counted down the columns. */
function grow(box: Box, first: number, last: number, height: number): void {
  const [x1, x2] = [Math.floor(first / height), Math.floor(last / height)]
  box.x1 = Math.min(box.x1, x1)
  box.x2 = Math.max(box.x2, x2 + 1)
  // One that goes on in the next column reaches the bottom of one and the top of the other.
  box.y1 = Math.min(box.y1, x1 === x2 ? first % height : 0)
  box.y2 = Math.max(box.y2, x1 === x2 ? (last % height) + 1 : height)
}

/** pycocotools' strings: six bits a character from '0' on, five of the number and one that says whether it goes on; from the third number on, the difference to the last but one. */
function decompress(text: string): number[] {
  const runs: number[] = []
  let at = 0
  while (at < text.length) {
    let value = 0
    for (let shift = 0, more = true; more; shift += 5) {
      const bits = text.charCodeAt(at++) - 48
      if (!(bits >= 0 && bits < 64) || shift > 30) throw malformed('has a string of counts that cannot be read')
      value |= (bits & 0x1f) << shift
      more = (bits & 0x20) !== 0
      // The last group's highest bit is the sign.
      if (!more && (bits & 0x10) !== 0) value |= shift + 5 < 32 ? -1 << (shift + 5) : 0
    }
    runs.push(runs.length > 2 ? value + runs[runs.length - 2]! : value)
  }
  return runs
}
