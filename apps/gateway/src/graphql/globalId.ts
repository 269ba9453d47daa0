import { errors } from '../errors'

/** What global ids name. The word is part of the id, so an item's id is never taken for a job's. */
export type IdType = 'Annotation' | 'ApiKey' | 'Collection' | 'Item' | 'Job' | 'Model' | 'ModelVersion'

/** Fields a type inherits are unknown to its resolver class, so their type and description are said again there. */
export const globalIdField = { description: 'Global, opaque id.' } as const

export const encodeId = (type: IdType, id: string): string => Buffer.from(`${type}:${id}`).toString('base64url')

/** The type and the own id inside a global id; null for anything this API never gave out. */
export function readId(globalId: string): { type: string; id: string } | null {
  if (globalId.length > 512) return null
  const text = Buffer.from(globalId, 'base64url').toString()
  const [, type, id] = /^([A-Za-z]+):(.+)$/s.exec(text) ?? []
  // base64 has several spellings of the same bytes: only ours counts, so that ids can be compared as text.
  if (!type || !id || Buffer.from(text).toString('base64url') !== globalId) return null
  return { type, id }
}

/** For look-ups: null where there can be no such object. */
export function decodeId(type: IdType, globalId: string): string | null {
  const read = readId(globalId)
  return read?.type === type ? read.id : null
}

const words: Record<IdType, string> = {
  Annotation: 'annotation',
  ApiKey: 'key',
  Collection: 'collection',
  Item: 'item',
  Job: 'job',
  Model: 'model',
  ModelVersion: 'model version',
}

/** For inputs: throws ID_UNKNOWN. */
export function requireId(type: IdType, globalId: string, ...path: string[]): string {
  const id = decodeId(type, globalId)
  if (id === null) throw errors.ID_UNKNOWN({ what: words[type] }, { path })
  return id
}
