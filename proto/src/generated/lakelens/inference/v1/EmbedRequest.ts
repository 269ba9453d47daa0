// Original file: inference.proto

import type { ModelRef as _lakelens_inference_v1_ModelRef, ModelRef__Output as _lakelens_inference_v1_ModelRef__Output } from '../../../lakelens/inference/v1/ModelRef';
import type { Picture as _lakelens_inference_v1_Picture, Picture__Output as _lakelens_inference_v1_Picture__Output } from '../../../lakelens/inference/v1/Picture';

export interface EmbedRequest {
  'model'?: (_lakelens_inference_v1_ModelRef | null);
  'pictures'?: (_lakelens_inference_v1_Picture)[];
}

export interface EmbedRequest__Output {
  'model': (_lakelens_inference_v1_ModelRef__Output | null);
  'pictures': (_lakelens_inference_v1_Picture__Output)[];
}
