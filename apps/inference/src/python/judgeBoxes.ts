import type { Box } from '@lakelens/vision'
import { answerErrors } from './answerErrors'
import type { AnswerContext } from './readObjects'
import { tidy } from './readScores'

// A detector may look a little beyond the border, but not by half a picture.
const beyond = 0.5
// Above it nobody means a fraction, below it nobody means pixels of a picture of ordinary size.
const largestFraction = 1.5
const smallestPicture = 16

/** Refuses boxes that contradict what was declared of them. All are judged, also those that score low: the script is wrong. */
export function judgeBoxes(
  boxes: readonly Box[],
  { picture, boxes: units }: Pick<AnswerContext, 'picture' | 'boxes'>,
): void {
  const { width, height } = units === 'pixels' ? picture : { width: 1, height: 1 }
  let largest = 0
  for (const { x1, y1, x2, y2 } of boxes) {
    const numbers = [x1, y1, x2, y2]
    if (!numbers.every(Number.isFinite)) throw answerErrors.ANSWER_NOT_FINITE({ key: 'boxes' })
    const box = numbers.map(tidy)
    const out = (value: number, side: number): boolean => value < -beyond * side || value > (1 + beyond) * side
    if (out(x1, width) || out(x2, width) || out(y1, height) || out(y2, height)) {
      throw units === 'normalized'
        ? answerErrors.ANSWER_BOXES_NOT_NORMALIZED({ box })
        : answerErrors.ANSWER_BOX_OUTSIDE({ box, ...picture })
    }
    if (x2 < x1 || y2 < y1) throw answerErrors.ANSWER_BOX_REVERSED({ box })
    largest = Math.max(largest, ...numbers)
  }
  const suspicious = units === 'pixels' && boxes.length > 0 && largest <= largestFraction
  if (suspicious && Math.min(picture.width, picture.height) >= smallestPicture)
    throw answerErrors.ANSWER_BOXES_LOOK_NORMALIZED({ largest: largestFraction })
}
