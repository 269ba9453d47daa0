import { defineErrors } from '@lakelens/kernel'

export const errors = defineErrors('gateway', {
  ID_UNKNOWN: [
    'NOT_FOUND',
    (d: { what: string }) => `This id is not the id of a ${d.what}. Take it as the API gave it.`,
  ],
  JOB_NOT_FOUND: ['NOT_FOUND', () => 'There is no such job. List them with `jobs`.'],
  INFERENCE_PORT_TAKEN: [
    'UNAVAILABLE',
    (d: { port: number }) =>
      `Port ${d.port} is taken, and the inference service needs it. Set INFERENCE_PORT to a free port, ` +
      'or INFERENCE_URL to the address of the inference service that runs there already.',
  ],
  INFERENCE_NOT_STARTED: [
    'UNAVAILABLE',
    (d: { reason: string }) => `The inference service did not start: ${d.reason}. Its own log lines are above.`,
  ],
  PORT_TAKEN: [
    'UNAVAILABLE',
    (d: { host: string; port: number }) =>
      `Port ${d.port} on ${d.host} is taken. Set PORT to a free one, or stop what listens there.`,
  ],
  HOST_UNUSABLE: [
    'UNAVAILABLE',
    (d: { host: string; port: number; reason: string }) =>
      `Cannot listen on ${d.host}:${d.port}: ${d.reason}. Set HOST and PORT to an address of this machine.`,
  ],
})
