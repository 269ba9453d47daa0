import { z } from 'zod'

/** Thrown when the environment is not usable; the message lists every fault at once. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError'
}

/**
 * Reads an environment against a schema. Empty strings count as unset, as compose files write them.
 * Returns a frozen object, or throws one `EnvironmentError` naming all variables that are wrong.
 */
export function parseEnvironment<S extends z.ZodType>(schema: S, environment: NodeJS.ProcessEnv): Readonly<z.infer<S>> {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = schema.safeParse(set)
  if (parsed.success) return Object.freeze(parsed.data as object) as Readonly<z.infer<S>>
  const faults = parsed.error.issues.map((issue) => `  ${issue.path.join('.') || 'environment'}: ${issue.message}`)
  throw new EnvironmentError(`The environment is not usable:\n${faults.join('\n')}`)
}

/** `1`, `true`, `on`, `yes` or their opposites. */
export const booleanVariable = z.string().transform((text, context) => {
  if (/^(1|true|on|yes)$/i.test(text)) return true
  if (/^(0|false|off|no)$/i.test(text)) return false
  context.addIssue({ code: 'custom', message: `expected 1 or 0, not ${JSON.stringify(text)}` })
  return z.NEVER
})

/** A comma-separated list; blanks around entries are dropped. */
export const listVariable = z.string().transform((text) =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean),
)

/** A TCP port; 0 asks the system for a free one. */
export const portVariable = z.coerce.number().int().min(0).max(65535)
