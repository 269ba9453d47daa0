// Original file: inference.proto


export interface Picture {
  /**
   * the caller's own name for it; comes back with the result
   */
  'id'?: (string);
  /**
   * the stored file, any format the decoder reads
   */
  'data'?: (Buffer | Uint8Array | string);
}

export interface Picture__Output {
  /**
   * the caller's own name for it; comes back with the result
   */
  'id': (string);
  /**
   * the stored file, any format the decoder reads
   */
  'data': (Buffer);
}
