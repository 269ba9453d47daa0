import { answerTimeMs } from './answerTime'

test('a page of pictures a script hangs on is answered by the service before anybody stops waiting', () => {
  // Each tried twice, by each of four callers of the one process.
  const hung = 16 * 4 * 2 * 60_000
  expect(answerTimeMs({ runtime: 'PYTHON', manifest: {} }, 16)).toBeGreaterThan(hung)
  expect(answerTimeMs({ runtime: 'PYTHON', manifest: { python: { timeoutSeconds: 3600 } } }, 1)).toBeGreaterThan(
    8 * 3_600_000,
  )
  expect(answerTimeMs({ runtime: 'ONNX', manifest: {} }, 16)).toBe(300_000)
})
