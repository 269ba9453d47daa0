import { defineErrors } from '@lakelens/kernel'

export const errors = defineErrors('media', {
  DIGEST_MALFORMED: [
    'INVALID_INPUT',
    () => 'A digest is the SHA-256 of the content: 64 lower-case hexadecimal digits.',
  ],
  BLOB_NOT_FOUND: [
    'NOT_FOUND',
    ({ digest }: { digest: string }) => `No content is stored under ${digest}. Upload it again.`,
  ],
  BLOB_TOO_LARGE: [
    'LIMIT_EXCEEDED',
    ({ maxBytes }: { maxBytes: number }) => `The content is larger than the ${maxBytes} bytes allowed here. Send less.`,
  ],
  SIZE_DIFFERS: [
    'INVALID_INPUT',
    ({ expected, received }: { expected: number; received: number }) =>
      `${expected} bytes were announced and ${received} arrived. Send the content again, whole.`,
  ],
  DIGEST_DIFFERS: [
    'INVALID_INPUT',
    ({ expected, received }: { expected: string; received: string }) =>
      `The content announced has the SHA-256 ${expected}, what arrived has ${received}. Send it again.`,
  ],
  RANGE_INVALID: [
    'INVALID_INPUT',
    ({ byteSize }: { byteSize: number }) => `The range lies outside of the content, which has ${byteSize} bytes.`,
  ],
  STORAGE_FULL: ['STORAGE_FULL', () => 'The media store is full. Free space where the media lie, then send it again.'],
  URL_LIFETIME: [
    'INVALID_INPUT',
    ({ maxSeconds }: { maxSeconds: number }) =>
      `A signed address lives for 1 to ${maxSeconds} seconds. Ask for a lifetime in between.`,
  ],
  URL_INVALID: [
    'FORBIDDEN',
    () =>
      'The signature of this address does not fit it. Use the address exactly as the API gave it, with the method it was given for, or ask the API for a new one.',
  ],
  URL_EXPIRED: [
    'FORBIDDEN',
    ({ expiredAt }: { expiredAt: string }) =>
      `This address expired at ${expiredAt}. Ask the API for a new one: createUpload for an upload, the item for its url.`,
  ],
})
