import { isLakeError, type LakeError } from '@lakelens/kernel'

/**
 * What failed because model files can't be had: absent, and not to be fetched from here. Null when anything else went wrong
 * too. A file that is there and is the wrong one, or a name that means nothing, is somebody's mistake to correct, and stays
 * an error.
 */
export function missingModels(error: unknown): LakeError[] | null {
  const faults: unknown[] = error instanceof AggregateError ? error.errors : [error]
  const missing = faults.filter(isLakeError).filter(({ code }) => code === 'MODEL_UNAVAILABLE')
  return missing.length > 0 && missing.length === faults.length ? missing : null
}

/** Says that the default models can't be had, why, and how to get them. One line each. */
export function explainMissing(missing: readonly LakeError[]): string[] {
  const fetchable = missing.flatMap(({ facts }) => (facts['address'] ? [String(facts['modelId'])] : []))
  const files = missing.flatMap(({ facts }) =>
    facts['address'] === null ? [`${String(facts['file'])} into ${String(facts['folder'])}`] : [],
  )
  const ways = [
    ...(fetchable.length > 0
      ? [`run \`npx lakelens models fetch ${fetchable.join(' ')}\` where there is internet`]
      : []),
    ...(files.length > 0 ? [`put ${files.join(' and ')}`] : []),
    'see docs/models.md for doing it by hand',
  ]
  return [
    `The default models can't be had: ${missing.map(reasonOf).join('; ')}.`,
    `To have them, ${ways.join(', or ')}.`,
    `Shown instead${missing.length === 1 ? ' of both' : ''}: small models of our own, on drawn pictures that they never saw.`,
  ]
}

/** Errors of this process carry their facts; those that came over the wire only their message. */
const reasonOf = ({ message, facts }: LakeError): string =>
  typeof facts['modelId'] === 'string' && typeof facts['reason'] === 'string'
    ? `${facts['modelId']} (${facts['reason']})`
    : message.replace(/\.$/, '')
