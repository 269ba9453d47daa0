import { sleep } from '@lakelens/kernel'
import { together } from './together'

const never = new AbortController().signal
const failing = (message: string, afterMs: number) => async (signal: AbortSignal) => {
  await sleep(afterMs, signal)
  throw new Error(message)
}

test('ends when all have ended', async () => {
  const ended: number[] = []
  await together(
    never,
    [30, 1].map((ms) => async (signal) => void ended.push(await sleep(ms, signal).then(() => ms))),
  )
  expect(ended).toEqual([1, 30])
})

test('a second failure soon after the first is told too', async () => {
  const both = together(never, [failing('one', 1), failing('two', 50)])
  await expect(both).rejects.toMatchObject({ errors: [{ message: 'one' }, { message: 'two' }] })
})

test('what would go on for long is aborted after a failure, and its abortion is no failure of its own', async () => {
  const started = performance.now()
  await expect(together(never, [failing('one', 1), (signal) => sleep(60_000, signal)])).rejects.toThrow('one')
  expect(performance.now() - started).toBeLessThan(5_000)
})

test('an interruption is thrown as it is', async () => {
  const stop = new AbortController()
  setTimeout(() => stop.abort(new Error('interrupted')), 10)
  await expect(together(stop.signal, [(signal) => sleep(60_000, signal)])).rejects.toThrow('interrupted')
})
