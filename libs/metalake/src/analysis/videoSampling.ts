import { isLakeError } from '@lakelens/kernel'
import { checkSampling, defaultSampling, type SamplingInput, type VideoSampling } from '@lakelens/media'
import { z } from 'zod'

/** A sampling as a job keeps it. */
export const storedSampling = z.union([
  z.object({ fps: z.number() }),
  z.object({ everyNthFrame: z.number().int() }),
  z.object({ keyframesOnly: z.literal(true) }),
  z.object({ frameCount: z.number().int() }),
])

/** One frame a second unless said otherwise. Throws SAMPLING_INVALID with the path from the input. */
export function checkVideoSampling(input: SamplingInput | null | undefined): VideoSampling {
  if (input == null) return defaultSampling
  try {
    return checkSampling(input)
  } catch (error) {
    throw isLakeError(error) ? error.at('videoSampling', ...(error.path ?? [])) : error
  }
}
