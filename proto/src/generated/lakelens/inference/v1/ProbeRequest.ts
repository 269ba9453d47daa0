// Original file: inference.proto


export interface ProbeRequest {
  'data'?: (Buffer | Uint8Array | string);
  /**
   * longest side in pixels; 0: no thumbnail
   */
  'thumbnailSize'?: (number);
}

export interface ProbeRequest__Output {
  'data': (Buffer);
  /**
   * longest side in pixels; 0: no thumbnail
   */
  'thumbnailSize': (number);
}
