import { defineErrors } from '@lakelens/kernel'

export const errors = defineErrors('metalake/uploads', {
  UPLOAD_FILE_NAME_INVALID: ['INVALID_INPUT', (d: { reason: string }) => `This is no name for a file: ${d.reason}.`],
  UPLOAD_SIZE_INVALID: ['INVALID_INPUT', () => '`byteSize` is the size of the file in bytes: a whole number from 0.'],
  UPLOAD_TOO_LARGE: [
    'LIMIT_EXCEEDED',
    (d: { limit: number; received: number }) =>
      `An upload holds at most ${d.limit} bytes, not ${d.received}. Send a smaller file.`,
  ],
  UPLOAD_SHA256_INVALID: [
    'INVALID_INPUT',
    () => '`sha256` is 64 hexadecimal digits. Leave it out when it is not known.',
  ],
  UPLOAD_NOT_FOUND: [
    'NOT_FOUND',
    () => 'There is no such upload, or its time is over. Ask for a new one with createUpload and send the bytes again.',
  ],
  UPLOAD_WAITING: ['INVALID_INPUT', () => 'The bytes of this upload have not arrived. PUT them to its url first.'],
  UPLOAD_PURPOSE: [
    'INVALID_INPUT',
    (d: { purpose: string; needed: string }) =>
      `This upload was asked for with the purpose ${d.purpose}, and ${d.needed} is needed here. Ask createUpload for one with that purpose and send the bytes again.`,
  ],
  UPLOAD_OVERFLOW: [
    'LIMIT_EXCEEDED',
    (d: { declared: number }) =>
      `The upload was declared with ${d.declared} bytes and more were sent. Declare it with its real size.`,
  ],
  UPLOAD_INCOMPLETE: [
    'INVALID_INPUT',
    (d: { declared: number; received: number }) =>
      `The upload was declared with ${d.declared} bytes and ${d.received} were sent. Send it again, whole, to the same address.`,
  ],
  UPLOAD_DIGEST_DIFFERS: [
    'INVALID_INPUT',
    (d: { declared: string; received: string }) =>
      `The upload was declared with the SHA-256 ${d.declared}; what was sent has ${d.received}. Send the declared bytes to the same address.`,
  ],
  UPLOAD_FINISHED: [
    'ALREADY_EXISTS',
    () => 'This upload has its bytes already, and they are others. Ask for another with createUpload.',
  ],
  PICTURE_TOO_LARGE: [
    'LIMIT_EXCEEDED',
    (d: { limit: number }) => `A picture has at most ${d.limit} bytes. Save it smaller or with more compression.`,
  ],
  VIDEO_TOO_SLOW: [
    'LIMIT_EXCEEDED',
    (d: { seconds: number }) =>
      `Reading the video through took more than ${d.seconds} s. Split it, or put the media on a faster disk, and upload it again.`,
  ],
  PROBE_UNAVAILABLE: [
    'UNAVAILABLE',
    (d: { seconds: number }) =>
      `The upload is stored, but nobody has looked at it for ${d.seconds} s: the inference service is busy or away. Try again; nothing need be sent again.`,
  ],
  PROBE_LOST: ['INTERNAL', () => 'The upload was taken as a picture or video without its facts.'],
})
