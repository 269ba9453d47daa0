import type { Size } from './geometry'
import { type Placement, cropTo, fitInto, stretchTo } from './letterbox'
import type { EffectiveInput } from './effective'

/**
 * Where a picture goes in a model's tensor. `box` is the effective resolution; `fixed` says that the graph takes exactly
 * that size. Small pictures are enlarged: the box is the scale a run asked for.
 */
export function placePicture(
  picture: Size,
  box: Size,
  fixed: boolean,
  input: Pick<EffectiveInput, 'resize' | 'resizeShorter' | 'align' | 'stride'>,
): Placement {
  if (input.resize === 'stretch') return stretchTo(box)
  if (input.resize === 'crop') return cropTo(picture, box, input.resizeShorter)
  return fitInto(picture, box, { stride: fixed ? null : input.stride, align: input.align, enlarge: true })
}
