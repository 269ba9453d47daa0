// Original file: inference.proto

import type { PictureError as _lakelens_inference_v1_PictureError, PictureError__Output as _lakelens_inference_v1_PictureError__Output } from '../../../lakelens/inference/v1/PictureError';

export interface EmbedResult {
  'id'?: (string);
  /**
   * little-endian float32
   */
  'vector'?: (Buffer | Uint8Array | string);
  'error'?: (_lakelens_inference_v1_PictureError | null);
}

export interface EmbedResult__Output {
  'id': (string);
  /**
   * little-endian float32
   */
  'vector': (Buffer);
  'error': (_lakelens_inference_v1_PictureError__Output | null);
}
