import { errors } from '../errors'

/** What people say of an item or a collection: fields by name, and tags as they were written. */
export interface Described {
  metadata: Record<string, unknown>
  tags: string[]
}

/** Bytes of metadata as JSON. */
export const maxBytes = 64 * 1024
/** Fields in all, those inside of others too. */
export const maxKeys = 200
export const maxTags = 100
const maxDepth = 8
const maxKeyLength = 128
const maxTagLength = 128

const control = /[\p{Cc}\p{Cs}]/u
// Text may hold line breaks and tabs, and whatever else a database can keep.

const unstorable = /[\u0000\p{Cs}]/u
/** Tags are a field of their own in metadata, as LayerNext writes it (`Tags`), in whatever case. */
const isTagsKey = (key: string): boolean => key.toLowerCase() === 'tags'

/**
 * Metadata and tags of an input, checked. A field `Tags` of the metadata, a text or a list of them, is taken as tags. Throws
 * METADATA_INVALID and TAGS_INVALID with the path below `path`.
 */
export function describe(
  given: { metadata?: unknown; tags?: readonly string[] | null | undefined },
  path: readonly string[] = [],
): Described {
  const { fields, tags } = splitTags(given.metadata ?? {}, [...path, 'metadata'])
  return {
    metadata: checkFields(fields, [...path, 'metadata']),
    tags: uniteTags([...(tags ?? []), ...checkTags(given.tags ?? [], [...path, 'tags'])], [...path, 'tags']),
  }
}

/** A merge at the top level (RFC 7396): null removes a field; `tags` null: nothing is said of them. */
export interface MetadataPatch {
  set: Record<string, unknown>
  remove: string[]
  tags: string[] | null
}

export function readPatch(metadata: unknown, path: readonly string[]): MetadataPatch {
  const { fields, tags } = splitTags(metadata ?? {}, path)
  const entries = Object.entries(fields)
  const remove = entries.filter(([, value]) => value === null).map(([key]) => key)
  // No item has more, or names of another kind: a database that keeps none refuses to look for them.
  if (remove.length > maxKeys)
    throw errors.METADATA_INVALID({ reason: `more than ${maxKeys} fields are removed` }, { path })
  for (const key of remove) checkKey(key, path)
  const set = Object.fromEntries(entries.filter(([, value]) => value !== null))
  return { set: checkFields(set, path), remove, tags }
}

/** `Tags` beside the fields: null in a patch removes them all, and nothing said of them is null here. */
function splitTags(
  metadata: unknown,
  path: readonly string[],
): { fields: Record<string, unknown>; tags: string[] | null } {
  if (!isObject(metadata)) throw errors.METADATA_INVALID({ reason: 'they are one JSON object' }, { path })
  const keys = Object.keys(metadata).filter(isTagsKey)
  if (keys.length > 1)
    throw errors.METADATA_INVALID({ reason: `"${keys.join('" and "')}" are the same field` }, { path })
  const [key] = keys
  if (key === undefined) return { fields: metadata, tags: null }
  const { [key]: value, ...fields } = metadata
  const listed = value === null ? [] : typeof value === 'string' ? [value] : value
  if (!Array.isArray(listed) || !listed.every((tag): tag is string => typeof tag === 'string'))
    throw errors.TAGS_INVALID({ reason: `\`${key}\` is a text or a list of texts` }, { path: [...path, key] })
  return { fields, tags: uniteTags(checkTags(listed, [...path, key]), [...path, key]) }
}

/** Trimmed and in one spelling of Unicode. */
export function checkTags(tags: readonly string[], path: readonly string[]): string[] {
  // Before anything is done for each: the list is as long as a request may be.
  if (tags.length > 10 * maxTags) throw errors.TAGS_INVALID({ reason: `there are more than ${maxTags}` }, { path })
  return tags.map((given, index) => {
    const tag = given.normalize('NFC').trim()
    const refuse = (reason: string) => errors.TAGS_INVALID({ reason }, { path: [...path, String(index)] })
    if (tag === '') throw refuse('one is empty')
    if (tag.length > maxTagLength) throw refuse(`one has ${tag.length} characters; ${maxTagLength} is the limit`)
    if (control.test(tag)) throw refuse('one holds control characters')
    return tag
  })
}

