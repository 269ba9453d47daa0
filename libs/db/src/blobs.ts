import type { Db } from './db'

/**
 * Enters a blob, or says that it is wanted again. Waits while a sweep holds the row, and enters it anew when the sweep took it:
 * whoever writes the bytes after this call writes them after the sweep has unlinked the old ones.
 */
export async function touchBlob(db: Db, blob: { digest: string; byteSize: number }): Promise<void> {
  await db.query(
    `insert into blob (digest, byte_size) values ($1, $2::bigint)
     on conflict (digest) do update set touched_at = now()`,
    [blob.digest, blob.byteSize],
  )
}

/** Every column that refers to a blob. One forgotten here stops the sweep by its foreign key, before a byte is touched. */
export const blobReferences = [
  ['upload', 'digest'],
  ['upload', 'thumbnail_digest'],
  ['item', 'digest'],
  ['item', 'thumbnail_digest'],
  ['model_version', 'sha256'],
  ['job', 'output_digest'],
] as const

const unreferenced = blobReferences
  .map(([table, column]) => `not exists (select from ${table} where ${table}.${column} = blob.digest)`)
  .join(' and ')

/**
 * Locks blobs nothing has referred to or asked for since `graceSeconds`, in the order of their digests, from `after` on. What
 * another transaction holds is left for the next sweep.
 */
export async function lockUnusedBlobs(
  tx: Db,
  range: { after: string; graceSeconds: number; limit: number },
): Promise<string[]> {
  const { rows } = await tx.query<{ digest: string }>(
    `select digest from blob
     where digest > $1 and touched_at < now() - make_interval(secs => $2) and ${unreferenced}
     order by digest limit $3
     for update skip locked`,
    [range.after, range.graceSeconds, range.limit],
  )
  return rows.map(({ digest }) => digest)
}

/**
 * Deletes those of the locked blobs that still have no reference, and returns them. The statement that locked them looked for
 * references as they were when it began; now that the rows are locked no reference can be added, and this look is final.
 */
export async function deleteLockedBlobs(tx: Db, digests: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ digest: string }>(
    `delete from blob where digest = any ($1::text[]) and ${unreferenced} returning digest`,
    [digests],
  )
  return rows.map(({ digest }) => digest)
}
