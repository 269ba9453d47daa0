// Original file: inference.proto


export interface Tensor {
  'name'?: (string);
  /**
   * float32, uint8, ...
   */
  'type'?: (string);
  /**
   * -1: free
   */
  'shape'?: (number)[];
}

export interface Tensor__Output {
  'name': (string);
  /**
   * float32, uint8, ...
   */
  'type': (string);
  /**
   * -1: free
   */
  'shape': (number)[];
}
