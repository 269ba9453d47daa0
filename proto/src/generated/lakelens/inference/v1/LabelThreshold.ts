// Original file: inference.proto


export interface LabelThreshold {
  'label'?: (string);
  'confidenceThreshold'?: (number | string);
}

export interface LabelThreshold__Output {
  'label': (string);
  'confidenceThreshold': (number);
}
