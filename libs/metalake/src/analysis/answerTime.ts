import type { ModelRef } from '@lakelens/inference-client'

/** Long enough for a page on a slow machine behind a full queue; a hung service is noticed then, a stopped job at once. */
const timeoutMs = 300_000
// Of inference.py models. What model.yaml leaves out; that a picture is tried again after the process was lost over it; the
// start of another process; and how many callers may wait for the one process a version has.
const defaultSeconds = 60
const tries = 2
const restartMs = 10_000
const callers = 4

/**
 * How long to wait for the answers about `pictures` pictures. The service itself ends a script that takes longer for a picture
 * than its model.yaml allows, and says so; whoever stops waiting before that never hears it, and asks again for ever.
 */
export function answerTimeMs({ runtime, manifest }: Pick<ModelRef, 'runtime' | 'manifest'>, pictures: number): number {
  if (runtime !== 'PYTHON') return timeoutMs
  const { timeoutSeconds = defaultSeconds } = (manifest['python'] ?? {}) as { timeoutSeconds?: number }
  return timeoutMs + pictures * callers * tries * (timeoutSeconds * 1000 + restartMs)
}
