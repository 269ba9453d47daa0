// Original file: inference.proto

import type { ModelRef as _lakelens_inference_v1_ModelRef, ModelRef__Output as _lakelens_inference_v1_ModelRef__Output } from '../../../lakelens/inference/v1/ModelRef';

export interface LoadModelRequest {
  'model'?: (_lakelens_inference_v1_ModelRef | null);
}

export interface LoadModelRequest__Output {
  'model': (_lakelens_inference_v1_ModelRef__Output | null);
}
