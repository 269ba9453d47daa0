import {
  annotationsByIds as annotationRows,
  countAnnotations,
  listAnnotations as annotationPage,
  type AnnotationFilter,
  type AnnotationRow,
  type ReviewStatus,
} from '@lakelens/db'
import { isId } from '../ids'
import type { Lake } from '../lake'
import { readPage, type Page, type PageArgs } from '../page'

export interface Box {
  x: number
  y: number
  width: number
  height: number
}

/** A live annotation. `box` is around any shape, in fractions of the upright picture, top-left origin; null for a label of the whole item. */
export type Annotation = Omit<AnnotationRow, 'x' | 'y' | 'width' | 'height'> & { box: Box | null }

export interface AnnotationQuery {
  types?: readonly ('RAW' | 'HUMAN' | 'MACHINE')[] | null | undefined
  labels?: readonly string[] | null | undefined
  minConfidence?: number | null | undefined
  maxConfidence?: number | null | undefined
  review?: readonly ReviewStatus[] | null | undefined
  /** Database ids. */
  modelId?: string | null | undefined
  jobId?: string | null | undefined
}

/** In the order they were made. Labels fold case. */
export async function listAnnotations(
  lake: Lake,
  itemId: string,
  query: AnnotationQuery & PageArgs,
): Promise<Page<Annotation>> {
  lake.viewer.require('read')
  const filter: AnnotationFilter = {
    sources: query.types?.filter((type) => type !== 'RAW') ?? null,
    labels: query.labels ?? null,
    minConfidence: query.minConfidence ?? null,
    maxConfidence: query.maxConfidence ?? null,
    review: query.review ?? null,
    modelId: query.modelId == null || isId(query.modelId) ? (query.modelId ?? null) : '0',
    jobId: query.jobId == null || isId(query.jobId) ? (query.jobId ?? null) : '0',
  }
  const page = await readPage(query, lake.limits.maxPageSize, {
    order: 'annotation-id',
    rows: (keyset) => annotationPage(lake.db, itemId, filter, keyset),
    count: () => countAnnotations(lake.db, itemId, filter),
    keyOf: (row) => row.id,
  })
  return { ...page, edges: page.edges.map(({ cursor, node }) => ({ cursor, node: toAnnotation(node) })) }
}

/** One entry an id, in the order asked; null for what is no longer live. */
export async function annotationsByIds(lake: Lake, ids: readonly string[]): Promise<(Annotation | null)[]> {
  lake.viewer.require('read')
  const found = new Map((await annotationRows(lake.db, ids.filter(isId))).map((row) => [row.id, toAnnotation(row)]))
  return ids.map((id) => found.get(id) ?? null)
}

/** A row as people see it. */
export function toAnnotation({ x, y, width, height, ...row }: AnnotationRow): Annotation {
  return { ...row, box: x === null || y === null || width === null || height === null ? null : { x, y, width, height } }
}
