import type { TensorSpec } from './settle'

/** What a graph is to be given. */
export interface GraphInputs {
  /** With a batch of 1 in front where the graph has none (torchvision's detectors). */
  picture: TensorSpec
  hasBatch: boolean
  /** The input by which RT-DETR and its kin are told the width and height that their boxes are meant for. */
  sizes: string | null
}

/** Null unless the graph takes one picture, and at most its size beside it. */
export function graphInputs(inputs: readonly TensorSpec[]): GraphInputs | null {
  const sizes = inputs.find(isSizes)
  const [only, ...more] = inputs.filter((input) => input !== sizes)
  if (!only || more.length > 0) return null
  const hasBatch = only.shape.length !== 3
  return { picture: hasBatch ? only : { ...only, shape: [1, ...only.shape] }, hasBatch, sizes: sizes?.name ?? null }
}

const isSizes = ({ name, type, shape }: TensorSpec): boolean =>
  name === 'orig_target_sizes' &&
  type === 'int64' &&
  shape.length === 2 &&
  (shape[0] === 1 || shape[0] === -1) &&
  shape[1] === 2
