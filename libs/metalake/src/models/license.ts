import { errors } from './errors'
import type { ModelSettings } from './settings'

/** What a denial may say to mean models that state no licence. */
export const unknownLicense = 'unknown'

// AGPL-3.0, AGPL-3.0-only, AGPL-3.0-or-later and AGPL-3.0+ are one licence to whoever refuses it.
const base = (id: string): string => id.toLowerCase().replace(/(-only|-or-later|\+)$/, '')

/** Throws LICENSE_DENIED when any licence of the SPDX expression is one the operator refuses. */
export function requireLicense(settings: ModelSettings, modelId: string, license: string | null): void {
  const denied = new Set(settings.deniedLicenses.map(base))
  const stated = license ?? unknownLicense
  const ids = stated.split(/[\s()]+|\b(?:and|or|with)\b(?=\s)/i).filter(Boolean)
  if (ids.some((id) => denied.has(base(id)))) throw errors.LICENSE_DENIED({ modelId, license: stated })
}
