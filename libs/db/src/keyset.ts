/** One page by key: rows strictly beyond `key` in the given direction, at most `limit`. */
export interface Keyset {
  key: string | null
  descending: boolean
  limit: number
}

/** The two SQL words a keyset turns into. Constants only: nothing a caller says becomes SQL text. */
export const keysetWords = ({ descending }: Keyset): { beyond: '<' | '>'; order: 'desc' | 'asc' } =>
  descending ? { beyond: '<', order: 'desc' } : { beyond: '>', order: 'asc' }
