// Original file: inference.proto

import type { Tensor as _lakelens_inference_v1_Tensor, Tensor__Output as _lakelens_inference_v1_Tensor__Output } from '../../../lakelens/inference/v1/Tensor';

export interface LoadModelResponse {
  'inputs'?: (_lakelens_inference_v1_Tensor)[];
  'outputs'?: (_lakelens_inference_v1_Tensor)[];
  /**
   * 0: the graph takes any size that is a multiple of `stride`
   */
  'fixedWidth'?: (number);
  'fixedHeight'?: (number);
  'stride'?: (number);
  /**
   * embedding models
   */
  'vectorDimension'?: (number);
  'warmupMs'?: (number | string);
  /**
   * PYTHON: how the requirements were installed; empty: there were none
   */
  'installLog'?: (string);
}

export interface LoadModelResponse__Output {
  'inputs': (_lakelens_inference_v1_Tensor__Output)[];
  'outputs': (_lakelens_inference_v1_Tensor__Output)[];
  /**
   * 0: the graph takes any size that is a multiple of `stride`
   */
  'fixedWidth': (number);
  'fixedHeight': (number);
  'stride': (number);
  /**
   * embedding models
   */
  'vectorDimension': (number);
  'warmupMs': (number);
  /**
   * PYTHON: how the requirements were installed; empty: there were none
   */
  'installLog': (string);
}
