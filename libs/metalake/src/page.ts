import type { Keyset } from '@lakelens/db'
import { errors } from './errors'

/** Relay's arguments. Forward: `first` after `after`; backward: `last` before `before`. */
export interface PageArgs {
  first?: number | null | undefined
  after?: string | null | undefined
  last?: number | null | undefined
  before?: string | null | undefined
}

export interface Edge<T> {
  cursor: string
  node: T
}

export interface Page<T> {
  edges: Edge<T>[]
  hasNextPage: boolean
  hasPreviousPage: boolean
  /** Exact, and counted only when called. */
  totalCount(): Promise<number>
}

export interface PageSource<T> {
  /** Rows beyond the key in the given direction, at most `limit`. */
  rows(keyset: Keyset): Promise<T[]>
  count(): Promise<number>
  /** What rows are ordered by: unique, and stable under inserts. */
  keyOf(row: T): string
  /** Whether a text that came back in a cursor is such a key; numbers unless told. */
  isKey?(key: string): boolean
  descending?: boolean
  /** Said by the cursor and checked, so that a cursor of one order is refused by another. */
  order: string
}

const defaultPageSize = 20

/** Reads one page by keyset. A size over the limit is refused, never clamped: silence would lose rows for whoever pages by count. */
export async function readPage<T>(args: PageArgs, maxPageSize: number, source: PageSource<T>): Promise<Page<T>> {
  const { size, backward, key } = checkPageArgs(args, maxPageSize, source)
  const descending = (source.descending ?? false) !== backward
  const rows = size === 0 ? [] : await source.rows({ key, descending, limit: size + 1 })
  const more = rows.length > size
  const shown = more ? rows.slice(0, size) : rows
  if (backward) shown.reverse()
  return {
    edges: shown.map((node) => ({ cursor: encodeCursor(source.order, source.keyOf(node)), node })),
    hasNextPage: backward ? key !== null : more,
    hasPreviousPage: backward ? more : key !== null,
    totalCount: () => source.count(),
  }
}

function checkPageArgs<T>(args: PageArgs, maxPageSize: number, source: PageSource<T>) {
  const { first, after, last, before } = args
  if (first != null && last != null) throw errors.PAGE_ARGUMENTS({ reason: '`first` and `last` exclude each other' })
  const backward = last != null
  if (backward && after != null) throw errors.PAGE_ARGUMENTS({ reason: '`last` goes with `before`, not with `after`' })
  if (!backward && before != null) throw errors.PAGE_ARGUMENTS({ reason: '`before` goes with `last`' })
  const size = first ?? last ?? defaultPageSize
  if (!Number.isInteger(size) || size < 0)
    throw errors.PAGE_ARGUMENTS({ reason: 'a page size is a whole number from 0' })
  if (size > maxPageSize) throw errors.PAGE_TOO_LARGE({ limit: maxPageSize, received: size })
  const cursor = backward ? before : after
  return { size, backward, key: cursor == null ? null : decodeCursor(source, cursor) }
}

const encodeCursor = (order: string, key: string): string => Buffer.from(`${order}:${key}`).toString('base64url')

function decodeCursor<T>({ order, isKey }: PageSource<T>, cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString()
  if (!text.startsWith(`${order}:`))
    throw errors.PAGE_ARGUMENTS({ reason: 'the cursor is not one of this list in this order' })
  const key = text.slice(order.length + 1)
  if (isKey ? !isKey(key) : order.endsWith('id') && !/^\d{1,18}$/.test(key))
    throw errors.PAGE_ARGUMENTS({ reason: 'the cursor is damaged' })
  return key
}