/** Each once, whatever the case: the first spelling stays. Throws TAGS_INVALID where there are too many. */
export function uniteTags(tags: readonly string[], path: readonly string[]): string[] {
  const united = new Map<string, string>()
  for (const tag of tags) if (!united.has(tag.toLowerCase())) united.set(tag.toLowerCase(), tag)
  if (united.size > maxTags)
    throw errors.TAGS_INVALID({ reason: `there are ${united.size}; ${maxTags} is the limit` }, { path })
  return [...united.values()]
}

/**
 * What an item gets: its own fields before those of its collection, and the tags of both. Throws where both together are
 * more than an item holds.
 */
export function underDefaults(own: Described, defaults: Described, path: readonly string[] = []): Described {
  return {
    metadata: checkFields({ ...defaults.metadata, ...own.metadata }, [...path, 'metadata']),
    tags: uniteTags([...own.tags, ...defaults.tags], [...path, 'tags']),
  }
}

/** Metadata as clients see them: the fields, and the tags as LayerNext writes them. */
export const shownMetadata = ({ metadata, tags }: Described): Record<string, unknown> =>
  tags.length === 0 ? metadata : { ...metadata, Tags: tags }

function checkFields(fields: Record<string, unknown>, path: readonly string[]): Record<string, unknown> {
  // In queries `metadata.name` is the name of the item's file.
  const name = Object.keys(fields).find((key) => key.toLowerCase() === 'name')
  if (name !== undefined)
    throw errors.METADATA_INVALID(
      { reason: `\`${name}\` is taken: \`metadata.name\` is the file's name in queries. Call the field otherwise` },
      { path: [...path, name] },
    )
  const counted = { keys: 0 }
  checkValue(fields, path, 1, counted)
  const bytes = Buffer.byteLength(JSON.stringify(fields))
  if (bytes > maxBytes)
    throw errors.METADATA_INVALID({ reason: `they take ${bytes} bytes as JSON; ${maxBytes} is the limit` }, { path })
  return fields
}

/** Goes no deeper than what is allowed, however deep the value is. */
function checkValue(value: unknown, path: readonly string[], depth: number, counted: { keys: number }): void {
  const refuse = (reason: string) => errors.METADATA_INVALID({ reason }, { path })
  if (typeof value === 'string') {
    if (unstorable.test(value)) throw refuse('a text holds NUL or half a character')
    return
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw refuse('a number is not finite')
    return
  }
  if (value === null || typeof value === 'boolean') return
  if (depth > maxDepth) throw refuse(`they are more than ${maxDepth} levels deep`)
  if (Array.isArray(value)) {
    // Each takes at least two bytes; a list that can't fit is not walked.
    if (value.length > maxBytes / 2) throw refuse(`a list has ${value.length} entries`)
    value.forEach((entry, index) => checkValue(entry, [...path, String(index)], depth + 1, counted))
    return
  }
  if (!isObject(value)) throw refuse('a value is no JSON')
  for (const [key, entry] of Object.entries(value)) {
    if (++counted.keys > maxKeys) throw refuse(`they have more than ${maxKeys} fields`)
    checkKey(key, path)
    checkValue(entry, [...path, key], depth + 1, counted)
  }
}

function checkKey(key: string, path: readonly string[]): void {
  const refuse = (reason: string) => errors.METADATA_INVALID({ reason }, { path })
  if (key.trim() === '') throw refuse('a field has no name')
  if (key !== key.trim()) throw refuse('the name of a field begins or ends with a blank')
  if (key.length > maxKeyLength)
    throw refuse(`the name of a field has ${key.length} characters; ${maxKeyLength} is the limit`)
  if (control.test(key)) throw refuse('the name of a field holds control characters')
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
