// Original file: inference.proto

import type { PictureInfo as _lakelens_inference_v1_PictureInfo, PictureInfo__Output as _lakelens_inference_v1_PictureInfo__Output } from '../../../lakelens/inference/v1/PictureInfo';
import type { PictureError as _lakelens_inference_v1_PictureError, PictureError__Output as _lakelens_inference_v1_PictureError__Output } from '../../../lakelens/inference/v1/PictureError';

export interface ProbeResponse {
  'info'?: (_lakelens_inference_v1_PictureInfo | null);
  'error'?: (_lakelens_inference_v1_PictureError | null);
  'outcome'?: "info"|"error";
}

export interface ProbeResponse__Output {
  'info'?: (_lakelens_inference_v1_PictureInfo__Output | null);
  'error'?: (_lakelens_inference_v1_PictureError__Output | null);
  'outcome'?: "info"|"error";
}
