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
  VIDEO_TOOLS_MISSING: [
    'UNAVAILABLE',
    ({ detail }: { detail: string }) => `Videos can't be looked into here: ${detail}`,
  ],
  VIDEO_DECODER_UNAVAILABLE: [
    'UNAVAILABLE',
    ({ reason }: { reason: string; retryable: true }) =>
      `The decoder of videos can't be used at the moment (${reason}). Nothing is wrong with the file: try again.`,
  ],
  VIDEO_UNREADABLE: [
    'MEDIA_UNREADABLE',
    ({ reason }: { reason: string; frame?: number | null }) =>
      `The video can't be read to its end: ${reason}. Make the file anew from its source and upload it again.`,
  ],
  VIDEO_FORMAT_UNSUPPORTED: [
    'CONTENT_TYPE_UNSUPPORTED',
    ({ found }: { found: string }) =>
      `It is ${found}. Videos may be MP4, MOV, MKV or WebM: convert it and upload it again.`,
  ],
  VIDEO_WITHOUT_PICTURES: [
    'CONTENT_TYPE_UNSUPPORTED',
    ({ found }: { found: string }) => `The file holds ${found} and no video. Upload one with a video track.`,
  ],
  VIDEO_CODEC_REFUSED: [
    'CONTENT_TYPE_UNSUPPORTED',
    ({ codec }: { codec: string }) =>
      `The video is coded as ${codec}. Videos may be coded as H.264, H.265, VP8, VP9, AV1, MPEG-4, ProRes or Motion JPEG: convert it and upload it again.`,
  ],
  VIDEO_CODEC_UNSUPPORTED: [
    'CONTENT_TYPE_UNSUPPORTED',
    ({ codec }: { codec: string }) =>
      `The video is coded as ${codec}, which the decoder of this machine can't read. Convert it to H.264, or install an FFmpeg that decodes ${codec}.`,
  ],
  VIDEO_TOO_LARGE: [
    'LIMIT_EXCEEDED',
    ({ width, height, limit }: { width: number; height: number; limit: number }) =>
      `Its frames have ${width} × ${height} pixels; ${limit} together are the limit. Scale it down and upload it again.`,
  ],
  SAMPLING_INVALID: [
    'INVALID_INPUT',
    ({ field, reason }: { field: string; reason: string }) => `\`${field}\` ${reason}.`,
  ],
})
