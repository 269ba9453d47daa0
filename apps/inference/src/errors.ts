import { defineErrors } from '@lakelens/kernel'

const mib = (bytes: number): string => `${Math.ceil(bytes / (1024 * 1024))} MiB`

export const errors = defineErrors('inference', {
  // A call as a whole.
  REQUEST_INVALID: [
    'INVALID_INPUT',
    ({ field, reason }: { field: string; reason: string }) => `The request's ${field} ${reason}.`,
  ],
  REQUEST_TOO_LARGE: [
    'LIMIT_EXCEEDED',
    ({ received, limit, unit }: { received: number; limit: number; unit: string }) =>
      `The request holds ${received} ${unit}; this service takes at most ${limit} at once. Send smaller requests, or raise INFERENCE_QUEUE.`,
  ],
  QUEUE_FULL: [
    'UNAVAILABLE',
    ({ waiting, limit, unit }: { waiting: number; limit: number; unit: string }) =>
      `The queue is full: ${waiting} of ${limit} ${unit} are taken. Try again shortly.`,
  ],
  SERVICE_CLOSING: [
    'UNAVAILABLE',
    () => 'The inference service is closing. Try again; another one, or this one restarted, will answer.',
  ],
  THREAD_LOST: [
    'UNAVAILABLE',
    ({ reason }: { reason: string }) =>
      `An inference thread ended unexpectedly (${reason}). It is being restarted; try again.`,
  ],

  // A model.
  MODEL_DOWNLOAD_FAILED: [
    'MODEL_UNAVAILABLE',
    ({ name, reason }: { name: string; reason: string }) =>
      `The file of model ${name} could not be fetched: ${reason}. Try again; if it persists, check that this service reaches the media address.`,
  ],
  MODEL_DIGEST_MISMATCH: [
    'MODEL_PACKAGE_INVALID',
    ({ name, expected, actual }: { name: string; expected: string; actual: string }) =>
      `The file of model ${name} has SHA-256 ${actual}, not ${expected}. Fetch or register the model again.`,
  ],
  MODEL_SIZE_MISMATCH: [
    'MODEL_PACKAGE_INVALID',
    ({ name, expected }: { name: string; expected: number }) =>
      `The file of model ${name} does not have the ${expected} bytes announced. Fetch or register the model again.`,
  ],
  MODEL_UNREADABLE: [
    'MODEL_PACKAGE_INVALID',
    ({ name, reason }: { name: string; reason: string }) =>
      `Model ${name} could not be opened: ${reason}. Export it again as one self-contained ONNX file.`,
  ],
  MODEL_TENSOR_MISSING: [
    'MODEL_PACKAGE_INVALID',
    ({ name, tensor }: { name: string; tensor: string }) =>
      `The graph of model ${name} holds no tensor named ${tensor}. Correct \`tensor\` in model.yaml.`,
  ],
  MODEL_NOT_SUPPORTED: [
    'MODEL_PACKAGE_INVALID',
    ({ name, reason }: { name: string; reason: string }) => `Model ${name} cannot be run here: ${reason}.`,
  ],
  MODEL_TASK_MISMATCH: [
    'MODEL_APPLICATION_MISMATCH',
    ({ name, task, asked }: { name: string; task: string; asked: string }) =>
      `Model ${name} does ${task}, not ${asked}. Choose another model.`,
  ],
  MODEL_TOO_LARGE: [
    'LIMIT_EXCEEDED',
    ({ name, needed, limit }: { name: string; needed: number; limit: number }) =>
      `Model ${name} needs about ${mib(needed)} over all threads, more than the ${mib(limit)} allowed. Raise INFERENCE_MEMORY_MIB or lower INFERENCE_THREADS.`,
  ],
  MODEL_MEMORY_BUSY: [
    'UNAVAILABLE',
    ({ name, needed, limit }: { name: string; needed: number; limit: number }) =>
      `Model ${name} needs about ${mib(needed)} of ${mib(limit)}, and the models that hold it are in use. Try again shortly, or raise INFERENCE_MEMORY_MIB.`,
  ],
  MODEL_STORE_FULL: [
    'STORAGE_FULL',
    ({ name, folder }: { name: string; folder: string }) =>
      `No room is left to keep the file of model ${name} in ${folder}. Free some space there and try again.`,
  ],

  // One picture.
  MEDIA_UNREADABLE: [
    'MEDIA_UNREADABLE',
    ({ reason }: { reason: string }) => `The picture cannot be decoded: ${reason}. Export or upload it again.`,
  ],
  CONTENT_TYPE_UNSUPPORTED: [
    'CONTENT_TYPE_UNSUPPORTED',
    ({ found, advice }: { found: string; advice: string }) => `The file is ${found}, by its content. ${advice}`,
  ],
  LIMIT_EXCEEDED: [
    'LIMIT_EXCEEDED',
    ({ what, limit }: { what: string; limit: string }) =>
      `The picture ${what}; the limit is ${limit}. Make it smaller and upload it again.`,
  ],
  MODEL_FAILED: ['INTERNAL', ({ reason }: { reason: string }) => `The model failed on this picture: ${reason}.`],
})
