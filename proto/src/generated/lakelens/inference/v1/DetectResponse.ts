// Original file: inference.proto

import type { DetectResult as _lakelens_inference_v1_DetectResult, DetectResult__Output as _lakelens_inference_v1_DetectResult__Output } from '../../../lakelens/inference/v1/DetectResult';

export interface DetectResponse {
  'results'?: (_lakelens_inference_v1_DetectResult)[];
}

export interface DetectResponse__Output {
  'results': (_lakelens_inference_v1_DetectResult__Output)[];
}
