import { messageOf } from '@lakelens/kernel'

/** The runtime's messages begin with a source path and a function name of its own, and name the file by our cache path. */
export const runtimeReason = (error: unknown): string =>
  messageOf(error)
    .replace(/^\S*onnxruntime_src\S*:\d+ .*?\(.*?\)\s*/s, '')
    .replace(/Load model from \S+ failed:\s*/, '')
    .split('\n', 1)[0]!
    .replace(/[\s.]+$/, '')
    .slice(0, 300)
