/** What the embedded database's thread is started with. */
export interface WorkerInput {
  /** Where the database lives; none: in memory. */
  folder?: string
  /** A dumped database to begin from. */
  template?: string
}

/** `connection` counts the connections made, so that a late answer to a dropped one is not taken for the next one's. */
export type ToWorker =
  | { type: 'connect' }
  | { type: 'data'; connection: number; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'dump' }
  | { type: 'close' }

export type FromWorker =
  | { type: 'ready' }
  | { type: 'failed'; reason: string }
  | { type: 'data'; connection: number; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'dump'; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'closed' }
