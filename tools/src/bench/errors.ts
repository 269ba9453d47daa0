import { defineErrors } from '@lakelens/kernel'

export const errors = defineErrors('bench', {
  BENCH_NOTHING_TO_MEASURE: [
    'INVALID_INPUT',
    () => 'There are no pictures to measure with. Name a folder that holds some.',
  ],
  BENCH_NOT_BUILT: ['UNAVAILABLE', () => 'The benchmark runs built code, which is missing. Run `npm run build` first.'],
  BENCH_REFUSED: ['INTERNAL', (facts: { reason: string }) => `What was to be measured did not work: ${facts.reason}`],
  BENCH_WORKER_CONFUSED: [
    'INTERNAL',
    (facts: { expected: string; actual: string }) =>
      `A benchmark thread said ${facts.actual} where ${facts.expected} was due. Report it.`,
  ],
})
