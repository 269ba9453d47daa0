import type { AnnotationKind, AnnotationSource, ReviewStatus } from './annotations'
import type { ContentType } from './collections'

/**
 * A condition on items, as data: what a query and a filter become before they become SQL. Two-valued: a test of something absent
 * is false, and its `not` is true.
 */
export type ItemPredicate =
  | { kind: 'and' | 'or'; of: readonly ItemPredicate[] }
  | { kind: 'not'; of: ItemPredicate }
  | { kind: 'text'; column: 'name' | 'uniqueName' | 'mediaType' | 'digest'; test: TextTest }
  | {
      kind: 'number'
      column: 'width' | 'height' | 'byteSize' | 'durationSeconds' | 'frameCount' | 'frameRate'
      test: NumberTest
    }
  | { kind: 'contentType'; in: readonly ContentType[] }
  /** ISO instants; null: open at this end. */
  | { kind: 'instant'; column: 'createdAt' | 'updatedAt'; from: string | null; before: string | null }
  /** Name of the collection the item is in. */
  | { kind: 'collection'; test: TextTest }
  /** A tag somebody gave the item. */
  | { kind: 'customTag'; test: TextTest }
  /** A tag derived from its annotations. */
  | { kind: 'derivedTag'; test: TextTest }
  /** It has a vector of such a model. */
  | { kind: 'embedding'; model: ModelTest }
  /** `path` goes through objects only, never into the elements of a list. */
  | { kind: 'metadata'; path: readonly string[]; test: MetadataTest }
  /** It has one live annotation that meets `where` (null: any). Rejected ones count only when told. */
  | { kind: 'annotated'; where: AnnotationPredicate | null; rejectedToo: boolean }

/** A condition on one annotation. */
export type AnnotationPredicate =
  | { kind: 'and' | 'or'; of: readonly AnnotationPredicate[] }
  | { kind: 'not'; of: AnnotationPredicate }
  | { kind: 'label' | 'by'; test: TextTest }
  | { kind: 'confidence' | 'frame'; test: NumberTest }
  | { kind: 'source'; in: readonly AnnotationSource[] }
  | { kind: 'shape'; in: readonly AnnotationKind[] }
  | { kind: 'review'; in: readonly ReviewStatus[] }
  | { kind: 'model'; model: ModelTest }

/** Any of the values, or LIKE (escaped by backslashes); case is folded. */
export type TextTest = { op: 'in'; values: readonly string[] } | { op: 'like'; pattern: string }

export type Comparison = '<' | '<=' | '>' | '>='
export type NumberTest = { op: 'in'; values: readonly number[] } | { op: Comparison; value: number }

/** Models by name, of one version (null: of any). */
export type ModelTest =
  { op: 'in'; models: readonly { name: string; version: number | null }[] } | { op: 'like'; pattern: string }

/**
 * Of the scalar at a path, or of any scalar in the list there. `in`: exactly one of these. LIKE: the text of a string, a number or a
 * boolean, case folded. A comparison: numbers with a number, strings (by code point) with a string.
 */
export type MetadataTest =
  | { op: 'in'; scalars: readonly (string | number | boolean | null)[] }
  | { op: 'like'; pattern: string }
  | { op: Comparison; value: number | string }
