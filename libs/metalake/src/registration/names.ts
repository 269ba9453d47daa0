import { isModelName } from '../models/modelsFile'
import { findKnown, knownOrCatalogue } from '../models/known'
import type { Lake } from '../lake'
import { errors } from './errors'

const maxDescription = 10_000
const maxLicense = 200
/** Control characters but those that set lines and columns, and unpaired surrogates, which are no text. */
const unprintable = /[^\P{Cc}\s]|\p{Cs}/u

/** Names a reader of `name@latest` takes to mean more than they do: a bare name is the newest already. */
const misleadingAliases = ['latest', 'newest', 'default']

/** Throws MODEL_NAME_INVALID, or MODEL_NAME_RESERVED for what the catalogue or models.json has, in any case. */
export async function checkNewName(lake: Lake, name: string): Promise<void> {
  const path = ['modelName']
  if (name.toLowerCase() === 'default')
    throw errors.MODEL_NAME_INVALID({ reason: '`default` means the model a server prefers' }, { path })
  if (!isModelName(name)) {
    const reason = 'a name is letters, digits, `.`, `_` and `-`, beginning with a letter or digit, at most 128 of them'
    throw errors.MODEL_NAME_INVALID({ reason }, { path })
  }
  const { models } = await knownOrCatalogue(lake)
  if (findKnown(models, name) || models.some((model) => model.name.toLowerCase() === name.toLowerCase()))
    throw errors.MODEL_NAME_RESERVED({ name }, { path })
}

/** Null when none is given. */
export function checkAlias(alias: string | null | undefined): string | null {
  if (alias == null) return null
  const refuse = (reason: string) => errors.ALIAS_INVALID({ reason }, { path: ['alias'] })
  if (misleadingAliases.includes(alias.toLowerCase()))
    throw refuse(`\`${alias}\` would say what a name without an alias says`)
  if (!isModelName(alias)) throw refuse('it is letters, digits, `.`, `_` and `-`, at most 128 of them')
  if (/^\d+$/.test(alias)) throw refuse('digits alone would be taken for a version')
  return alias
}

/** Trimmed; null when it is empty or not given. */
export function checkText(field: 'description' | 'license', text: string | null | undefined): string | null {
  const limit = field === 'license' ? maxLicense : maxDescription
  const trimmed = text?.trim() ?? ''
  if (trimmed.length > limit) throw errors.MODEL_TEXT_TOO_LONG({ field, limit }, { path: [field] })
  if (unprintable.test(trimmed)) throw errors.MODEL_TEXT_INVALID({ field }, { path: [field] })
  return trimmed === '' ? null : trimmed
}
