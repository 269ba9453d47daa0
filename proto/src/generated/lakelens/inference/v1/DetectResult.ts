// Original file: inference.proto

import type { Detection as _lakelens_inference_v1_Detection, Detection__Output as _lakelens_inference_v1_Detection__Output } from '../../../lakelens/inference/v1/Detection';
import type { PictureError as _lakelens_inference_v1_PictureError, PictureError__Output as _lakelens_inference_v1_PictureError__Output } from '../../../lakelens/inference/v1/PictureError';

export interface DetectResult {
  'id'?: (string);
  /**
   * by falling confidence
   */
  'detections'?: (_lakelens_inference_v1_Detection)[];
  'error'?: (_lakelens_inference_v1_PictureError | null);
}

export interface DetectResult__Output {
  'id': (string);
  /**
   * by falling confidence
   */
  'detections': (_lakelens_inference_v1_Detection__Output)[];
  'error': (_lakelens_inference_v1_PictureError__Output | null);
}
