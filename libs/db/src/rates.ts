import type { ContentType } from './collections'
import type { Db } from './db'

export interface RunRate {
  /** Null: of runs over both. */
  contentType: ContentType | null
  itemsPerSecond: number
}

/** Runs looked back at: what a model version does now, not what it did on another machine last year. */
const recentRuns = 20

/** How fast the last runs of a kind with this model version went, preparing included, by what they were over. */
export async function recentRates(db: Db, modelVersionId: string, kind: string): Promise<RunRate[]> {
  const { rows } = await db.query<RunRate>(
    `select "contentType", (sum(worked) / sum(seconds))::float8 as "itemsPerSecond"
     from (
       select coalesce(c.content_type, j.payload -> 'selection' ->> 'contentType') as "contentType", (j.succeeded + j.failed) as worked,
         extract(epoch from coalesce(j.finished_at, clock_timestamp()) - j.started_at) as seconds
       from job j left join collection c on c.id = j.collection_id
       where j.model_version_id = $1 and j.kind = $2 and j.succeeded > 0 and j.started_at is not null
       order by j.id desc limit $3) as run
     group by "contentType" having sum(seconds) > 0`,
    [modelVersionId, kind, recentRuns],
  )
  return rows
}
