// Original file: inference.proto

import type { EmbedResult as _lakelens_inference_v1_EmbedResult, EmbedResult__Output as _lakelens_inference_v1_EmbedResult__Output } from '../../../lakelens/inference/v1/EmbedResult';

export interface EmbedResponse {
  'results'?: (_lakelens_inference_v1_EmbedResult)[];
}

export interface EmbedResponse__Output {
  'results': (_lakelens_inference_v1_EmbedResult__Output)[];
}
