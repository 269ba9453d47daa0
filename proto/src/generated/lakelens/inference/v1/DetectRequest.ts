// Original file: inference.proto

import type { ModelRef as _lakelens_inference_v1_ModelRef, ModelRef__Output as _lakelens_inference_v1_ModelRef__Output } from '../../../lakelens/inference/v1/ModelRef';
import type { Picture as _lakelens_inference_v1_Picture, Picture__Output as _lakelens_inference_v1_Picture__Output } from '../../../lakelens/inference/v1/Picture';
import type { LabelThreshold as _lakelens_inference_v1_LabelThreshold, LabelThreshold__Output as _lakelens_inference_v1_LabelThreshold__Output } from '../../../lakelens/inference/v1/LabelThreshold';

export interface DetectRequest {
  'model'?: (_lakelens_inference_v1_ModelRef | null);
  'pictures'?: (_lakelens_inference_v1_Picture)[];
  /**
   * the box a picture is fitted into, already rounded up to the stride
   */
  'width'?: (number);
  'height'?: (number);
  'confidenceThreshold'?: (number | string);
  'nmsIou'?: (number | string);
  'maxDetections'?: (number);
  /**
   * Of the model's labels, those that are wanted; empty: all. What else is found takes no place of `max_detections`.
   */
  'labels'?: (string)[];
  /**
   * In place of `confidence_threshold`, for these labels.
   */
  'labelThresholds'?: (_lakelens_inference_v1_LabelThreshold)[];
}

export interface DetectRequest__Output {
  'model': (_lakelens_inference_v1_ModelRef__Output | null);
  'pictures': (_lakelens_inference_v1_Picture__Output)[];
  /**
   * the box a picture is fitted into, already rounded up to the stride
   */
  'width': (number);
  'height': (number);
  'confidenceThreshold': (number);
  'nmsIou': (number);
  'maxDetections': (number);
  /**
   * Of the model's labels, those that are wanted; empty: all. What else is found takes no place of `max_detections`.
   */
  'labels': (string)[];
  /**
   * In place of `confidence_threshold`, for these labels.
   */
  'labelThresholds': (_lakelens_inference_v1_LabelThreshold__Output)[];
}
