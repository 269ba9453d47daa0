import type { Logger } from '@lakelens/kernel'
import { maxPictureBytes } from '@lakelens/proto'
import type { Picture, PictureError } from './backend'
import { cutIntoCalls, mapInOrder } from './batches'
import { ServiceLost } from './call'

export interface Failed {
  id: string
  error: PictureError
}

/** So that the service has the next pictures while the answer to the last is on its way. */
const callsAtOnce = 2

const MiB = 1024 * 1024

export const tooLarge = ({ byteLength }: Uint8Array): PictureError | null =>
  byteLength <= maxPictureBytes
    ? null
    : {
        code: 'LIMIT_EXCEEDED',
        message: `The picture has ${Math.ceil(byteLength / MiB)} MiB; the limit is ${maxPictureBytes / MiB} MiB. Make it smaller and upload it again.`,
      }

export const deadly: PictureError = {
  code: 'MODEL_FAILED',
  message:
    'The inference service ended each time it was given this picture. Export the picture again, or leave it out.',
}

/**
 * Asks about a list of any length in calls of a bearable size, and puts the answers together in its order. A call the
 * service dies of is repeated picture by picture, so that one that no process survives costs only itself.
 */
export async function askInParts<R extends { id: string }>(
  pictures: readonly Picture[],
  log: Logger,
  ask: (pictures: readonly Picture[]) => Promise<R[]>,
): Promise<(R | Failed)[]> {
  const askPart = async (part: readonly Picture[]): Promise<(R | Failed)[]> => {
    try {
      return await ask(part)
    } catch (error) {
      if (!(error instanceof ServiceLost)) throw error
      const [only, ...others] = part
      if (only && others.length === 0) return [{ id: only.id, error: deadly }]
      log.warn({ pictures: part.length }, 'the inference service was lost twice over these pictures; asking one by one')
      return (await mapInOrder(part, 1, (picture) => askPart([picture]))).flat()
    }
  }
  const sendable = pictures.filter(({ data }) => !tooLarge(data))
  const answers = (await mapInOrder(cutIntoCalls(sendable), callsAtOnce, askPart)).flat()
  let next = 0
  return pictures.map(({ id, data }) => {
    const error = tooLarge(data)
    return error ? { id, error } : answers[next++]!
  })
}
