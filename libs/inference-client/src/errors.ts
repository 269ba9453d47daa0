import { defineErrors } from '@lakelens/kernel'

/** Every message ends in what to do; `retryable` says whether the same call may succeed later, unchanged. */
export interface CallFacts {
  address: string
  reason: string
  retryable: boolean
}

export const errors = defineErrors('inference-client', {
  INFERENCE_UNAVAILABLE: [
    'UNAVAILABLE',
    ({ address, reason }: CallFacts) =>
      `The inference service at ${address} does not answer: ${reason}. Check that it runs and that INFERENCE_URL names it; the work can be tried again.`,
  ],
  INFERENCE_BUSY: [
    'UNAVAILABLE',
    ({ address, reason }: CallFacts) =>
      `The inference service at ${address} is busy: ${reason}. Try again later, or run more of them.`,
  ],
  INFERENCE_TIMEOUT: [
    'UNAVAILABLE',
    ({ address, reason }: CallFacts) =>
      `The inference service at ${address} did not answer in time: ${reason}. Try again with fewer pictures or more time.`,
  ],
  INFERENCE_REFUSED: [
    'INVALID_INPUT',
    ({ address, reason }: CallFacts) => `The inference service at ${address} refused the request: ${reason}.`,
  ],
  INFERENCE_FAILED: [
    'INTERNAL',
    ({ address, reason }: CallFacts) => `The inference service at ${address} failed: ${reason}. Its log says why.`,
  ],
  INFERENCE_ANSWER_INVALID: [
    'INTERNAL',
    ({ address, reason }: CallFacts) =>
      `The inference service at ${address} gave an answer that cannot be used: ${reason}. Check that it is of the same version as this program.`,
  ],
  INFERENCE_CLOSED: [
    'UNAVAILABLE',
    (_: { retryable: boolean }) =>
      'The connection to the inference service was closed by this program. Start it again to go on.',
  ],
})
